#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "checksum.hpp"
#include "events.hpp"
#include "tally.hpp"

namespace trading {

/// One topic's events, in the order in which somebody has published or read them.
struct TopicTally {
  std::uint64_t events = 0;
  std::uint64_t first_position = 0;  ///< in its shard's log, here and below; 0 while there is none
  std::uint64_t last_position = 0;
  std::uint64_t out_of_order = 0;  ///< events that did not lie behind the one before
  Checksum content;                ///< over all payloads, in this order
};

/// The same for every kind. Who publishes and who reads back keep one each, and then compare them.
class FlowTally {
 public:
  /// `payload` is a multiple of eight bytes long.
  void add(Kind kind, std::uint64_t position, std::span<const std::byte> payload) noexcept {
    TopicTally& topic = topics_[static_cast<std::size_t>(kind)];
    if (topic.events++ == 0) {
      topic.first_position = position;
    } else if (position <= topic.last_position) {
      ++topic.out_of_order;
    }
    topic.last_position = position;
    topic.content.add(payload);
  }

  [[nodiscard]] const TopicTally& of(Kind kind) const noexcept {
    return topics_[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] KindCounts counts() const noexcept {
    KindCounts counts;
    for (std::size_t kind = 0; kind < kKinds; ++kind) counts.by_kind[kind] = topics_[kind].events;
    return counts;
  }

 private:
  std::array<TopicTally, kKinds> topics_;
};

}  // namespace trading
