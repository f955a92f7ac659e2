#include "tools/screen.hpp"

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <unistd.h>

#include "tools/text.hpp"

namespace sluice::tools {

namespace {

constexpr std::uint64_t kLookBytes = 1 << 20;

std::string in_colour(std::string_view code, std::string_view text) {
  return has_colours() ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

}  // namespace

bool has_colours() {
  static const bool has = [] {
    const char* const terminal = std::getenv("TERM");
    const char* const none = std::getenv("NO_COLOR");
    return ::isatty(STDOUT_FILENO) != 0 && (none == nullptr || *none == '\0') &&
           (terminal == nullptr || std::string_view(terminal) != "dumb");
  }();
  return has;
}

std::string bold(std::string_view text) {
  return in_colour("1", text);
}
std::string red(std::string_view text) {
  return in_colour("1;31", text);
}
std::string yellow(std::string_view text) {
  return in_colour("33", text);
}
std::string green(std::string_view text) {
  return in_colour("32", text);
}

Progress::Progress(std::string_view doing, std::uint64_t total_bytes)
    : doing_(doing),
      total_(total_bytes),
      is_on_(::isatty(STDERR_FILENO) != 0),
      next_show_(std::chrono::steady_clock::now() + std::chrono::milliseconds(500)) {}

Progress::~Progress() {
  if (is_shown_) std::fputs("\r\x1b[K", stderr);
}

void Progress::look() {
  next_look_ = done_ + kLookBytes;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_show_) return;
  next_show_ = now + std::chrono::milliseconds(200);
  is_shown_ = true;
  const double share = total_ == 0 ? 1 : static_cast<double>(done_) / static_cast<double>(total_);
  fmt::print(stderr, "\r{}: {:.0f} % of {}\x1b[K", doing_, share < 1 ? 100 * share : 100.0,
             size_text(total_));
  std::fflush(stderr);
}

}  // namespace sluice::tools
