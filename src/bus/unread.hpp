#pragma once

#include <cstdint>

#include "sluice/bus/detail/shard.hpp"
#include "sluice/topic/filter.hpp"

namespace sluice::detail {

/// Committed events that a filter wants, from a position on.
struct Unread {
  std::uint64_t events = 0;
  std::uint64_t end = 0;  ///< where the walk ended: at `to`, or at a record that is not committed
};
/// The caller's gate or cursor protects what lies between the two.
[[nodiscard]] inline Unread scan_unread(const Ring& ring, std::uint64_t from, std::uint64_t to,
                                        const TopicFilter& filter) noexcept {
  Unread unread{0, from};
  while (unread.end < to) {
    const log::CommitWord word = ring.word(unread.end);
    if (!word.is_committed()) break;
    if (word.is_data() && filter.matches(ring.topic_at(unread.end))) ++unread.events;
    unread.end += word.stride();
  }
  return unread;
}
[[nodiscard]] inline std::uint64_t unread(const Shard& shard, std::uint64_t from, std::uint64_t to,
                                          const TopicFilter& filter) noexcept {
  return scan_unread(shard.ring, from, to, filter).events;
}

/// How many there are from a cursor on that others may move, under the reader's gate: looks, and takes
/// nothing.
[[nodiscard]] inline std::uint64_t unread_at_cursor(SpanReader& reader, const TopicFilter& filter) noexcept {
  std::uint64_t events = 0;
  (void)reader.claim([&](std::uint64_t at) {
    events = scan_unread(reader.ring(), at, reader.ring().tail(), filter).events;
    return at;
  });
  return events;
}

/// The same, and moves the cursor beyond them: they are nobody else's any more.
[[nodiscard]] inline std::uint64_t take_unread_at_cursor(SpanReader& reader,
                                                         const TopicFilter& filter) noexcept {
  std::uint64_t events = 0;
  const log::SpanResult taken = reader.claim([&](std::uint64_t at) {
    const Unread unread = scan_unread(reader.ring(), at, reader.ring().tail(), filter);
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
