#include "sluice/base/event_fd.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>

namespace sluice::platform {
namespace {

bool readable(int fd) {
  pollfd request{fd, POLLIN, 0};
  return ::poll(&request, 1, 0) == 1 && (request.revents & POLLIN) != 0;
}

TEST(EventFd, is_readable_from_the_first_signal_until_it_is_cleared) {
  const EventFd event = EventFd::create().value();
  EXPECT_FALSE(readable(event.fd()));
  event.signal();
  event.signal();
  EXPECT_TRUE(readable(event.fd()));
  event.clear();
  EXPECT_FALSE(readable(event.fd()));
}

TEST(EventFd, clearing_without_a_signal_does_not_block) {
  const EventFd event = EventFd::create().value();
  event.clear();
  EXPECT_FALSE(readable(event.fd()));
}

TEST(EventFd, is_non_blocking_and_closed_on_exec) {
  const EventFd event = EventFd::create().value();
  EXPECT_NE(::fcntl(event.fd(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(event.fd(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(EventFd, moving_hands_the_descriptor_over_and_destruction_closes_it) {
  int fd = -1;
  {
    EventFd first = EventFd::create().value();
    fd = first.fd();
    EventFd second(std::move(first));
    EXPECT_EQ(second.fd(), fd);
    EventFd third = EventFd::create().value();
    const int replaced = third.fd();
    third = std::move(second);
    EXPECT_EQ(third.fd(), fd);
    EXPECT_EQ(::fcntl(replaced, F_GETFD), -1);
    EXPECT_NE(::fcntl(fd, F_GETFD), -1);
  }
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
}

TEST(EventFd, signalling_no_descriptor_does_nothing_and_leaves_errno_alone) {
  errno = 42;
  signal_event_fd(-1);
  signal_event_fd(1 << 30);
  EXPECT_EQ(errno, 42);
}

TEST(EventFd, says_why_it_can_not_be_created) {
  rlimit saved{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &saved), 0);
  rlimit none = saved;
  none.rlim_cur = 0;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const Result<EventFd> refused = EventFd::create();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &saved), 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::system_error);
  EXPECT_NE(refused.error().message.find("eventfd"), std::string::npos) << refused.error();
  EXPECT_NE(refused.error().message.find("errno " + std::to_string(EMFILE)), std::string::npos);
}

}  // namespace
}  // namespace sluice::platform
