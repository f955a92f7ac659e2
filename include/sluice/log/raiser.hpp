#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>

#include "sluice/log/gates.hpp"
#include "sluice/log/record.hpp"

namespace sluice::log {

/// Who may claim. A single producer pays no read-modify-write; that nobody else claims is its caller's
/// promise.
enum class Producers : std::uint8_t { multi, single };

/// What a shard's producers share, at the head of the memory that its ring lives in, so that whoever maps
/// that memory after a kill finds the tail and the limit. Grouped by who writes.
template <class Policy>
struct RingState {
  template <class T>
  using Atomic = typename Policy::template Atomic<T>;

  /// End of the last claim; the highest bit is set when a multi-producer shard is closed. Written by
  /// producers.
  alignas(128) Atomic<std::uint64_t> tail{0};

  /// Written by the thread that holds the raise lock, read by producers when they run out of room.
  alignas(128) Atomic<std::uint64_t> limit{0};  ///< producers write below it
  Atomic<std::uint64_t> announced{0};           ///< the highest limit that anybody may yet release
  Atomic<std::uint64_t> frontier{0};            ///< every record below it is committed
  Atomic<std::uint64_t> doubt{0};               ///< highest position joined at: open claims may lie below it
  Atomic<std::uint32_t> raise_lock{0};          ///< held, somebody was turned away, and a count
  alignas(128) Atomic<std::uint32_t> closed{0};
};

/// Above every position, so that a claim in a closed ring looks like one that ends beyond the limit.
inline constexpr std::uint64_t kClosedBit = std::uint64_t{1} << 63;

/// What became of a try to raise the limit.
enum class Raised : std::uint8_t {
  nothing,             ///< gates hold it, or another thread is raising at this moment
  nothing_for_others,  ///< the same, but others were turned away meanwhile: they are to be told to look again
  limit,               ///< it was raised
};

/// Moves the limit: how far producers may write before they must ask again.
///
/// **Invariants** (DESIGN I1, I2, I5)
/// 1. `limit <= min(gates, frontier) + capacity - 32` whenever the limit moves.
/// 2. With several producers, the commit words of `(old limit, new limit]` are zero before the new limit is
///    released, the word at the limit included: a reader that has caught up looks there. A single producer
///    zeroes the word at each claim's end itself (see Ring).
/// 3. A subscriber that joined at p is never overwritten: raising announces, fences and scans again; joining
///    stores its gate, fences and reads what was announced. One of the two sees the other.
///
/// **Gates and the frontier.** A gate moves over committed records only, so wherever it has come by reading,
/// no open claim lies below it. Where it *joined*, one may: a subscriber joins at the tail. So until the
/// frontier has been walked past every position joined at (`doubt`), the raiser walks it besides scanning
/// gates.
///
/// **Why it is safe.** Only the holder of the try-lock stores `limit`, `announced` and `frontier`, so each
/// only grows. A reader's last read of a record happens before its gate's release store, which the scan
/// acquires; the zeroes follow; the limit's release store follows; a producer acquires the limit before it
/// writes. The lock is never waited for and never taken over: a late zero from a preempted holder would erase
/// a commit.
template <class Policy>
class Raiser {
 public:
  using Memory = typename Policy::Memory;

  Raiser(RingState<Policy>& state, Memory memory, GateTable<Policy>& gates, std::uint64_t capacity_bytes,
         std::uint64_t chunk_bytes, Producers producers)
      : state_(&state),
        memory_(memory),
        gates_(&gates),
        capacity_(capacity_bytes),
        chunk_(chunk_bytes),
        producers_(producers) {}

  /// Raises the limit by at most one chunk. Bounded work, no waiting.
  Raised try_raise(std::uint64_t known_frontier) noexcept {
    std::uint32_t ticket = state_->raise_lock.load(std::memory_order_relaxed);  // the exchange decides
    for (;;) {
      const bool is_held = (ticket & kHeld) != 0;
      if (is_held && (ticket & kTurnedAway) != 0) return Raised::nothing;
      // SYNC raise-lock: limit, announced and frontier as the last raiser left them. Whoever is turned away
      // leaves a mark: the raiser may have looked at the gates too early for him.
      if (state_->raise_lock.compare_exchange_strong(ticket, ticket | (is_held ? kTurnedAway : kHeld),
                                                     std::memory_order_acquire, std::memory_order_relaxed)) {
        if (is_held) return Raised::nothing;
        break;
      }
    }
    // SYNC leave: whoever withdrew before this fence is not scanned, its filter not asked (see await_raiser).
    Policy::full_fence();
    const bool gained = raise(known_frontier);
    // SYNC raise-lock: see above.
    const std::uint32_t held =
        state_->raise_lock.exchange((ticket & ~kTurnedAway) + kOneRaise, std::memory_order_release);
    if (gained) return Raised::limit;
    return (held & kTurnedAway) != 0 ? Raised::nothing_for_others : Raised::nothing;
  }

