#pragma once

#include <atomic>
#include <cstdint>

#include "sluice/log/group.hpp"

namespace sluice::log {

/// Protects what an evictable member of a queue group is copying this moment. Its work gate alone will not
/// do: an evictor hands that to another member, who moves it on while the copy is under way.
///
/// **Invariant.** While `protect` has answered true and `release` was not called, no producer writes at or
/// beyond the span's first event, whatever becomes of the work gate.
///
/// **Why it is safe.** The member stores its copy gate, fences, and looks whether its work gate still stands
/// where its span begins. If it does not, the span is another's and nothing is read. If it does, the span was
/// taken later than that look, if ever. A raise whose scan saw the work gate is held by it. One whose scan
/// missed it read another value there, which the look, behind the fence, did not see: so the copy gate's
/// store comes before that raise's own fence, and its second scan, from which it takes the limit, sees the
/// copy gate (SYNC copy-gate). Within one scan the copy gate must come after the work gate: its number is the
/// higher one.
///
/// **Thread safety.** The member's thread. **When not to use it**: where nobody may take the span away, the
/// work gate is enough.
template <class Policy>
class CopyGate {
 public:
  using Gate = typename GateTable<Policy>::Gate;

  /// The member's two gates, the copy gate with the higher number in the table.
  CopyGate(ParkingLot<Policy>& lot, const Gate& work_gate, Gate& copy_gate) noexcept
      : lot_(&lot), work_gate_(&work_gate), copy_gate_(&copy_gate) {}

  /// True: what lies from `position`, where the span's first unfinished event begins, may be read until
  /// `release`. False: the span was taken away, and nothing is protected.
  [[nodiscard]] bool protect(std::uint64_t position) noexcept {
    // SYNC gate: what we copied under it before is copied; its value there may never be seen again.
    copy_gate_->value.store(position, std::memory_order_release);
    // SYNC copy-gate: an evictor that we don't see on the work gate has its raisers see the copy gate: they
    // scan it after the work gate, and twice with a fence between.
    Policy::full_fence();
    // SYNC gate: an adopter that has moved it on did so after it took the span over.
    if (work_gate_->value.load(std::memory_order_acquire) == gate_value(position, GatePhase::working))
      return true;
    release();
    return false;
  }

  /// The copy is made.
  void release() noexcept {
    // SYNC gate: our reads are done before the space is reused.
    copy_gate_->value.store(kNoGate, std::memory_order_release);
    lot_->space_freed();
  }

 private:
  ParkingLot<Policy>* lot_;
  const Gate* work_gate_;
  Gate* copy_gate_;
};

}  // namespace sluice::log
