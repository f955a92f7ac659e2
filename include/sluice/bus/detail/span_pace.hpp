#pragma once

#include <algorithm>
#include <cstdint>

namespace sluice::detail {

/// How many events a queue group's member takes at a time: many where they are handled quickly, so that
/// claiming them costs little; few where they are not, so that nobody idles while they wait behind a slow
/// one.
///
/// A span costs some 200 ns to claim (a fence, and two lines that other cores write). At 10 ns an event that
/// is two thirds of the work in spans of 32, and a tenth in spans of 256; at 1 ms an event a span of 32 would
/// keep its last event waiting for 31 ms. So spans grow to take 20 us, and shrink when they take over 100 us.
///
/// Only full spans are looked at, one right after the other: a member that keeps up never reads the clock.
/// One thread at a time.
class SpanPace {
 public:
  static constexpr std::uint32_t kMostEvents = 256;
  static constexpr std::int64_t kShortNs = 20'000;
  static constexpr std::int64_t kLongNs = 100'000;

  /// The most events that the next span should have: 1 to `kMostEvents`.
  [[nodiscard]] std::uint32_t events() const noexcept { return events_; }

  /// What passes from here on was not spent on a span.
  void pause() noexcept { since_ns_ = kPaused; }

  /// A span of `handled` events is done. `now` returns monotonic nanoseconds.
  template <class Now>
  void finish(std::uint64_t handled, Now&& now) noexcept {
    if (handled < events_) return pause();
    const std::int64_t at_ns = now();
    if (since_ns_ != kPaused) adapt(at_ns - since_ns_);
    since_ns_ = at_ns;
  }

 private:
  static constexpr std::int64_t kPaused = -1;

  void adapt(std::int64_t took_ns) noexcept {
    if (took_ns < kShortNs) events_ = std::min(events_ * 2, kMostEvents);
    if (took_ns > kLongNs) events_ = std::max(events_ / 2, std::uint32_t{1});
  }

  std::uint32_t events_ = 32;
  std::int64_t since_ns_ = kPaused;
};

}  // namespace sluice::detail
