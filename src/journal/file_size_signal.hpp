#pragma once

#include <csignal>
#include <ctime>

#include <pthread.h>

namespace sluice::detail {

[[nodiscard]] inline sigset_t file_size_signal() noexcept {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGXFSZ);
  return signals;
}

/// While it lives, a limit on file sizes (`ulimit -f`) is an error of the write that meets it, and no signal
/// that ends the program. For calls that write on a thread of the program's.
class NoFileSizeSignal {
 public:
  NoFileSizeSignal() noexcept {
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGXFSZ) == 1;
    const sigset_t signals = file_size_signal();
    (void)pthread_sigmask(SIG_BLOCK, &signals, &before_);
  }
  NoFileSizeSignal(const NoFileSizeSignal&) = delete;
  NoFileSizeSignal& operator=(const NoFileSizeSignal&) = delete;
  ~NoFileSizeSignal() {
    const sigset_t signals = file_size_signal();
    const timespec at_once{};
    // One that our writes raised must not come when it is let through again.
    if (!was_pending_) (void)sigtimedwait(&signals, nullptr, &at_once);
    (void)pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t before_{};
  bool was_pending_ = false;
};

/// The same for the rest of a thread of the journal's own.
inline void block_file_size_signal() noexcept {
  const sigset_t signals = file_size_signal();
  (void)pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace sluice::detail