  /// Returns once no raise is under way that could still see what the caller withdrew before: at most one
  /// chunk's work, for as long as its thread is scheduled. It holds nobody up.
  void await_raiser() const noexcept {
    // SYNC leave: the withdrawal is visible to every raise that begins after this fence.
    Policy::full_fence();
    // SYNC raise-lock: what the raiser read is done being read.
    const std::uint32_t seen = state_->raise_lock.load(std::memory_order_acquire);
    if ((seen & kHeld) == 0) return;
    const auto is_same_raise = [&] {
      // SYNC raise-lock: the same.
      return ((state_->raise_lock.load(std::memory_order_acquire) ^ seen) & ~kTurnedAway) == 0;
    };
    for (int look = 0; is_same_raise(); ++look) {
      // The raiser may have been preempted, by us for all we know.
      if (look < kLooks)
        Policy::relax();
      else
        Policy::yield();
    }
  }

  /// What a joiner says before it stores its gate at `position`: open claims may lie below. One joiner at a
  /// time.
  void join_at(std::uint64_t position) noexcept {
    // Relaxed: the gate's release store carries it to whoever scans the gate.
    if (state_->doubt.load(std::memory_order_relaxed) < position) {
      state_->doubt.store(position, std::memory_order_relaxed);
    }
  }

  /// True when a gate or cursor that stands at `position` was stored in time: nothing from there on was or
  /// will be overwritten while it stands. To be called right after the store; on false the store must be
  /// withdrawn.
  [[nodiscard]] bool joined_at(std::uint64_t position) const noexcept {
    // SYNC join: either this fence comes first, and the raiser's second scan sees the gate, or the raiser's
    // does, and what it announced is seen here.
    Policy::full_fence();
    return state_->announced.load(std::memory_order_relaxed) + kAlignment <= position + capacity_;
  }

 private:
  using Cursor = typename GateTable<Policy>::Cursor;
  static constexpr int kLooks = 1000;
  static constexpr std::uint32_t kHeld = 1;
  static constexpr std::uint32_t kTurnedAway = 2;
  static constexpr std::uint32_t kOneRaise = 4;

  bool raise(std::uint64_t known_frontier) noexcept {
    const std::uint64_t old_limit =
        state_->limit.load(std::memory_order_relaxed);  // ours while we hold the lock
    std::uint64_t target = old_limit + chunk_;

    const std::uint64_t fixed = gates_->lowest_fixed();
    if (fixed != kNoGate) target = std::min(target, highest_limit(fixed));
    if (target <= old_limit) return false;

    drop_up_to(target);
    std::uint64_t lowest = gates_->lowest();
    // Relaxed: a gate that the scan saw brought its doubt along (SYNC gate, SYNC cursor).
    if (lowest == kNoGate || frontier() < state_->doubt.load(std::memory_order_relaxed)) {
      lowest = std::min(lowest, walk_frontier(known_frontier, target));
    }
    target = std::min(target, highest_limit(lowest));
    if (target <= old_limit) return false;

    // Relaxed: only the holder of the lock stores it.
    if (target > state_->announced.load(std::memory_order_relaxed)) {
      state_->announced.store(target, std::memory_order_relaxed);  // ordered by the fence below
    }
    // SYNC join: see joined_at.
    // SYNC span: a reader whose gate the second scan misses sees its cursor at least where the first one saw
    // it, and so stands at or above what the limit is taken from.
    // SYNC copy-gate: a work gate that the first scan missed, because its span was taken over, has left its
    // copy gate to the second.
    Policy::full_fence();
    const std::uint64_t second = std::min(gates_->lowest(), lowest);
    const std::uint64_t new_limit = std::min(target, highest_limit(second));
    if (new_limit <= old_limit) return false;

    if (producers_ == Producers::multi) zero_words(old_limit + kAlignment, new_limit);
    if (second > frontier()) state_->frontier.store(second, std::memory_order_relaxed);  // see frontier()
    // SYNC limit: the space below is free and its commit words are zero.
    state_->limit.store(new_limit, std::memory_order_release);
    return true;
  }

