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

/// Committed events from a cursor on that others may move, under the reader's gate.
struct UnreadAtCursor {
  std::uint64_t events = 0;
  std::uint64_t end = 0;  ///< the first record that is not committed
};
[[nodiscard]] inline UnreadAtCursor scan_unread(const SpanReader& reader, std::uint64_t from,
                                                const TopicFilter& filter) noexcept {
  UnreadAtCursor unread{0, from};
  for (const std::uint64_t tail = reader.ring().tail(); unread.end < tail;) {
    const log::CommitWord word = reader.ring().word(unread.end);
    if (!word.is_committed()) break;
    if (word.is_data() && filter.matches(reader.topic_at(unread.end))) ++unread.events;
    unread.end += word.stride();
  }
  return unread;
}

/// How many there are: looks, and takes nothing.
[[nodiscard]] inline std::uint64_t unread_at_cursor(SpanReader& reader, const TopicFilter& filter) noexcept {
  std::uint64_t events = 0;
  (void)reader.claim([&](std::uint64_t at) {
    events = scan_unread(reader, at, filter).events;
    return at;
  });
  return events;
}

/// The same, and moves the cursor beyond them: they are nobody else's any more.
[[nodiscard]] inline std::uint64_t take_unread_at_cursor(SpanReader& reader,
                                                         const TopicFilter& filter) noexcept {
  std::uint64_t events = 0;
  const log::SpanResult taken = reader.claim([&](std::uint64_t at) {
    const UnreadAtCursor unread = scan_unread(reader, at, filter);
    events = unread.events;
    return unread.end;
  });
  if (taken.status != log::SpanStatus::claimed) return 0;
  reader.withdraw();
  return events;
}

/// Withdraws a cursor that others may still be moving, and counts what was unread there. The
/// compare-and-swaps decide whose a record is: counted here, or taken by somebody else.
[[nodiscard]] inline std::uint64_t withdraw_cursor(SpanReader& reader, const TopicFilter& filter) noexcept {
  std::uint64_t events = 0;
  for (;;) {
    events += take_unread_at_cursor(reader, filter);
    std::uint64_t at = reader.cursor_position();
    // SYNC cursor: nothing is taken from it any more.
    if (at == log::kNoGate || reader.cursor().position.compare_exchange_strong(
                                  at, log::kNoGate, std::memory_order_acq_rel, std::memory_order_relaxed)) {
      reader.lot().space_freed();
      return events;
    }
  }
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
    shard.lot.space_freed();
  }
}

}  // namespace sluice::detail
