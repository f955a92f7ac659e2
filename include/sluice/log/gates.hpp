#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>

#include "sluice/log/record.hpp"

namespace sluice::log {

/// A gate or cursor that holds nobody back.
inline constexpr std::uint64_t kNoGate = ~std::uint64_t{0};

/// Which records a lossy cursor's owner would have seen: what the raiser asks before it counts one as lost.
class RecordFilter {
 public:
  [[nodiscard]] virtual bool wants(std::uint32_t topic_id) const noexcept = 0;

 protected:
  ~RecordFilter() = default;
};

/// What a gate's owner is doing, kept in the five low bits that positions leave free, so that moving the gate
/// and losing it to an evictor are one compare-and-swap.
enum class GatePhase : std::uint64_t {
  plain = 0,     ///< a reader of its own cursor, or a short copy
  claiming = 1,  ///< announced, not yet known whether the span was won
  working = 2,   ///< a queue group member's unfinished span: from the gate to `span_end`
  orphaned = 3,  ///< a span whose member left: another member takes it before new ones
  evicted = 4,   ///< the same, of a member that was evicted: its first event is delivered again
  adopting = 5,  ///< an orphan that a member is moving to its own gate
};
inline constexpr std::uint64_t kPhaseMask = kAlignment - 1;

[[nodiscard]] constexpr std::uint64_t gate_value(std::uint64_t position, GatePhase phase) noexcept {
  return position | static_cast<std::uint64_t>(phase);
}
[[nodiscard]] constexpr std::uint64_t gate_position(std::uint64_t value) noexcept {
  return value & ~kPhaseMask;
}
[[nodiscard]] constexpr GatePhase gate_phase(std::uint64_t value) noexcept {
  return static_cast<GatePhase>(value & kPhaseMask);
}

/// Everything that can hold a shard's producers back: cursors, which several threads may advance by
/// compare-and-swap, and gates, each of which has one owner. A fixed table, so that the raiser scans it
/// without a lock while subscribers come and go.
///
/// Invariant: a reader that takes records over from a cursor stores its gate *before* it advances the cursor.
/// So a scan that reads all cursors first and all gates second misses nothing; the other order loses a
/// record.
template <class Policy>
class GateTable {
  template <class T>
  using Atomic = typename Policy::template Atomic<T>;

 public:
  /// One owner stores it; raisers read it; an evictor may take it by compare-and-swap.
  struct alignas(64) Gate {
    Atomic<std::uint64_t> value{kNoGate};
    Atomic<std::uint64_t> span_end{0};  ///< valid from `working` on, until the gate is free again
  };

  /// A position that a queue group shares, or that one copying reader and the raiser share.
  struct alignas(64) Cursor {
    Atomic<std::uint64_t> position{kNoGate};
    Atomic<const RecordFilter*> drop_filter{nullptr};  ///< set: the raiser may advance this cursor (I7)
    Atomic<std::uint64_t> lost{0};                     ///< matching records that were dropped unseen
  };

  GateTable(std::uint32_t gates, std::uint32_t cursors)
      : gates_(std::make_unique<Gate[]>(gates)), cursors_(std::make_unique<Cursor[]>(cursors)) {}

  [[nodiscard]] Gate& gate(std::uint32_t slot) noexcept { return gates_[slot]; }
  [[nodiscard]] const Gate& gate(std::uint32_t slot) const noexcept { return gates_[slot]; }
  [[nodiscard]] Cursor& cursor(std::uint32_t slot) noexcept { return cursors_[slot]; }
  [[nodiscard]] const Cursor& cursor(std::uint32_t slot) const noexcept { return cursors_[slot]; }

  /// Scans look no further than the highest slot ever used. To be called before the slot's first store, by
  /// one thread at a time; the full fence of joining makes it visible together with the gate.
  void use_gates_up_to(std::uint32_t slot) noexcept { use_up_to(gates_used_, slot); }
  void use_cursors_up_to(std::uint32_t slot) noexcept { use_up_to(cursors_used_, slot); }

  /// Relaxed: staleness only hides a slot whose owner has not passed its fence, and who is told to retry
  /// then.
  [[nodiscard]] std::uint32_t gates_used() const noexcept {
    return gates_used_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint32_t cursors_used() const noexcept {
    // Relaxed: as for gates.
    return cursors_used_.load(std::memory_order_relaxed);
  }

  /// The lowest position that the raiser can't move by itself, or kNoGate.
  [[nodiscard]] std::uint64_t lowest_fixed() const noexcept {
    return std::min(lowest_cursor([](const Cursor& cursor) {
                      // SYNC drop-filter: the filter a lossy cursor was given when it joined.
                      return cursor.drop_filter.load(std::memory_order_acquire) == nullptr;
                    }),
                    lowest_gate());
  }

  /// The lowest position of all, or kNoGate. Cursors first, gates second: see the class.
  [[nodiscard]] std::uint64_t lowest() const noexcept {
    const std::uint64_t cursor = lowest_cursor([](const Cursor&) { return true; });
    return std::min(cursor, lowest_gate());
  }

 private:
  static void use_up_to(Atomic<std::uint32_t>& used, std::uint32_t slot) noexcept {
    // Relaxed: one thread at a time stores it, and the fence of joining makes it visible.
    if (used.load(std::memory_order_relaxed) <= slot) used.store(slot + 1, std::memory_order_relaxed);
  }

  template <class Wanted>
  [[nodiscard]] std::uint64_t lowest_cursor(Wanted wanted) const noexcept {
    std::uint64_t lowest = kNoGate;
    for (std::uint32_t i = 0, n = cursors_used(); i < n; ++i) {
      // SYNC cursor: the gate that was announced before the cursor moved on.
      const std::uint64_t position = cursors_[i].position.load(std::memory_order_acquire);
      if (position < lowest && wanted(cursors_[i])) lowest = position;
    }
    return lowest;
  }

  [[nodiscard]] std::uint64_t lowest_gate() const noexcept {
    std::uint64_t lowest = kNoGate;
    for (std::uint32_t i = 0, n = gates_used(); i < n; ++i) {
      // SYNC gate: everything the reader read below its gate is done before the space is reused.
      const std::uint64_t value = gates_[i].value.load(std::memory_order_acquire);
      if (value != kNoGate) lowest = std::min(lowest, gate_position(value));
    }
    return lowest;
  }

  std::unique_ptr<Gate[]> gates_;
  std::unique_ptr<Cursor[]> cursors_;
  Atomic<std::uint32_t> gates_used_{0};
  Atomic<std::uint32_t> cursors_used_{0};
};

}  // namespace sluice::log
