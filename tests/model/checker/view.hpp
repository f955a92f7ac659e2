#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice::model {

inline constexpr std::size_t kMaxThreads = 8;
/// How many locations of one scenario may be both shared and written. Private ones don't count.
inline constexpr std::size_t kMaxContended = 56;

/// Element-wise maximum, eight elements (one vector register) at a time.
template <std::size_t kSize>
struct Maxima {
  static constexpr std::size_t kLane = 8;
  static_assert(kSize % kLane == 0);

  alignas(16) std::array<std::uint16_t, kSize> at{};

  /// `lanes`: how many are in use; the others are zero on both sides.
  void join(const Maxima& other, std::size_t lanes) noexcept {
    std::uint16_t* mine = at.data();
    const std::uint16_t* theirs = other.at.data();
    for (std::size_t lane = 0; lane < lanes; ++lane, mine += kLane, theirs += kLane) {
      for (std::size_t i = 0; i < kLane; ++i) mine[i] = mine[i] < theirs[i] ? theirs[i] : mine[i];
    }
  }
  /// Whether any element is greater than the other's.
  [[nodiscard]] bool exceeds(const Maxima& other) const noexcept {
    unsigned greater = 0;
    for (std::size_t i = 0; i < kSize; ++i) greater |= at[i] > other.at[i] ? 1u : 0u;
    return greater != 0;
  }
};

/// For each contended location the oldest store that may still be read: coherence.
using Timestamps = Maxima<kMaxContended>;
/// For each thread how much of what it did happens before: what the race detector asks.
using Clocks = Maxima<kMaxThreads>;

/// What a thread knows, or what a store hands to whoever acquires it. Full fences exchange `seen` only: they
/// order, but they don't make one thread's plain accesses happen before another's.
struct View {
  Timestamps seen;
  Clocks done;

  void join(const View& other, std::size_t lanes) noexcept {
    seen.join(other.seen, lanes);
    done.join(other.done, 1);
  }
};

}  // namespace sluice::model