  /// Zeroes the commit words of every place from `first` to `last`, both included.
  void zero_words(std::uint64_t first, std::uint64_t last) noexcept {
    // A copy, because each store could change the member for all the compiler knows; and several words at a
    // time: for short records this loop is a good part of what a publish costs.
    Memory memory = memory_;
    const auto zero = [&memory](std::uint64_t offset) {
      memory.store_word(offset, 0, std::memory_order_relaxed);  // released with the limit
    };
    constexpr std::uint64_t kAtATime = 8;
    while (first <= last) {
      const std::uint64_t offset = first & (capacity_ - 1);
      const std::uint64_t end = std::min(offset + (last - first) + kAlignment, capacity_);
      std::uint64_t at = offset;
      for (; at + kAtATime * kAlignment <= end; at += kAtATime * kAlignment) {
#pragma GCC unroll 8
        for (std::uint64_t i = 0; i < kAtATime; ++i) zero(at + i * kAlignment);
      }
      for (; at < end; at += kAlignment) zero(at);
      first += end - offset;
    }
  }

  [[nodiscard]] std::uint64_t highest_limit(std::uint64_t held_at) const noexcept {
    return held_at + capacity_ - kAlignment;
  }

  [[nodiscard]] std::uint64_t frontier() const noexcept {
    return state_->frontier.load(std::memory_order_relaxed);  // only the holder of the lock stores it
  }

  [[nodiscard]] CommitWord word_at(std::uint64_t position) const noexcept {
    // SYNC commit: the record is written before anybody lets its space go.
    return CommitWord(memory_.load_word(position & (capacity_ - 1), std::memory_order_acquire));
  }

  /// The first position that is not known to be committed, as far as `target` needs it: what open claims
  /// gate. A single producer knows its own, `known_frontier`; others pass 0 and it is walked.
  [[nodiscard]] std::uint64_t walk_frontier(std::uint64_t known_frontier, std::uint64_t target) noexcept {
    std::uint64_t position = std::max(frontier(), known_frontier);
    // SYNC tail: the zeroes beneath it are visible, so a word there is of this lap.
    const std::uint64_t tail = state_->tail.load(std::memory_order_acquire) & ~kClosedBit;
    while (position < tail && highest_limit(position) < target) {
      const CommitWord word = word_at(position);
      if (!word.is_committed()) break;
      position += word.stride();
    }
    return position;
  }

  /// Advances every lossy cursor that stands in the way of `target`, over whole committed records, counting
  /// those that its filter wants (I7). The reader may advance it at the same time: whoever wins the
  /// compare-and-swap owns the span, as delivered or as lost.
  void drop_up_to(std::uint64_t target) noexcept {
    for (std::uint32_t i = 0, n = gates_->cursors_used(); i < n; ++i) {
      Cursor& cursor = gates_->cursor(i);
      // SYNC drop-filter: see GateTable::lowest_fixed.
      const RecordFilter* filter = cursor.drop_filter.load(std::memory_order_acquire);
      if (filter != nullptr) drop(cursor, *filter, target);
    }
  }

  void drop(Cursor& cursor, const RecordFilter& filter, std::uint64_t target) noexcept {
    // SYNC cursor: see GateTable::lowest_cursor.
    std::uint64_t from = cursor.position.load(std::memory_order_acquire);
    // One that stands lower has only been tried: its joiner was too late, and will be told so.
    const std::uint64_t limit = state_->limit.load(std::memory_order_relaxed);  // ours while we hold the lock
    while (from != kNoGate && highest_limit(from) >= limit && highest_limit(from) < target) {
      std::uint64_t lost = 0;
      std::uint64_t to = from;
      while (highest_limit(to) < target) {
        const CommitWord word = word_at(to);
        if (!word.is_committed()) break;  // an open claim: the frontier holds here
        if (word.is_data() && filter.wants(topic_at(to))) ++lost;
        to += word.stride();
      }
      if (to == from) return;
      // SYNC cursor: see GateTable::lowest_cursor.
      if (cursor.position.compare_exchange_strong(from, to, std::memory_order_acq_rel,
                                                  std::memory_order_acquire)) {
        cursor.lost.fetch_add(lost, std::memory_order_relaxed);  // a count, ordering nothing
        return;
      }
    }
  }

  [[nodiscard]] std::uint32_t topic_at(std::uint64_t position) const noexcept {
    return load_topic(memory_.readable((position & (capacity_ - 1)) + kTopicOffset, sizeof(std::uint32_t)));
  }

  RingState<Policy>* state_;
  Memory memory_;
  GateTable<Policy>* gates_;
  std::uint64_t capacity_;
  std::uint64_t chunk_;
  Producers producers_;
};

}  // namespace sluice::log
