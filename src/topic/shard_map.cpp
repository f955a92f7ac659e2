#include "sluice/topic/shard_map.hpp"

#include <algorithm>
#include <utility>

#include "sluice/base/hash.hpp"

namespace sluice {

ShardMap::ShardMap(std::uint32_t hashed_shards, std::vector<Pin> pins)
    : hashed_shards_(std::max(hashed_shards, 1U)), pins_(std::move(pins)) {}

std::uint32_t ShardMap::shard_of(std::string_view topic) const noexcept {
  for (const Pin& pin : pins_) {
    if (pin.pattern.matches(topic)) return pin.shard;
  }
  // The high half of the hash as a fraction of one, times the number of shards: no division, and no bias
  // worth a thought while shards are far fewer than 2^32.
  const std::uint64_t high = hash_bytes(topic) >> 32U;
  return static_cast<std::uint32_t>((high * hashed_shards_) >> 32U);
}

}  // namespace sluice
