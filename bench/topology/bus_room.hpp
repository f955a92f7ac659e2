#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>

namespace sluice::bench {

/// How large a bus has to be to hold two thousand events of that size: a bus's default for small ones,
/// more where a thousand at once would not fit.
[[nodiscard]] constexpr std::size_t bus_room_bytes(std::size_t payload_bytes) {
  constexpr std::size_t kEvents = 2'000;
  constexpr std::size_t kAround = 64;  // what goes with a payload, at most
  constexpr std::size_t kDefaultBytes = std::size_t{1} << 20;
  return std::max(kDefaultBytes, std::bit_ceil(kEvents * (payload_bytes + kAround)));
}

}  // namespace sluice::bench
