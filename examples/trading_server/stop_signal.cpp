#include "stop_signal.hpp"

#include <atomic>
#include <csignal>

namespace trading {
namespace {

std::atomic<bool> requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may touch nothing else");

// Relaxed: the wish stands for itself, nothing is handed over with it.
void on_signal(int /*signal*/) {
  requested.store(true, std::memory_order_relaxed);
}

}  // namespace

void watch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  // Back to the default after the first one; and calls that were interrupted go on by themselves.
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool stop_requested() noexcept {
  return requested.load(std::memory_order_relaxed);
}

}  // namespace trading
