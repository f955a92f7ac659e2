#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sluice/log/machine.hpp"

namespace sluice {

/// From the hash of a name to topic ids: an open-addressing table that is read without locks while it grows.
///
/// A slot is one atomic word: the upper half of the hash, and the id plus one (an empty slot is 0). So nearly
/// every probe that misses is settled within the table, and the topic itself is touched for a likely hit
/// only.
///
/// Growth builds a larger table and publishes it with one store. The tables before it are kept until the end,
/// for readers that may still be walking them; together they are smaller than the newest.
///
/// Invariants:
/// 1. At most half of a table's slots are used, so a walk meets an empty slot: look-up is wait-free, bounded
/// by
///    the table's size (and in practice by a cache line or two).
/// 2. Slots go from empty to used and never change again.
///
/// Thread safety: `find` may be called from any thread at any time; `reserve` and `insert` are for one thread
/// at a time, which the topic table's lock sees to.
class NameIndex {
 public:
  NameIndex() { publish(std::make_unique<Table>(kFirstSlots)); }
  NameIndex(const NameIndex&) = delete;
  NameIndex& operator=(const NameIndex&) = delete;

  /// The id under `hash` for which `is_it(id)` holds.
  template <class IsIt>
  [[nodiscard]] std::optional<std::uint32_t> find(std::uint64_t hash, IsIt is_it) const noexcept {
    // SYNC name-table: all that had been inserted when the table was published is visible.
    const Table& table = *newest_.load(std::memory_order_acquire);
    for (std::uint64_t at = hash & table.mask;; at = (at + 1) & table.mask) {
      // SYNC topic-name: the topic behind the id, and its filter bits, are visible to whoever sees the slot.
      const std::uint64_t slot = table.slots[at].load(std::memory_order_acquire);
      if (slot == 0) return std::nullopt;
      if (slot >> 32U == hash >> 32U && is_it(id_in(slot))) return id_in(slot);
    }
  }

  /// Makes sure that the next `insert` finds room, given a function from the id of each entry to its hash.
  /// Throws `std::bad_alloc` and has then changed nothing.
  template <class HashOf>
  void reserve(HashOf hash_of) {
    const Table& old = *tables_.back();
    if ((used_ + 1) * 2 <= old.mask + 1) return;
    auto larger = std::make_unique<Table>((old.mask + 1) * 2);
    for (std::uint64_t at = 0; at <= old.mask; ++at) {
      // Relaxed: only this thread writes slots.
      const std::uint64_t slot = old.slots[at].load(std::memory_order_relaxed);
      if (slot != 0) place(*larger, hash_of(id_in(slot)), slot);
    }
    publish(std::move(larger));
  }

  /// Adds an id that is not there yet, after `reserve`. From here on `find` may return it, so whatever
  /// readers of the topic need is to be in place before.
  void insert(std::uint64_t hash, std::uint32_t id) noexcept {
    place(*tables_.back(), hash, (hash >> 32U) << 32U | (id + 1));
    ++used_;
  }

 private:
  static constexpr std::uint64_t kFirstSlots = 256;  // 2 KiB, for 128 topics.

  struct Table {
    explicit Table(std::uint64_t slot_count)
        : mask(slot_count - 1), slots(std::make_unique<log::Atomic<std::uint64_t>[]>(slot_count)) {}

    std::uint64_t mask;
    std::unique_ptr<log::Atomic<std::uint64_t>[]> slots;
  };

  static std::uint32_t id_in(std::uint64_t slot) noexcept { return static_cast<std::uint32_t>(slot) - 1; }

  static void place(Table& table, std::uint64_t hash, std::uint64_t slot) noexcept {
    std::uint64_t at = hash & table.mask;
    // Relaxed: only this thread writes slots.
    while (table.slots[at].load(std::memory_order_relaxed) != 0) at = (at + 1) & table.mask;
    // SYNC topic-name: the topic behind the id, and its filter bits, are visible to whoever sees the slot.
    table.slots[at].store(slot, std::memory_order_release);
  }

  void publish(std::unique_ptr<Table> table) {
    tables_.push_back(std::move(table));
    // SYNC name-table: all that has been inserted so far is visible to whoever sees the table.
    newest_.store(tables_.back().get(), std::memory_order_release);
  }

  log::Atomic<const Table*> newest_{nullptr};
  std::vector<std::unique_ptr<Table>> tables_;
  std::uint64_t used_ = 0;
};

}  // namespace sluice
