#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::tools {

/// Whether standard output is a terminal that may be coloured: one, not dumb, and NO_COLOR is not set.
[[nodiscard]] bool has_colours();

/// Text in a colour, or as it is where there are none.
[[nodiscard]] std::string bold(std::string_view text);
[[nodiscard]] std::string red(std::string_view text);
[[nodiscard]] std::string yellow(std::string_view text);
[[nodiscard]] std::string green(std::string_view text);

/// How far a long scan is, on standard error if that is a terminal, from half a second on. Gone when it goes.
class Progress {
 public:
  Progress(std::string_view doing, std::uint64_t total_bytes);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void add(std::uint64_t bytes) {
    done_ += bytes;
    if (is_on_ && done_ >= next_look_) look();
  }

 private:
  void look();

  std::string doing_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  std::uint64_t next_look_ = 0;  ///< in bytes: the clock is not asked for each record
  bool is_on_;
  bool is_shown_ = false;
  std::chrono::steady_clock::time_point next_show_;
};

}  // namespace sluice::tools
