#include "pace.hpp"

#include <algorithm>
#include <limits>
#include <thread>

#include "sluice/base/clock.hpp"

namespace trading {
namespace {

/// A sleep ends some 60 us late: shorter waits give the core away instead.
constexpr std::int64_t kShortestSleepNs = 100'000;
/// So long may a stop go unseen.
constexpr std::int64_t kLongestSleepNs = 50'000'000;

}  // namespace

Pace::Pace(std::uint64_t rate, std::chrono::nanoseconds duration, Stop stop) noexcept
    : rate_(rate),
      stop_(stop),
      start_ns_(sluice::monotonic_ns()),
      end_ns_(duration.count() == 0 ? std::numeric_limits<std::int64_t>::max()
                                    : start_ns_ + duration.count()),
      now_ns_(start_ns_) {}

bool Pace::wait() noexcept {
  if (!may_go_on()) return false;
  if (rate_ == 0) return true;
  const std::int64_t due_ns = this->due_ns();
  ++events_;
  while (now_ns_ < due_ns) {
    const std::int64_t left_ns = std::min(due_ns, end_ns_) - now_ns_;
    if (left_ns > kShortestSleepNs) {
      std::this_thread::sleep_for(
          std::chrono::nanoseconds(std::min(left_ns - kShortestSleepNs / 2, kLongestSleepNs)));
    } else {
      std::this_thread::yield();
    }
    if (!may_go_on()) return false;
  }
  return true;
}

bool Pace::may_go_on() noexcept {
  now_ns_ = sluice::monotonic_ns();
  stopped_ = stop_();
  return !stopped_ && now_ns_ < end_ns_;
}

/// Seconds and the rest apart: a product of events and nanoseconds would overflow after a few minutes.
std::int64_t Pace::due_ns() const noexcept {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const std::uint64_t offset_ns = events_ / rate_ * kSecond + events_ % rate_ * kSecond / rate_;
  return start_ns_ + static_cast<std::int64_t>(offset_ns);
}

}  // namespace trading
