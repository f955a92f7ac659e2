#pragma once

#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

namespace sluice::model {

/// What a schedule did, a line per operation. Written only while one is replayed: the search itself must not
/// pay for it.
class Trace {
 public:
  void begin() {
    lines_.clear();
    is_on_ = true;
  }
  void end() noexcept { is_on_ = false; }
  [[nodiscard]] bool is_on() const noexcept { return is_on_; }

  /// "producer   store   tail = 64 release                 ring.hpp:208"
  void add(const std::string& thread, const std::string& what, const std::source_location& where);
  [[nodiscard]] std::string text() const;

 private:
  static constexpr std::size_t kShown = 400;

  bool is_on_ = false;
  std::vector<std::string> lines_;
};

/// Small numbers as they are, large ones in hexadecimal, kNoGate-like ones as "none".
[[nodiscard]] std::string show_value(std::uint64_t value);

}  // namespace sluice::model
