#pragma once

#include <atomic>
#include <cstdint>

#include "sluice/log/span_reader.hpp"

namespace sluice::log {

/// What the members of a queue group share on one shard, beside the cursor.
template <class Policy>
struct alignas(64) GroupShared {
  template <class T>
  using Atomic = typename Policy::template Atomic<T>;

  Atomic<std::uint32_t> members{0};  ///< for the size of a span; staleness makes it a little unfair
  Atomic<std::uint32_t> orphans{0};  ///< spans whose member left, waiting for another
  /// How often somebody set about leaving a span behind, and how often that was over, whatever came of it.
  /// Who asks the members one by one, and in the end finds that no more have begun than were over before, has
  /// not missed a span that went from one that was still to be asked to one that had been. One count would
  /// not do: taken before the gate changes it may be in the first look already, and taken behind that, be
  /// missed by the last one.
  Atomic<std::uint64_t> hand_overs_begun{0};
  Atomic<std::uint64_t> hand_overs_over{0};
};

/// One member of a queue group on one shard: each event of the shared cursor goes to exactly one member.
///
/// **Invariants**
/// 1. A span's events are handled by the member whose gate is `working` on it, and by nobody else.
/// 2. A member that leaves or is evicted turns its gate into an orphan, in place: the gate never drops before
///    another member's stands on the same event.
/// 3. An evictor and the member it evicts agree, by compare-and-swap on the gate, on the first event that is
/// not
///    finished: that one is delivered again, marked; every other exactly once.
///
/// **Moving an orphan's gate.** A raiser scans gates one by one, so a position that moves from one slot to
/// another could be missed in both. The adopter stores its own gate, waits until no raise that began before
/// is under way, and only then clears the orphan's.
///
/// **Thread safety.** One thread per member, save `evict`, which any thread may call on any member's gate.
template <class Policy>
class GroupMember {
 public:
  using Gate = typename GateTable<Policy>::Gate;
  using Cursor = typename GateTable<Policy>::Cursor;

  /// `cursor` and `shared` are the group's, `gate` is this member's own. All outlive it.
  GroupMember(Ring<Policy>& ring, ParkingLot<Policy>& lot, GateTable<Policy>& gates,
              GroupShared<Policy>& shared, Cursor& cursor, Gate& gate)
      : reader_(ring, lot, cursor, gate), gates_(&gates), shared_(&shared) {}

  /// The next span: an orphan's first (of the gates for which `belongs(number)` holds), else from the shared
  /// cursor. The gate stands at its begin, working.
  template <class Belongs>
  SpanResult claim(std::uint32_t max_records, std::uint64_t max_bytes, Belongs&& belongs) noexcept {
    if (has_orphans()) [[unlikely]] {
      const SpanResult adopted = adopt(belongs);
      if (adopted.status == SpanStatus::claimed) return adopted;
    }
    // Nothing was claimed by anybody since: don't disturb the gate's line, nor pay for the fence.
    if (reader_.cursor_position() == reader_.ring().tail()) return {};
    const std::uint32_t members = shared_->members.load(std::memory_order_relaxed);  // see GroupShared
    const SpanResult claimed = reader_.claim([&](std::uint64_t at) {
      return fair_span_end(reader_.ring(), at, members == 0 ? 1 : members, max_records, max_bytes);
    });
    if (claimed.status == SpanStatus::claimed) begin(claimed.span);
    return claimed;
  }

  /// The events below `position` are finished. False when an evictor took the span: stop at once, the rest is
  /// another member's. `end` of the span ends it.
  template <class CanBeEvicted>
  bool advance(std::uint64_t from, std::uint64_t position, CanBeEvicted) noexcept {
    Gate& gate = reader_.gate();
    const bool finished = position == gate.span_end.load(std::memory_order_relaxed);  // ours: we stored it
    const std::uint64_t next = finished ? kNoGate : gate_value(position, GatePhase::working);
    bool still_ours = true;
    if constexpr (CanBeEvicted::value) {
      std::uint64_t expected = gate_value(from, GatePhase::working);
      // SYNC gate: our reads are done; and the evictor's compare-and-swap finds the event we are at, or we
      // find it, and see what it did before.
      still_ours = gate.value.compare_exchange_strong(expected, next, std::memory_order_acq_rel,
                                                      std::memory_order_acquire);
    } else {
      // SYNC gate: our reads are done before the space is reused.
      gate.value.store(next, std::memory_order_release);
    }
    reader_.lot().space_freed();
    return still_ours;
  }

