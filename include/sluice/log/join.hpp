#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "sluice/log/unread.hpp"

/// How gates and cursors come to hold a shard's producers back, and how they stop. A place is a gate's value
/// or a cursor's position.
///
/// **Invariants**
/// 1. From the moment that `join_at_tail` returns p until its place moves or leaves, no producer writes over
///    what lies from p on (DESIGN I5): the store and the look behind the fence are one half of a Dekker pair,
///    `Raiser` is the other.
/// 2. A place that leaves has been read up to where it stood: the next raise may zero what it kept.
/// 3. Of a cursor that others move, every record has one owner: whoever moved it over the record, or, from
///    where it was withdrawn on, nobody.
/// 4. A filter that was lent to a cursor is asked by no raiser once `take_filter_back` has returned.
/// 5. A record counts as lost for the subscriber that stood at or below it: what a raiser dropped for a
///    cursor's former owners, or from where it was only tried, is in the `lost_before` of who joins at last.
///
/// **Thread safety.** One joiner or leaver of a shard at a time, as the registry's lock of its owner sees to;
/// raisers, producers and other readers need no lock.
namespace sluice::log {

/// One try to store a gate or cursor at the tail so that nothing from there on is overwritten: where that is,
/// or nothing if a producer has meanwhile gone a whole ring further.
template <class Policy>
[[nodiscard]] std::optional<std::uint64_t> try_join_at_tail(
    Ring<Policy>& ring, ParkingLot<Policy>& lot,
    typename Policy::template Atomic<std::uint64_t>& place) noexcept {
  const std::uint64_t tail = ring.tail();
  ring.raiser().join_at(tail);
  // SYNC gate, SYNC cursor: the doubt about open claims below is visible to whoever sees the place taken.
  place.store(tail, std::memory_order_release);
  if (ring.raiser().joined_at(tail)) return tail;
  place.store(kNoGate, std::memory_order_release);  // SYNC gate, SYNC cursor: nothing was read
  lot.space_freed();
  return std::nullopt;
}

/// Stores a gate, or a cursor that no raiser moves, at the tail, and returns where that is. The slot was
/// announced to scans before (`GateTable::use_gates_up_to`).
///
/// Lock-free: it only repeats when a producer has meanwhile gone a whole ring further.
template <class Policy>
[[nodiscard]] std::uint64_t join_at_tail(Ring<Policy>& ring, ParkingLot<Policy>& lot,
                                         typename Policy::template Atomic<std::uint64_t>& place) noexcept {
  for (;;) {
    if (const auto joined = try_join_at_tail(ring, lot, place)) return *joined;
  }
}

/// Where a cursor joined, and what it had counted as lost by then: its `lost` less that is what was dropped
/// of the records from `position` on, exactly.
struct JoinedCursor {
  std::uint64_t position;
  std::uint64_t lost_before;
};

/// The same for a cursor, lossy or not, whose former owner is gone (`withdraw_cursor`, `take_filter_back`).
///
/// **Why the count is exact.** Whoever drops from a position has acquired the store that put the cursor
/// there, and counts behind that. Our look at the count comes before the store of the position that lasts, so
/// that what is dropped from there on is not in it. Everything else is: nobody drops from a cursor that is
/// withdrawn, and the raises that may have seen where it was tried in vain are awaited first, their counts
/// acquired with the raise lock. Those that saw its former owners were awaited when these left.
///
/// Repeats as the other does, and then waits for a raise that is under way: see `Raiser::await_raiser`.
template <class Policy>
[[nodiscard]] JoinedCursor join_at_tail(Ring<Policy>& ring, ParkingLot<Policy>& lot,
                                        typename GateTable<Policy>::Cursor& cursor) noexcept {
  for (;;) {
    // Relaxed: nobody adds to it while the cursor is withdrawn, and the release store that follows keeps
    // this look before it.
    const std::uint64_t lost_before = cursor.lost.load(std::memory_order_relaxed);
    if (const auto joined = try_join_at_tail(ring, lot, cursor.position)) return {*joined, lost_before};
    ring.raiser().await_raiser();
  }
}

/// A gate holds nobody any more. Its owner has read what it wanted to.
template <class Policy>
void leave_gate(ParkingLot<Policy>& lot, typename GateTable<Policy>::Gate& gate) noexcept {
  // SYNC gate: our reads are done before the space is reused.
  gate.value.store(kNoGate, std::memory_order_release);
  lot.space_freed();
}

/// Withdraws a cursor that others may still be moving, and counts what was unread there. The
/// compare-and-swaps decide whose a record is: counted here, or taken by somebody else.
///
/// `reader` has a gate that is in nobody's use: the cursor's owner may be in the midst of a claim with its
/// own.
template <class Policy, class Wants>
[[nodiscard]] std::uint64_t withdraw_cursor(SpanReader<Policy>& reader, const Wants& wants) noexcept {
  std::uint64_t events = 0;
  for (;;) {
    events += take_unread_at_cursor(reader, wants);
    std::uint64_t at = reader.cursor_position();
    // SYNC cursor: nothing is taken from it any more.
    if (at == kNoGate || reader.cursor().position.compare_exchange_strong(
                             at, kNoGate, std::memory_order_acq_rel, std::memory_order_relaxed)) {
      reader.lot().space_freed();
      return events;
    }
  }
}

/// Lets the raiser move a cursor, counting what `filter` wants as lost (DESIGN I7). Before the cursor joins.
template <class Cursor>
void lend_filter(Cursor& cursor, const RecordFilter& filter) noexcept {
  // SYNC drop-filter: what the raiser asks before it counts a record as lost.
  cursor.drop_filter.store(&filter, std::memory_order_release);
}

/// Takes a withdrawn cursor's filter away, if it has one, once no raiser can be asking it any more.
template <class Policy>
void take_filter_back(Ring<Policy>& ring, typename GateTable<Policy>::Cursor& cursor) noexcept {
  // Relaxed: whoever leaves is ordered behind whoever lent it by its owner's lock.
  if (cursor.drop_filter.load(std::memory_order_relaxed) == nullptr) return;
  // SYNC drop-filter: no raise that begins behind the fence of await_raiser finds it. Cleared after the wait,
  // a raise that began in between would have it still when the cursor is another subscriber's.
  cursor.drop_filter.store(nullptr, std::memory_order_release);
  ring.raiser().await_raiser();
}

}  // namespace sluice::log
