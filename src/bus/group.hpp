#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sluice/bus/detail/shard.hpp"
#include "sluice/bus/options.hpp"
#include "sluice/topic/filter.hpp"

#include "bus/unread.hpp"

namespace sluice::detail {

/// A queue group: what its members have in common. Made by the first that joins, gone with the last that
/// leaves. The list of members is guarded by the core's lock; the rest is for the log's own protocols.
class Group final : public log::RecordFilter {
 public:
  struct Place {
    Shard* shard = nullptr;
    Cursor* cursor = nullptr;
    GroupShared shared;
    std::uint64_t lost_before = 0;  ///< what the cursor had counted for its former owner
  };

  Group(const SubscribeOptions& first_member, std::shared_ptr<const TopicFilter> wanted)
      : options(first_member), filter(std::move(wanted)) {}

  [[nodiscard]] bool wants(std::uint32_t topic_id) const noexcept override {
    return filter->matches(topic_id);
  }

  [[nodiscard]] std::span<Place> all_places() const noexcept { return {places.get(), place_count}; }

  /// Its place on a shard that it has one on, as every shard of a member's ports is.
  [[nodiscard]] Place& place_on(const Shard& shard) const noexcept {
    return *std::find_if(places.get(), places.get() + place_count,
                         [&](const Place& place) { return place.shard == &shard; });
  }
  [[nodiscard]] bool is_alone(const Shard& shard) const noexcept {
    // Relaxed: a member that is just joining will be noticed by the deadline.
    return place_on(shard).shared.members.load(std::memory_order_relaxed) <= 1;
  }

  /// On a closed bus: events that no member has taken. Nothing is overwritten there any more.
  [[nodiscard]] std::uint64_t backlog() const noexcept {
    std::uint64_t events = 0;
    for (const Place& place : all_places()) {
      // SYNC cursor: what was taken from it is not counted here.
      const std::uint64_t at = place.cursor->position.load(std::memory_order_acquire);
      events += unread(*place.shard, at, place.shard->ring.tail(), *filter);
    }
    return events;
  }

  /// Events that no member will ever see, because the raiser had to drop them.
  [[nodiscard]] std::uint64_t lost() const noexcept {
    // SYNC group-end: the final count; the cursors may be another's by now.
    if (ended_.load(std::memory_order_acquire)) return lost_at_end_.load(std::memory_order_relaxed);
    return lost_now();
  }
  /// The last member has left, and the cursors are withdrawn but still ours.
  void end() noexcept {
    lost_at_end_.store(lost_now(), std::memory_order_relaxed);  // released below
    // SYNC group-end: see lost.
    ended_.store(true, std::memory_order_release);
  }

  const SubscribeOptions options;
  const std::shared_ptr<const TopicFilter> filter;
  std::unique_ptr<Place[]> places;
  std::uint32_t place_count = 0;
  std::uint32_t cursor = 0;            ///< its number in every shard's table
  std::vector<std::uint32_t> members;  ///< their slots
  std::uint32_t attached = 0;          ///< members that have not been forgotten yet, evicted ones included

 private:
  [[nodiscard]] std::uint64_t lost_now() const noexcept {
    std::uint64_t lost = 0;
    for (const Place& place : all_places()) {
      // Relaxed: a count, ordering nothing.
      lost += place.cursor->lost.load(std::memory_order_relaxed) - place.lost_before;
    }
    return lost;
  }

  log::Atomic<std::uint64_t> lost_at_end_{0};
  log::Atomic<bool> ended_{false};
};

}  // namespace sluice::detail
