#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "sluice/base/uint128.hpp"

namespace sluice {

/// A moment at which both the counter and the system clock were read, and the counter's rate: with these
/// three a counter value becomes a time. Good for a while (`valid_ticks`), then the two clocks are compared
/// again.
struct TscAnchor {
  std::uint64_t tsc = 0;          ///< the counter at the anchor
  std::int64_t ns = 0;            ///< the time at the anchor, UTC nanoseconds since the Unix epoch
  std::uint64_t multiplier = 0;   ///< nanoseconds per tick, times 2^32
  std::uint64_t valid_ticks = 0;  ///< how many ticks it may be used for; 0 makes it no anchor at all

  /// Whether the anchor tells the time at `now`. A counter that lies before the anchor (another core's, a
  /// moved virtual machine's) wraps to a huge distance and so is not covered either.
  [[nodiscard]] constexpr bool covers(std::uint64_t now) const noexcept { return now - tsc < valid_ticks; }

  /// The time at a counter value that the anchor covers.
  [[nodiscard]] constexpr std::int64_t time_at(std::uint64_t now) const noexcept {
    return ns + duration_ns(now - tsc);
  }

  /// `ticks` in nanoseconds. The product takes more than 64 bits where the counter is slow.
  [[nodiscard]] constexpr std::int64_t duration_ns(std::uint64_t ticks) const noexcept {
    return static_cast<std::int64_t>((static_cast<detail::Uint128>(ticks) * multiplier) >> 32U);
  }
};

/// `next`, bent so that a reader that has used `previous` until counter value `tsc` doesn't step backwards:
/// it starts no earlier than the reader has been, and runs slower (down to half speed) as long as it is
/// ahead.
[[nodiscard]] TscAnchor continue_from(const TscAnchor& previous, std::uint64_t tsc, TscAnchor next) noexcept;

/// One reading of the counter and, in the same instant, of the two system clocks.
struct ClockSample {
  std::uint64_t tsc = 0;
  std::int64_t real_ns = 0;  ///< CLOCK_REALTIME: what the anchor is set to
  std::int64_t monotonic_ns =
      0;  ///< CLOCK_MONOTONIC: what the rate is measured by, since it is never stepped
};

/// The best of a few tries, good to about 20 ns unless every one of them was interrupted.
[[nodiscard]] ClockSample sample_clocks() noexcept;

/// Learns how long a tick is. One user at a time.
///
/// At first each sample lengthens the measurement; from 8 s on, every window of 8 s is one of its own, so
/// that the rate follows a system clock that is being disciplined. A result that differs by more than 1 %
/// from the last is believed only when the next window confirms it: a suspended machine stops one clock and
/// not the other.
class TscRate {
 public:
  /// Starts measuring at `first`; the rate is unknown (0) until a sample at least 1 ms later was added.
  void start(const ClockSample& first) noexcept { restart(first); }

  void add(const ClockSample& sample) noexcept;

  /// Nanoseconds per tick, times 2^32.
  [[nodiscard]] std::uint64_t multiplier() const noexcept { return multiplier_; }

  /// An anchor at `sample`, valid for 100 ms; for no time at all while the rate is unknown.
  [[nodiscard]] TscAnchor anchor_at(const ClockSample& sample) const noexcept;

 private:
  void restart(const ClockSample& sample) noexcept { base_ = sample; }
  [[nodiscard]] bool is_plausible(std::uint64_t measured) const noexcept;

  ClockSample base_;
  std::uint64_t multiplier_ = 0;
  bool first_window_ = true;
  bool doubted_ = false;
};

/// An anchor that any thread may read while one writer at a time replaces it: a sequence lock whose readers
/// never wait. Happens-before: a reader whose two looks at the version agree and are even saw one whole
/// anchor, since any newer field it could have picked up would have brought the odd version with it.
class SharedTscAnchor {
 public:
  /// Empty while a writer is at work.
  [[nodiscard]] std::optional<TscAnchor> load() const noexcept;

  /// One writer at a time.
  void store(const TscAnchor& anchor) noexcept;

 private:
  std::atomic<std::uint32_t> version_{0};
  std::atomic<std::uint64_t> tsc_{0};
  std::atomic<std::int64_t> ns_{0};
  std::atomic<std::uint64_t> multiplier_{0};
  std::atomic<std::uint64_t> valid_ticks_{0};
};

}  // namespace sluice