  /// Leaves the unfinished span, if there is one, to the others; returns true when there was.
  bool leave() noexcept {
    // Ours, unless an evictor has taken the span, which the compare-and-swap would find as well. SYNC orphan:
    // the hand-over that it has begun, for whoever sees us gone.
    const std::uint64_t value = reader_.gate().value.load(std::memory_order_acquire);
    if (value == kNoGate || gate_phase(value) != GatePhase::working) return false;
    return orphan(reader_.gate(), value, GatePhase::orphaned, *shared_);
  }

  /// Takes the span that a member is working on away from it. False when it holds none, or has just moved on.
  static bool evict(Gate& gate, std::uint64_t position, GroupShared<Policy>& shared) noexcept {
    return orphan(gate, gate_value(position, GatePhase::working), GatePhase::evicted, shared);
  }

  /// True while a span waits whose member left.
  [[nodiscard]] bool has_orphans() const noexcept {
    // SYNC orphan: the span as its member left it.
    return shared_->orphans.load(std::memory_order_acquire) != 0;
  }

  [[nodiscard]] SpanReader<Policy>& reader() noexcept { return reader_; }

 private:
  void begin(const Span& span) noexcept {
    reader_.gate().span_end.store(span.end, std::memory_order_relaxed);  // released with the phase
    // SYNC working: an evictor that sees the phase sees where the span ends.
    reader_.gate().value.store(gate_value(span.begin, GatePhase::working), std::memory_order_release);
  }

  static bool orphan(Gate& gate, std::uint64_t value, GatePhase phase, GroupShared<Policy>& shared) noexcept {
    // Relaxed: released with the gate; whoever finds the span elsewhere, or its member gone, has acquired
    // that.
    shared.hand_overs_begun.fetch_add(1, std::memory_order_relaxed);
    // SYNC working, SYNC orphan: the adopter sees the span's end and what its member did before.
    const bool is_orphaned = gate.value.compare_exchange_strong(
        value, gate_value(gate_position(value), phase), std::memory_order_acq_rel, std::memory_order_relaxed);
    // SYNC orphan: whoever sees the count finds the gate.
    if (is_orphaned) shared.orphans.fetch_add(1, std::memory_order_release);
    // SYNC hand-over: the gate as it is now, for who asks the members behind this count.
    shared.hand_overs_over.fetch_add(1, std::memory_order_release);
    return is_orphaned;
  }

  template <class Belongs>
  SpanResult adopt(Belongs& belongs) noexcept {
    for (std::uint32_t slot = 0, n = gates_->gates_used(); slot < n; ++slot) {
      Gate& gate = gates_->gate(slot);
      // SYNC orphan: the span's end, and what its member did before it left.
      std::uint64_t value = gate.value.load(std::memory_order_acquire);
      if (value == kNoGate || !belongs(slot)) continue;
      const GatePhase phase = gate_phase(value);
      if (phase != GatePhase::orphaned && phase != GatePhase::evicted) continue;
      const std::uint64_t position = gate_position(value);
      // SYNC orphan: one adopter wins.
      if (!gate.value.compare_exchange_strong(value, gate_value(position, GatePhase::adopting),
                                              std::memory_order_acq_rel, std::memory_order_relaxed)) {
        continue;
      }
      shared_->orphans.fetch_sub(1,
                                 std::memory_order_relaxed);  // the gate was the claim, this is only its hint
      const Span span{position, gate.span_end.load(std::memory_order_relaxed)};
      begin(span);
      reader_.ring().raiser().await_raiser();
      // SYNC gate: from here on ours protects the span.
      gate.value.store(kNoGate, std::memory_order_release);
      return {SpanStatus::claimed, span, phase == GatePhase::evicted};
    }
    return {};
  }

  SpanReader<Policy> reader_;
  GateTable<Policy>* gates_;
  GroupShared<Policy>* shared_;
};

}  // namespace sluice::log
