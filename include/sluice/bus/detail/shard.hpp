#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

#include "sluice/base/platform.hpp"
#include "sluice/bus/event.hpp"
#include "sluice/log/final_tail.hpp"
#include "sluice/log/group.hpp"
#include "sluice/log/machine.hpp"
#include "sluice/log/parking.hpp"
#include "sluice/log/ring.hpp"
#include "sluice/log/span_reader.hpp"

namespace sluice::detail {

using log::Producers;
using Ring = log::Ring<log::Machine>;
using RingView = log::RingView<log::Machine>;
using RingState = log::RingState<log::Machine>;
using GateTable = log::GateTable<log::Machine>;
using Gate = GateTable::Gate;
using Cursor = GateTable::Cursor;
using ParkingLot = log::ParkingLot<log::Machine>;
using Waiter = log::Waiter<log::Machine>;
using SpanReader = log::SpanReader<log::Machine>;
using GroupMember = log::GroupMember<log::Machine>;
using GroupShared = log::GroupShared<log::Machine>;

/// Bytes before the ring in a shard's memory: its state, so that both outlive the process together.
inline constexpr std::size_t kRingHeaderBytes = 4096;
static_assert(sizeof(RingState) <= kRingHeaderBytes);

struct ShardOptions {
  std::uint64_t capacity_bytes = 0;
  Producers producers = Producers::multi;
  std::uint64_t start_position = 0;
  std::uint32_t slots = 0;  ///< subscription slots of the bus
};

/// One ordered log with everything that its producers and readers share: memory, ring, gates, and who sleeps.
///
/// A subscription in slot i has three things here under one number: its *work gate* (what it reads in place,
/// or a queue group's span), its *copy gate* (what it is copying this moment), and its bit in the parking
/// lot. The work gate has the lower number, because an eviction moves protection from work gates to copy
/// gates and raisers scan upwards. With a persistence, slot 0 is its tap's.
class Shard {
 public:
  /// `memory` holds `kRingHeaderBytes + capacity` zeroed bytes and outlives the shard, as the waiters do.
  Shard(std::span<std::byte> memory, Waiter* waiters, const ShardContext& identity,
        const ShardOptions& options)
      : context(identity),
        state(*new (memory.data()) RingState),
        gates(2 * options.slots + 1, options.slots),
        lot(waiters, options.slots),
        ring(state, log::Machine::Memory(memory.data() + kRingHeaderBytes), gates,
             {.capacity_bytes = options.capacity_bytes,
              .producers = options.producers,
              .start_position = options.start_position}) {}

  [[nodiscard]] Gate& work_gate(std::uint32_t slot) noexcept { return gates.gate(work_gate_number(slot)); }
  [[nodiscard]] Gate& copy_gate(std::uint32_t slot) noexcept {
    return gates.gate(work_gate_number(slot) + 1);
  }
  /// Nobody's: for who counts, under the registry's lock, what another left unread.
  [[nodiscard]] Gate& spare_gate() noexcept { return gates.gate(0); }
  [[nodiscard]] static constexpr std::uint32_t work_gate_number(std::uint32_t slot) noexcept {
    return 2 * slot + 1;
  }
  /// The slot whose work gate has this number; only odd numbers are work gates.
  [[nodiscard]] static constexpr std::uint32_t slot_of_work_gate(std::uint32_t number) noexcept {
    return number / 2;
  }

  /// The end of the log once the bus is closed, else `log::kNoGate`.
  [[nodiscard]] std::uint64_t final_tail() const noexcept { return final_tail_.position(); }
  void close() noexcept { final_tail_.close(ring); }

  const ShardContext context;
  RingState& state;
  GateTable gates;
  ParkingLot lot;
  Ring ring;

  // Under the registry's lock.
  bool has_publisher = false;  ///< a single-producer shard has one at a time

  /// Set by a publisher that found no room, cleared by the keeper, who looks for a holder to evict. Relaxed:
  /// the keeper is woken after the store, and looks again before it acts.
  log::Atomic<bool> refused{false};

 private:
  log::FinalTail<log::Machine> final_tail_;
};

}  // namespace sluice::detail
