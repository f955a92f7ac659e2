#include "sluice/base/event_fd.hpp"

#include <cerrno>
#include <cstdint>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

#include "system_error.hpp"

namespace sluice::platform {

void signal_event_fd(int fd) noexcept {
  if (fd < 0) return;
  const int saved_errno = errno;
  const std::uint64_t one = 1;
  // EAGAIN means that the count is at its maximum: the descriptor is readable already, which is all we want.
  while (::write(fd, &one, sizeof one) < 0 && errno == EINTR) {
  }
  errno = saved_errno;
}

Result<EventFd> EventFd::create() {
  const int fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd >= 0) return EventFd(fd);
  return Error{ErrorCode::system_error, describe_errno("can't create an eventfd", errno) +
                                            "; close descriptors or raise the limit (ulimit -n)"};
}

EventFd::EventFd(EventFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

EventFd& EventFd::operator=(EventFd&& other) noexcept {
  EventFd old(std::exchange(fd_, std::exchange(other.fd_, -1)));
  return *this;
}

EventFd::~EventFd() {
  if (fd_ >= 0) ::close(fd_);
}

void EventFd::clear() const noexcept {
  if (fd_ < 0) return;
  const int saved_errno = errno;
  std::uint64_t signals = 0;
  // One read takes the whole count; EAGAIN means that there was none.
  while (::read(fd_, &signals, sizeof signals) < 0 && errno == EINTR) {
  }
  errno = saved_errno;
}

}  // namespace sluice::platform
