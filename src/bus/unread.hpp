#pragma once

#include <cstdint>

#include "sluice/bus/detail/shard.hpp"
#include "sluice/topic/filter.hpp"

namespace sluice::detail {

/// Committed events between two positions that the filter wants. The caller's gate or cursor protects them.
[[nodiscard]] inline std::uint64_t unread(const Shard& shard, std::uint64_t from, std::uint64_t to,
                                          const TopicFilter& filter) noexcept {
  std::uint64_t events = 0;
  while (from < to) {
    const log::CommitWord word = shard.ring.word(from);
    if (!word.is_committed()) break;
    if (word.is_data() && filter.matches(shard.topic_at(from))) ++events;
    from += word.stride();
  }
  return events;
}

/// The same from a cursor on that others may move: under the reader's gate, which is withdrawn again.
[[nodiscard]] inline std::uint64_t unread_at_cursor(SpanReader& reader, const TopicFilter& filter) noexcept {
  std::uint64_t events = 0;
  (void)reader.claim([&](std::uint64_t at) {
    events = 0;
    for (std::uint64_t position = at, tail = reader.ring().tail(); position < tail;) {
      const log::CommitWord word = reader.ring().word(position);
      if (!word.is_committed()) break;
      if (word.is_data() && filter.matches(reader.topic_at(position))) ++events;
      position += word.stride();
    }
    return at;  // look, and take nothing
  });
  return events;
}

/// Stores a gate or cursor at the tail so that nothing from there on is overwritten, and returns where that
/// is. One joiner at a time.
[[nodiscard]] inline std::uint64_t join_at_tail(Shard& shard, std::atomic<std::uint64_t>& place) noexcept {
  for (;;) {
    const std::uint64_t tail = shard.ring.tail();
    shard.ring.raiser().join_at(tail);
    // SYNC gate, SYNC cursor: the doubt about open claims below is visible to whoever sees the place taken.
    place.store(tail, std::memory_order_release);
    if (shard.ring.raiser().joined_at(tail)) return tail;
    place.store(log::kNoGate, std::memory_order_release);  // SYNC gate, SYNC cursor: nothing was read
  }
}

}  // namespace sluice::detail
