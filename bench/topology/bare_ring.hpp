#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "topology/flow.hpp"
#include "topology/message.hpp"
#include "topology/team.hpp"

/// The limit to compare with: as little as a ring can be on this machine. No topics, no filters, no waking,
/// no joining or leaving. Not a product.
namespace sluice::bench {

/// Slots that say themselves which lap they hold, so that a message and its readiness arrive in the same
/// cache line. Each consumer has a cursor; producers cache the slowest. An idea of the FastForward and
/// Vyukov queues.
template <class M>
class BareRing {
 public:
  static constexpr std::uint64_t kSlots = 8'192;

  explicit BareRing(std::size_t consumers)
      : slots_(std::make_unique<Slot[]>(kSlots)), cursors_(std::make_unique<Cursor[]>(consumers)) {
    consumers_ = consumers;
  }

  /// A single producer's state; `wait` runs while the ring is full.
  struct Producer {
    std::uint64_t next = 0;
    std::uint64_t slowest = 0;
  };

  template <class Wait>
  void push(Producer& producer, const M& message, Wait wait) noexcept {
    while (producer.next - producer.slowest >= kSlots) {
      producer.slowest = slowest(producer.next);
      if (producer.next - producer.slowest >= kSlots) wait();
    }
    put(producer.next++, message);
  }

  /// The same where several producers share the tail.
  template <class Wait>
  void push_shared(Producer& producer, const M& message, Wait wait) noexcept {
    std::uint64_t at = tail_.next.load(std::memory_order_relaxed);  // the compare-and-swap decides
    for (;;) {
      if (at - producer.slowest >= kSlots) {
        producer.slowest = slowest(at);
        if (at - producer.slowest >= kSlots) wait();
        at = tail_.next.load(std::memory_order_relaxed);
        continue;
      }
      // Relaxed: the slot carries the message; the tail only hands out numbers.
      if (tail_.next.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) break;
    }
    put(at, message);
  }

  /// One consumer's state, and its looks at the ring.
  class Reader {
   public:
    Reader(BareRing& ring, std::size_t consumer) : ring_(&ring), cursor_(&ring.cursors_[consumer]) {}

    template <class Handle>
    std::size_t poll(Handle&& handle, std::size_t limit) noexcept {
      std::size_t taken = 0;
      while (taken < limit) {
        const Slot& slot = ring_->slots_[next_ % kSlots];
        // SYNC bare-slot: the message of this lap.
        if (slot.ready.load(std::memory_order_acquire) != next_ + 1) break;
        handle(slot.message);
        ++next_;
        ++taken;
      }
      // SYNC bare-cursor: we have read what lies below it.
      if (taken != 0) cursor_->next.store(next_, std::memory_order_release);
      return taken;
    }

   private:
    BareRing* ring_;
    typename BareRing::Cursor* cursor_;
    std::uint64_t next_ = 0;
  };

 private:
  struct Slot {
    std::atomic<std::uint64_t> ready{0};  ///< position + 1 of the message it holds
    M message;
  };
  struct alignas(platform::kDestructiveBytes) Cursor {
    std::atomic<std::uint64_t> next{0};
  };

  void put(std::uint64_t at, const M& message) noexcept {
    Slot& slot = slots_[at % kSlots];
    slot.message = message;
    // SYNC bare-slot: see poll.
    slot.ready.store(at + 1, std::memory_order_release);
  }
  [[nodiscard]] std::uint64_t slowest(std::uint64_t at) const noexcept {
    std::uint64_t lowest = at;
    for (std::size_t i = 0; i < consumers_; ++i) {
      // SYNC bare-cursor: its owner is done with the slots below.
      lowest = std::min(lowest, cursors_[i].next.load(std::memory_order_acquire));
    }
    return lowest;
  }

  std::unique_ptr<Slot[]> slots_;
  std::unique_ptr<Cursor[]> cursors_;
  std::size_t consumers_ = 0;
  Cursor tail_;
};

/// The ring behind a flow. One ring for everybody; where each message goes to one consumer, a ring for each
/// and turns taken: that balances nothing, and is faster than anything that does.
template <class M>
class BareRingTransport {
 public:
  explicit BareRingTransport(const FlowPlan& plan) : plan_(plan) {
    const std::size_t rings = plan.delivery == Delivery::one_of ? plan.consumers : 1;
    for (std::size_t i = 0; i < rings; ++i) {
      rings_.push_back(std::make_unique<BareRing<M>>(plan.delivery == Delivery::one_of ? 1 : plan.consumers));
    }
  }

  class Sender {
   public:
    explicit Sender(BareRingTransport& transport)
        : transport_(&transport),
          idle_(is_oversubscribed(transport.plan_.threads())),
          producers_(transport.rings_.size()) {}

    void send(std::uint64_t first, std::uint64_t count) {
      if (transport_->plan_.producers > 1) return send_shared(first, count);
      const std::size_t rings = producers_.size();
      M message;
      for (std::uint64_t i = 0; i < count; ++i) {
        message.number(first + i);
        transport_->rings_[ring_]->push(producers_[ring_], message, idle_);
        if (++ring_ == rings) ring_ = 0;
      }
    }

   private:
    void send_shared(std::uint64_t first, std::uint64_t count) {
      BareRing<M>& ring = *transport_->rings_.front();
      M message;
      for (std::uint64_t i = 0; i < count; ++i) {
        message.number(first + i);
        ring.push_shared(producers_.front(), message, idle_);
      }
    }

    BareRingTransport* transport_;
    Idle idle_;
    std::vector<typename BareRing<M>::Producer> producers_;
    std::size_t ring_ = 0;  ///< whose turn it is
  };

  class Receiver {
   public:
    explicit Receiver(typename BareRing<M>::Reader reader) : reader_(reader) {}
    std::size_t receive(Tally& tally) {
      return reader_.poll([&](const M& message) { tally.add(message); }, kPollLimit);
    }

   private:
    static constexpr std::size_t kPollLimit = 256;
    typename BareRing<M>::Reader reader_;
  };

  [[nodiscard]] Sender sender(std::size_t) { return Sender(*this); }
  [[nodiscard]] Receiver receiver(std::size_t consumer) {
    const bool own_ring = plan_.delivery == Delivery::one_of;
    return Receiver({*rings_[own_ring ? consumer : 0], own_ring ? 0 : consumer});
  }

 private:
  FlowPlan plan_;
  std::vector<std::unique_ptr<BareRing<M>>> rings_;
};

}  // namespace sluice::bench
