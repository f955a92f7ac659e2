#include "progress.hpp"

#include <algorithm>
#include <cmath>

#include <sys/ioctl.h>
#include <unistd.h>

#include "quantity.hpp"

namespace trading {
namespace {

constexpr std::string_view kClearLine = "\r\x1b[K";
constexpr std::size_t kUsualWidth = 80;

std::size_t terminal_width(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualWidth;
  return size.ws_col;
}

std::uint64_t whole(double value) {
  return static_cast<std::uint64_t>(std::llround(std::clamp(value, 0.0, 9e18)));
}

}  // namespace

std::string render_progress(const Progress& progress, std::size_t width) {
  constexpr std::size_t kShortestBar = 5;
  const std::uint64_t rate =
      progress.seconds > 0 ? whole(static_cast<double>(progress.published) / progress.seconds) : 0;
  std::string words = format_count(progress.published) + " events, " + format_count(rate) + "/s, " +
                      format_duration(whole(progress.seconds * 1e9));
  if (!progress.fraction) return words.substr(0, width);

  const double fraction = std::clamp(*progress.fraction, 0.0, 1.0);
  if (fraction > 0)
    words += ", " + format_duration(whole(progress.seconds * (1 / fraction - 1) * 1e9)) + " left";
  // Rounded down: 100 % means that nothing is left to do.
  const auto hundredths = static_cast<unsigned>(fraction * 100);
  const std::string percent =
      std::string(hundredths < 10 ? 2 : (hundredths < 100 ? 1 : 0), ' ') + std::to_string(hundredths) + " %";
  // As wide as the words ever get, so that the bar keeps its place while they change.
  constexpr std::size_t kWords = 52;
  const std::size_t around = percent.size() + std::max(words.size(), kWords) + 5;
  if (width < around + kShortestBar) return (percent + "  " + words).substr(0, width);

  const std::size_t cells = width - around;
  const auto full = static_cast<std::size_t>(fraction * static_cast<double>(cells));
  return "[" + std::string(full, '#') + std::string(cells - full, '.') + "] " + percent + "  " + words;
}

ProgressBar::ProgressBar(std::FILE* stream) : stream_(stream), visible_(isatty(fileno(stream)) == 1) {}

ProgressBar::~ProgressBar() {
  if (!drawn_) return;
  std::fwrite(kClearLine.data(), 1, kClearLine.size(), stream_);
  std::fflush(stream_);
}

void ProgressBar::draw(const Progress& progress) {
  if (!visible_) return;
  // One column stays free: writing into the last one makes some terminals go to the next line.
  const std::string line =
      std::string(kClearLine) + render_progress(progress, terminal_width(fileno(stream_)) - 1);
  std::fwrite(line.data(), 1, line.size(), stream_);
  std::fflush(stream_);
  drawn_ = true;
}

}  // namespace trading
