#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "sluice/base/clock.hpp"
#include "sluice/base/result.hpp"
#include "sluice/bus/event.hpp"

/// What every persistence of ours does alike when past events are read.
namespace sluice::detail {

[[nodiscard]] inline Error unknown_shard(std::uint32_t shard, std::size_t shards) {
  return {ErrorCode::invalid_option,
          "shard " + std::to_string(shard) + " is not kept here: give one below " + std::to_string(shards)};
}

/// For a reader at `position`, before which `oldest` is the first that is kept.
[[nodiscard]] inline Error gap(std::uint32_t shard, std::uint64_t position, std::uint64_t oldest) {
  return {ErrorCode::gap, "position " + std::to_string(position) + " of shard " + std::to_string(shard) +
                              " is not kept: what is kept begins at " + std::to_string(oldest) +
                              ", read from there"};
}

/// When an event that is published now ceases to be read. `ttl` is positive; a moment beyond the last one is
/// the last one, and none is 0, which means never.
[[nodiscard]] inline std::int64_t expires_at_ns(std::int64_t now_ns, std::chrono::nanoseconds ttl) noexcept {
  std::int64_t at = 0;
  if (__builtin_add_overflow(now_ns, static_cast<std::int64_t>(ttl.count()), &at)) {
    return std::numeric_limits<std::int64_t>::max();
  }
  return at != 0 ? at : 1;
}

/// Whether reads hide an event now.
[[nodiscard]] inline bool is_expired(const EventView& event, std::int64_t now_ns) noexcept {
  const std::int64_t at = event.expires_at_ns();
  return at != 0 && at <= now_ns;
}

/// The time by a bus's clock; null stands for the default one. Reads no counter in its stead: a read of
/// history asks once.
[[nodiscard]] inline std::int64_t now_by(const Clock* clock) noexcept {
  return (clock != nullptr ? *clock : default_clock()).now_ns();
}

}  // namespace sluice::detail
