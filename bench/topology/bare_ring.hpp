#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "sluice/base/platform.hpp"

#include "topology/transport.hpp"

/// The limit to compare with: as little as a ring can be on this machine. No topics, no filters, no waking,
/// no joining or leaving. Not a product.
namespace sluice::bench {

/// How far each consumer has read, on a line of its own.
class BareCursors {
 public:
  struct alignas(platform::kDestructiveBytes) Cursor {
    std::atomic<std::uint64_t> next{0};
  };

  explicit BareCursors(std::size_t consumers)
      : cursors_(std::make_unique<Cursor[]>(consumers)), consumers_(consumers) {}

  [[nodiscard]] Cursor& of(std::size_t consumer) noexcept { return cursors_[consumer]; }
  [[nodiscard]] std::uint64_t slowest(std::uint64_t at) const noexcept {
    std::uint64_t lowest = at;
    for (std::size_t i = 0; i < consumers_; ++i) {
      // SYNC bare-cursor: its owner is done with the slots below.
      lowest = std::min(lowest, cursors_[i].next.load(std::memory_order_acquire));
    }
    return lowest;
  }

 private:
  std::unique_ptr<Cursor[]> cursors_;
  std::size_t consumers_;
};

/// Slots that say themselves which lap they hold, so that a message and its readiness arrive in the same
/// cache line. Each consumer has a cursor; producers cache the slowest. An idea of the FastForward and
/// Vyukov queues. `kAlignment` is that of the slots.
template <class M, std::size_t kAlignment = alignof(std::uint64_t)>
class BareRing {
 public:
  static constexpr std::uint64_t kSlots = kBacklog;

  explicit BareRing(std::size_t consumers) : slots_(std::make_unique<Slot[]>(kSlots)), cursors_(consumers) {}

  /// A producer's own state.
  struct Producer {
    std::uint64_t next = 0;
    std::uint64_t slowest = 0;
  };

  /// For a single producer; `wait` runs while the ring is full.
  template <class Wait>
  void push(Producer& producer, const M& message, Wait wait) noexcept {
    while (producer.next - producer.slowest >= kSlots) {
      producer.slowest = cursors_.slowest(producer.next);
      if (producer.next - producer.slowest >= kSlots) wait();
    }
    put(producer.next++, message);
  }

  /// Where several producers share the tail: slots for all `count` messages are taken at once.
  template <class Wait>
  void push_shared(Producer& producer, const M* messages, std::uint64_t count, Wait wait) noexcept {
    std::uint64_t at = tail_.next.load(std::memory_order_relaxed);  // the compare-and-swap decides
    for (;;) {
      if (at + count - producer.slowest > kSlots) {
        producer.slowest = cursors_.slowest(at);
        if (at + count - producer.slowest > kSlots) wait();
        at = tail_.next.load(std::memory_order_relaxed);
        continue;
      }
      // Relaxed: the slots carry the messages; the tail only hands out numbers.
      if (tail_.next.compare_exchange_weak(at, at + count, std::memory_order_relaxed)) break;
    }
    for (std::uint64_t i = 0; i < count; ++i) put(at + i, messages[i]);
  }

  /// One consumer's state, and its looks at the ring.
  class Reader {
   public:
    Reader(BareRing& ring, std::size_t consumer) : ring_(&ring), cursor_(&ring.cursors_.of(consumer)) {}

    template <class Handle>
    void poll(Handle&& handle, std::size_t limit) noexcept {
      const std::uint64_t began = next_;
      while (next_ - began < limit) {
        const Slot& slot = ring_->slots_[next_ % kSlots];
        // SYNC bare-slot: the message of this lap.
        if (slot.ready.load(std::memory_order_acquire) != next_ + 1) break;
        handle(slot.message);
        ++next_;
      }
      // SYNC bare-cursor: we have read what lies below it.
      if (next_ != began) cursor_->next.store(next_, std::memory_order_release);
    }

   private:
    BareRing* ring_;
    BareCursors::Cursor* cursor_;
    std::uint64_t next_ = 0;
  };

 private:
  struct alignas(kAlignment) Slot {
    std::atomic<std::uint64_t> ready{0};  ///< position + 1 of the message it holds
    M message;
  };

  void put(std::uint64_t at, const M& message) noexcept {
    Slot& slot = slots_[at % kSlots];
    slot.message = message;
    // SYNC bare-slot: see poll.
    slot.ready.store(at + 1, std::memory_order_release);
  }

  std::unique_ptr<Slot[]> slots_;
  BareCursors cursors_;
  BareCursors::Cursor tail_;
};

/// Slots that hold the message alone, and one index that a single producer stores once per batch: the best
/// there is for batches, and bistable without them.
template <class M>
class BareBatchRing {
 public:
  static constexpr std::uint64_t kSlots = kBacklog;

  explicit BareBatchRing(std::size_t consumers)
      : slots_(std::make_unique<M[]>(kSlots)), cursors_(consumers) {}

  struct Producer {
    std::uint64_t next = 0;
    std::uint64_t slowest = 0;
  };

  /// `M` is what `messages` point to, or made of it.
  template <class From, class Wait>
  void push(Producer& producer, const From* messages, std::uint64_t count, Wait wait) noexcept {
    while (producer.next + count - producer.slowest > kSlots) {
      producer.slowest = cursors_.slowest(producer.next);
      if (producer.next + count - producer.slowest > kSlots) wait();
    }
    for (std::uint64_t i = 0; i < count; ++i) {
      slots_[(producer.next + i) % kSlots] = M(messages[i]);
    }
    producer.next += count;
    // SYNC bare-tail: the messages below it.
    tail_.next.store(producer.next, std::memory_order_release);
  }

  class Reader {
   public:
    Reader(BareBatchRing& ring, std::size_t consumer) : ring_(&ring), cursor_(&ring.cursors_.of(consumer)) {}

    template <class Handle>
    void poll(Handle&& handle, std::size_t limit) noexcept {
      // SYNC bare-tail: see push. Asked only when what was known is read.
      if (next_ == end_) end_ = ring_->tail_.next.load(std::memory_order_acquire);
      const std::uint64_t until = std::min(end_, next_ + limit);
      if (until == next_) return;
      for (; next_ != until; ++next_) handle(ring_->slots_[next_ % kSlots]);
      // SYNC bare-cursor: we have read what lies below it.
      cursor_->next.store(next_, std::memory_order_release);
    }

   private:
    BareBatchRing* ring_;
    BareCursors::Cursor* cursor_;
    std::uint64_t next_ = 0;
    std::uint64_t end_ = 0;
  };

 private:
  std::unique_ptr<M[]> slots_;
  BareCursors cursors_;
  BareCursors::Cursor tail_;
};

}  // namespace sluice::bench
