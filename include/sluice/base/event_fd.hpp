#pragma once

#include "sluice/base/result.hpp"

namespace sluice::platform {

/// Makes the eventfd readable; a negative `fd` is ignored. Never blocks, leaves errno alone, any thread.
void signal_event_fd(int fd) noexcept;

/// An eventfd, non-blocking and closed on exec: what a poll or epoll loop waits on for a subscription.
/// `signal` and `clear` may be called by any thread; moving and destruction need the object to themselves.
class EventFd {
 public:
  /// `system_error` when the process has no descriptor left.
  static Result<EventFd> create();

  EventFd(EventFd&& other) noexcept;
  EventFd& operator=(EventFd&& other) noexcept;
  EventFd(const EventFd&) = delete;
  EventFd& operator=(const EventFd&) = delete;
  ~EventFd();

  /// The descriptor, which stays this object's; -1 once it was moved from.
  [[nodiscard]] int fd() const noexcept { return fd_; }

  /// Makes the descriptor readable until the next `clear`.
  void signal() const noexcept { signal_event_fd(fd_); }

  /// Takes back every signal so far.
  void clear() const noexcept;

 private:
  explicit EventFd(int fd) noexcept : fd_(fd) {}

  int fd_;
};

}  // namespace sluice::platform
