#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace trading {

/// How far a run has come.
struct Progress {
  std::optional<double> fraction;  ///< 0 to 1; nothing: the run has no end of its own
  std::uint64_t published = 0;     ///< events
  double seconds = 0;              ///< since the beginning
};

/// One line of `width` columns at most: a bar, per cent, events, rate and the time that is left.
[[nodiscard]] std::string render_progress(const Progress& progress, std::size_t width);

/// Draws the line over and over at the same place, on a terminal only: a log file gets nothing of it. Clears
/// the line when it is destroyed, so that what is printed next stands on a clean one. Not thread-safe.
class ProgressBar {
 public:
  /// `stream` is usually standard error, which leaves standard output to the report.
  explicit ProgressBar(std::FILE* stream);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// False when there is no terminal: `draw` then does nothing.
  [[nodiscard]] bool visible() const noexcept { return visible_; }
  void draw(const Progress& progress);

 private:
  std::FILE* stream_;
  bool visible_;
  bool drawn_ = false;
};

}  // namespace trading
