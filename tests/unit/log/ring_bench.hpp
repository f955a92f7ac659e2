#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>

#include "sluice/log/group.hpp"
#include "sluice/log/machine.hpp"
#include "sluice/log/parking.hpp"
#include "sluice/log/ring.hpp"
#include "sluice/log/span_reader.hpp"

/// The log's parts on the machine as it is, put together by hand: a ring, its gates, and one producer.
namespace sluice::log {

/// Wants the topics whose bit is set; a set bit 0 stands for topic 0.
class TopicSet final : public RecordFilter {
 public:
  explicit TopicSet(std::uint64_t topics) : topics_(topics) {}
  [[nodiscard]] bool wants(std::uint32_t topic_id) const noexcept override {
    return (topics_ >> topic_id & 1) != 0;
  }

 private:
  std::uint64_t topics_;
};

class RingBench {
 public:
  using Table = GateTable<Machine>;
  using Gate = Table::Gate;
  using Cursor = Table::Cursor;
  static constexpr std::uint32_t kGates = 8;
  static constexpr std::uint32_t kCursors = 4;

  explicit RingBench(const RingOptions& options = {.capacity_bytes = 4096})
      : bytes_(std::make_unique<std::uint64_t[]>(options.capacity_bytes / sizeof(std::uint64_t))),
        table(kGates, kCursors),
        lot(waiters_.get(), kGates),
        ring(state, Machine::Memory(reinterpret_cast<std::byte*>(bytes_.get())), table, options) {
    table.use_gates_up_to(kGates - 1);
    table.use_cursors_up_to(kCursors - 1);
  }

  /// Claims `bytes`, writes a data record of `topic` that fills them, and commits it; its position if there
  /// was room.
  std::optional<std::uint64_t> publish(std::uint32_t bytes = 32, std::uint32_t topic = 1) {
    const Reservation space = ring.try_reserve(cache, bytes);
    if (space.status != ClaimStatus::ok) return std::nullopt;
    write_topic(space.position, topic);
    ring.commit(space, CommitWord::committed(RecordKind::data, bytes));
    return space.position;
  }
  /// Publishes until there is no room; returns how many records that were.
  int fill(std::uint32_t bytes = 32, std::uint32_t topic = 1) {
    int records = 0;
    while (publish(bytes, topic)) ++records;
    return records;
  }
  void write_topic(std::uint64_t position, std::uint32_t topic) {
    std::memcpy(ring.writable(position + kTopicOffset, sizeof topic), &topic, sizeof topic);
  }

  /// Stores a gate or cursor at the tail, as a joiner does; true if it was in time.
  bool join(std::atomic<std::uint64_t>& place) { return join(place, ring.tail()); }
  bool join(std::atomic<std::uint64_t>& place, std::uint64_t position) {
    ring.raiser().join_at(position);
    place.store(position, std::memory_order_release);
    if (ring.raiser().joined_at(position)) return true;
    place.store(kNoGate, std::memory_order_release);
    return false;
  }
  void move(Gate& gate, std::uint64_t position) { gate.value.store(position, std::memory_order_release); }

  /// True when every commit word that a reader may look at is zero: from the tail to the limit, that one
  /// included; with a single producer the one at the tail.
  [[nodiscard]] bool is_zeroed_ahead() const {
    if (ring.producers() == Producers::single) return ring.word(ring.tail()).bits() == 0;
    for (std::uint64_t p = ring.tail(); p <= ring.limit(); p += kAlignment) {
      if (ring.word(p).bits() != 0) return false;
    }
    return true;
  }

 private:
  std::unique_ptr<std::uint64_t[]> bytes_;
  std::unique_ptr<Waiter<Machine>[]> waiters_ = std::make_unique<Waiter<Machine>[]>(kGates);

 public:
  RingState<Machine> state;
  Table table;
  ParkingLot<Machine> lot;
  Ring<Machine> ring;
  ProducerCache cache;
};

}  // namespace sluice::log
