#include "sluice/base/futex.hpp"

#include <cerrno>
#include <climits>
#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sluice::platform {

namespace {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t) &&
              std::atomic<std::uint32_t>::is_always_lock_free);

void wake(std::atomic<std::uint32_t>& word, int threads) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, threads, nullptr, nullptr, 0);
}

}  // namespace

bool futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::chrono::nanoseconds timeout) noexcept {
  timespec relative{};
  const timespec* limit = nullptr;
  if (timeout.count() >= 0) {
    constexpr std::chrono::nanoseconds::rep kNsPerSecond = 1'000'000'000;
    relative.tv_sec = static_cast<std::time_t>(timeout.count() / kNsPerSecond);
    relative.tv_nsec = static_cast<long>(timeout.count() % kNsPerSecond);
    limit = &relative;
  }
  const long answer = ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, limit, nullptr, 0);
  return answer == 0 || errno != ETIMEDOUT;
}

void futex_wake_one(std::atomic<std::uint32_t>& word) noexcept {
  wake(word, 1);
}

void futex_wake_all(std::atomic<std::uint32_t>& word) noexcept {
  wake(word, INT_MAX);
}

}  // namespace sluice::platform
