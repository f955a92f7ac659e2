#pragma once

namespace trading {

/// Turns Ctrl-C and SIGTERM into a wish to stop: the server then drains and prints. The second one ends the
/// process at once, as usual, so that nobody is stuck. Call once, before other threads begin.
void watch_stop_signals();

/// Whether one of them has come. Any thread.
[[nodiscard]] bool stop_requested() noexcept;

}  // namespace trading
