#pragma once

#include <cstdint>

#include "sluice/base/hash.hpp"

namespace trading {

/// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014): one nanosecond a
/// number, and the same numbers from the same seed on every machine, which the standard's distributions don't
/// promise.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    state_ += 0x9e37'79b9'7f4a'7c15U;
    return sluice::mix64(state_);
  }

  /// From 0 to `limit` - 1, for a `limit` up to 2^32. A product's upper half is even enough for a
  /// demonstration.
  std::uint64_t below(std::uint64_t limit) noexcept { return ((next() >> 32) * limit) >> 32; }

 private:
  std::uint64_t state_;
};

}  // namespace trading
