#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "sluice/log/gates.hpp"
#include "sluice/log/parking.hpp"
#include "sluice/log/plain_run.hpp"
#include "sluice/log/ring.hpp"

namespace sluice::log {

/// Consecutive records that one reader won: it alone reads them.
struct Span {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  [[nodiscard]] bool empty() const noexcept { return begin == end; }
};

enum class SpanStatus : std::uint8_t {
  claimed,
  empty,  ///< nothing committed at the cursor
  gone,   ///< the cursor was withdrawn: its owner was evicted, or has left
};

struct SpanResult {
  SpanStatus status = SpanStatus::empty;
  Span span;
  bool redelivered = false;  ///< the span's first event was being handled when its member was evicted
};

/// Takes spans of records from a cursor that others move too: a queue group's members, or the raiser where
/// `drop_oldest` lets it. Each claim announces a gate, makes sure that it was in time, reads commit words,
/// and moves the cursor by one compare-and-swap.
///
/// **Why it is safe.** The gate is stored before the cursor moves, and raisers read cursors before gates, so
/// the span is never unprotected (SYNC cursor). The announced gate counts only if the cursor still stands
/// there after a full fence: a raiser whose scan missed the gate had read a cursor beyond it first, and that
/// is seen here (SYNC span). Without it, the scan would read words that a producer is overwriting.
///
/// **Thread safety.** One thread at a time per gate. **When not to use it**: a reader that owns its cursor
/// alone and reads in place needs a gate and no compare-and-swap.
template <class Policy>
class SpanReader {
 public:
  using Gate = typename GateTable<Policy>::Gate;
  using Cursor = typename GateTable<Policy>::Cursor;

  SpanReader(Ring<Policy>& ring, ParkingLot<Policy>& lot, Cursor& cursor, Gate& gate)
      : ring_(&ring), lot_(&lot), cursor_(&cursor), gate_(&gate) {}

  /// Announces the cursor's position in this reader's gate, asks `plan(position)` for the end of the span,
  /// and claims it. `plan` may read the ring from `position` on. On `claimed` the gate stays, at the span's
  /// begin; otherwise it is withdrawn.
  template <class Plan>
  SpanResult claim(Plan&& plan) noexcept {
    // SYNC cursor: what its last mover did before moving it.
    std::uint64_t at = cursor_->position.load(std::memory_order_acquire);
    for (;;) {
      if (!announce(at)) {
        withdraw();
        return {SpanStatus::gone, {}, false};
      }
      const std::uint64_t end = plan(at);
      if (end == at) {
        withdraw();
        return {};
      }
      const std::uint64_t begin = at;
      // SYNC cursor: the gate that protects the span is visible to whoever sees the cursor beyond it.
      if (cursor_->position.compare_exchange_strong(at, end, std::memory_order_acq_rel,
                                                    std::memory_order_acquire)) {
        // The gate may have stood lower while we tried, and have been what a waiting publisher saw.
        lot_->space_freed();
        return {SpanStatus::claimed, {begin, end}, false};
      }
    }
  }

  /// Drops unread what lies in the oldest half of the ring, counting what `filter` wants as lost, so that a
  /// copy that is preempted holds nobody up until half a ring has been published since. In steps of
  /// `step_bytes`, because the gate stands while it walks.
  void drop_to_middle(const RecordFilter& filter, std::uint64_t step_bytes) noexcept {
    const std::uint64_t half = ring_->capacity_bytes() / 2;
    // Most looks find nothing to drop: no gate is announced for those, and no fence paid.
    const auto is_behind = [&] {
      const std::uint64_t at = cursor_position();
      return at != kNoGate && at + half < ring_->tail();
    };
    for (bool behind = is_behind(); behind;) {
      std::uint64_t lost = 0;
      const SpanResult dropped = claim([&](std::uint64_t at) {
        lost = 0;
        const std::uint64_t tail = ring_->tail();
        std::uint64_t to = at;
        while (to + half < tail && to - at < step_bytes) {
          const CommitWord word = ring_->word(to);
          if (!word.is_committed()) break;
          if (word.is_data() && filter.wants(ring_->topic_at(to))) ++lost;
          to += word.stride();
        }
        return to;
      });
      behind = dropped.status == SpanStatus::claimed;
      if (behind) {
        cursor_->lost.fetch_add(lost, std::memory_order_relaxed);  // a count, ordering nothing
        withdraw();
      }
    }
  }

  /// The gate no longer holds anybody: what it protected has been read. A publisher that waits for room is
  /// told, also when nothing was claimed: an announced gate may have been what it saw.
  void withdraw() noexcept {
    // SYNC gate: our reads are done before the space is reused.
    gate_->value.store(kNoGate, std::memory_order_release);
    lot_->space_freed();
  }

  [[nodiscard]] std::uint64_t cursor_position() const noexcept {
    // SYNC cursor: see claim.
    return cursor_->position.load(std::memory_order_acquire);
  }

  [[nodiscard]] Ring<Policy>& ring() const noexcept { return *ring_; }
  [[nodiscard]] ParkingLot<Policy>& lot() const noexcept { return *lot_; }
  [[nodiscard]] Gate& gate() const noexcept { return *gate_; }
  [[nodiscard]] Cursor& cursor() const noexcept { return *cursor_; }

 private:
  /// Moves the gate to wherever the cursor turns out to stand; false when it was withdrawn.
  bool announce(std::uint64_t& at) noexcept {
    for (;;) {
      if (at == kNoGate) return false;
      // SYNC gate: what we read where it stood before is read; its value there may never be seen again.
      gate_->value.store(gate_value(at, GatePhase::claiming), std::memory_order_release);
      // SYNC span: a raise that missed this gate had seen a cursor beyond it, and so do we.
      Policy::full_fence();
      const std::uint64_t again = cursor_position();
      if (again == at) return true;
      at = again;
    }
  }

  Ring<Policy>* ring_;
  ParkingLot<Policy>* lot_;
  Cursor* cursor_;
  Gate* gate_;
};

/// Where the span ends that a queue group's member may take: as many data records as are committed from `at`
/// on, at most `max_records` and `max_bytes`, and at most half its share of the backlog, so that slow
/// handlers don't starve idle members; but one at least. Reads commit words only.
template <class Policy>
[[nodiscard]] std::uint64_t fair_span_end(const Ring<Policy>& ring, std::uint64_t at, std::uint32_t members,
                                          std::uint32_t max_records, std::uint64_t max_bytes) noexcept {
  const RingView<Policy> view = ring.view();
  const std::uint64_t share = (ring.tail() - at) / (2 * std::uint64_t{members});
  const std::uint64_t most_bytes = std::min(share, max_bytes);
  PlainRun run;
  std::uint64_t end = at;
  for (std::uint32_t records = 0; records < max_records;) {
    const CommitWord word = view.word(end);
    std::uint64_t next = end + run.stride();
    if (!run.goes_on(word)) [[unlikely]] {
      if (!word.is_committed()) break;
      next = end + run.meet(word);
    }
    if (records != 0 && next - at > most_bytes) break;
    end = next;
    if (word.is_data()) ++records;
  }
  return end;
}

}  // namespace sluice::log
