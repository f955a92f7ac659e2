#include "sluice/base/clock.hpp"

#include <cstddef>
#include <new>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace sluice {

namespace {

std::int64_t real_time_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

/// Whether the counter ticks at one rate, whatever the processor's frequency and sleep states.
bool counter_is_invariant() noexcept {
#if defined(__x86_64__)
  constexpr unsigned kPowerLeaf = 0x80000007U;
  constexpr unsigned kInvariantTsc = 1U << 8U;  // EDX of that leaf, in Intel's and AMD's manuals alike.
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid(kPowerLeaf, &eax, &ebx, &ecx, &edx) != 0 && (edx & kInvariantTsc) != 0;
#else
  return true;  // The architecture promises it of aarch64's generic timer.
#endif
}

}  // namespace

Clock::~Clock() = default;

std::int64_t SystemClock::now_ns() const noexcept {
  return real_time_ns();
}

TscClock::TscClock() noexcept : uses_tsc_(counter_is_invariant()) {
  if (!uses_tsc_) return;
  constexpr std::int64_t kCalibrationNs = 2'000'000;
  const ClockSample first = sample_clocks();
  // Busy, because a sleep of 2 ms may well take 10 on a loaded machine.
  while (monotonic_ns() - first.monotonic_ns < kCalibrationNs) platform::cpu_relax();
  const ClockSample second = sample_clocks();
  rate_.start(first);
  rate_.add(second);
  const TscAnchor anchor = rate_.anchor_at(second);
  uses_tsc_ = anchor.valid_ticks != 0;  // A counter that stood still (an emulator's) is of no use.
  anchor_.store(anchor);
}

std::int64_t TscClock::now_ns() const noexcept {
  if (!uses_tsc_) return real_time_ns();
  const std::optional<TscAnchor> anchor = anchor_.load();
  const std::uint64_t tsc = platform::read_tsc();
  if (anchor.has_value() && anchor->covers(tsc)) [[likely]]
    return anchor->time_at(tsc);
  return fresh_anchor().ns;
}

TscAnchor TscClock::fresh_anchor() const noexcept {
  const ClockSample sample = sample_clocks();
  // SYNC refresh: the rate and the anchor's version as the last refresher left them.
  if (!refreshing_.exchange(true, std::memory_order_acquire)) {
    rate_.add(sample);
    const TscAnchor anchor = rate_.anchor_at(sample);
    anchor_.store(anchor);
    // SYNC refresh: the rate and the anchor's version are the next refresher's.
    refreshing_.store(false, std::memory_order_release);
    return anchor;
  }
  // Another thread is at it: take the last rate that was published, with our own sample.
  TscAnchor anchor = anchor_.load().value_or(TscAnchor{});
  anchor.tsc = sample.tsc;
  anchor.ns = sample.real_ns;
  return anchor;
}

const TscClock& default_clock() noexcept {
  alignas(TscClock) static std::byte storage[sizeof(TscClock)];
  static const TscClock* const clock = ::new (storage) TscClock;
  return *clock;
}

ClockReader::ClockReader(const Clock* clock) noexcept
    : clock_(clock != nullptr ? clock : &default_clock()), tsc_clock_(clock_->as_tsc_clock()) {}

std::int64_t ClockReader::reanchor(std::uint64_t tsc) noexcept {
  // A counter a few ticks before the anchor is another core's that lags a little, so nearly no time has
  // passed.
  if (anchor_.tsc - tsc < anchor_.valid_ticks) return anchor_.ns;
  if (anchor_.ns == 0) {
    // A reader's first time. It may be its only one, as where a publisher is made for a single event, and
    // comparing clocks takes 30 times as long as reading the counter.
    const std::optional<TscAnchor> shared = tsc_clock_->shared_anchor();
    if (shared.has_value() && shared->covers(tsc)) {
      anchor_ = *shared;
      return anchor_.time_at(tsc);
    }
  }
  anchor_ = continue_from(anchor_, tsc, tsc_clock_->fresh_anchor());
  return anchor_.ns;
}

}  // namespace sluice
