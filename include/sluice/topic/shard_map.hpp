#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sluice/topic/pattern.hpp"

namespace sluice {

/// Sends the topics that match a pattern to one shard instead of leaving the choice to a hash. The only way
/// into a single-producer shard, and the way to keep the order of several topics together.
struct Pin {
  Pattern pattern;
  std::uint32_t shard;
};

/// Chooses the shard of a topic that is interned for the first time. The choice is kept in the topic's
/// definition, so another map in a later run moves no topic that exists.
///
/// The shards 0 to `hashed_shards - 1` share the topics that no pin takes, by a hash of the name. Pins are
/// looked at in order and may name any shard, those included.
///
/// Thread safety: immutable, may be read from any thread.
class ShardMap {
 public:
  /// `hashed_shards` counts the shards that take what no pin does; 0 is taken for 1, since every topic needs
  /// a shard. Whether the shards that pins name exist is for the caller to check: the map does not know them.
  ShardMap(std::uint32_t hashed_shards, std::vector<Pin> pins);

  /// The shard of the valid topic name `topic`: that of the first pin that matches it, else by hash.
  [[nodiscard]] std::uint32_t shard_of(std::string_view topic) const noexcept;

 private:
  std::uint32_t hashed_shards_;
  std::vector<Pin> pins_;
};

}  // namespace sluice
