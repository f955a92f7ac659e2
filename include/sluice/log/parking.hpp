#pragma once

#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <memory>

#include "sluice/log/ring.hpp"

namespace sluice::log {

/// Where one subscription's thread sleeps, or which eventfd stands for it. It belongs to a slot, not to a
/// subscription, so that a publisher may wake a slot whose subscription has just left.
template <class Policy>
struct alignas(64) Waiter {
  template <class T>
  using Atomic = typename Policy::template Atomic<T>;

  Atomic<std::uint32_t> word{0};  ///< counts wakes; the futex
  Atomic<int> event_fd{-1};       ///< signalled as well when it is not negative
  Atomic<std::uint64_t> wakes{0};

  void wake() noexcept {
    // SYNC wake: the commit that is the reason for it.
    word.fetch_add(1, std::memory_order_release);
    Policy::futex_wake_all(word);
    // SYNC event-fd-opened: an owner that stores its descriptor now sees our reason behind its heavy fence,
    // or we see the descriptor.
    Policy::light_fence();
    // SYNC event-fd: the descriptor as its owner armed it.
    const int fd = event_fd.load(std::memory_order_acquire);
    if (fd >= 0) Policy::signal(fd);
    wakes.fetch_add(1, std::memory_order_relaxed);  // a count for metrics
  }
};

/// Who sleeps on a shard. Publishers look at a few words after each commit and pay nothing more while nobody
/// that wants their event is parked (I6).
///
/// **Protocol** (the classic store/load pair, with the asymmetric fence). Parker: set a bit; heavy fence;
/// look for an event; sleep. Publisher: commit; light fence; look for a bit. One of the two sees the other.
///
/// **Filtered or any.** A `filtered` sleeper is woken only by topics it wants. It may sleep so only once it
/// has looked at everything below the tail as that was after the barrier: behind an open claim of a topic it
/// does not want, a commit that it wants would be followed by one that wakes nobody, and it would sleep on.
/// There it sleeps for `any` commit.
template <class Policy>
class ParkingLot {
  template <class T>
  using Atomic = typename Policy::template Atomic<T>;

 public:
  /// `slots` waiters, one per subscription slot, shared by all shards and outliving them.
  ParkingLot(Waiter<Policy>* waiters, std::uint32_t slots)
      : more_words_((slots + 63) / 64 - 1),
        waiters_(waiters),
        more_(std::make_unique<Sleepers[]>(more_words_)) {}

  /// After a commit: wakes whom the event concerns. `interest(word)` gives the 64 slots' wishes for its
  /// topic.
  template <class Interest>
  void notify(Interest&& interest) noexcept {
    // SYNC park: our commit is visible to whoever set a bit that we don't see.
    Policy::light_fence();
    // One line and one branch while nobody waits for anything and one word holds all slots. Relaxed: as in
    // asleep_in.
    if ((asleep_in(first_) | space_wanted_.load(std::memory_order_relaxed) | more_words_) != 0) [[unlikely]]
      notify_all(interest);
  }

  /// Wakes everybody: a lagging sleeper must move its gate, or the shard is closing.
  [[gnu::noinline]] void wake_all() noexcept {
    // SYNC park: an abort of ours is visible to whoever set a bit that we don't see.
    Policy::light_fence();
    for (std::uint32_t word = 0; word <= more_words_; ++word) {
      if (const std::uint64_t due = asleep_in(sleepers(word)); due != 0) wake(word, due);
    }
  }

  void sleep_filtered(std::uint32_t slot) noexcept {
    // SYNC sleeper: the waiter as its owner made it, eventfd included, is visible to whoever takes the bit.
    sleepers(slot / 64).filtered.fetch_or(bit(slot), std::memory_order_release);
  }
  void sleep_for_any(std::uint32_t slot) noexcept {
    // SYNC sleeper: the same.
    sleepers(slot / 64).any.fetch_or(bit(slot), std::memory_order_release);
  }
  /// True when nobody had begun to wake the slot.
  bool rise(std::uint32_t slot) noexcept { return take(slot / 64, bit(slot)) != 0; }

  /// True while nobody has begun to wake the slot.
  [[nodiscard]] bool is_asleep(std::uint32_t slot) const noexcept {
    // Relaxed: whoever asks has waited long for a waker that may have begun.
    return (asleep_in(sleepers(slot / 64)) & bit(slot)) != 0;
  }

  /// A gate moved: a publisher that waits for room may look again. Costs a load while none does.
  void space_freed() noexcept {
    // SYNC space: the gate is visible to a publisher that we don't see waiting.
    Policy::light_fence();
    // Relaxed: the fence orders it; a stale one costs a wake for nothing.
    if (space_wanted_.load(std::memory_order_relaxed) != 0) [[unlikely]]
      release_space();
  }
  /// True while a publisher waits for room; a hint that gates should be stored often.
  [[nodiscard]] bool space_wanted() const noexcept {
    // Relaxed: a hint; who stores its gate calls space_freed all the same.
    return space_wanted_.load(std::memory_order_relaxed) != 0;
  }

  /// What a publisher that found no room does: take a ticket, announce, try once more, then sleep on the
  /// ticket.
  [[nodiscard]] std::uint32_t want_space() noexcept {
    // SYNC space-freed: the room that an earlier release made.
    const std::uint32_t ticket = space_.load(std::memory_order_acquire);
    space_wanted_.store(1, std::memory_order_relaxed);  // ordered by the fence
    // SYNC space: a gate that moves after this sees us waiting; one that moved before is seen by our next
    // try.
    Policy::heavy_fence();
    return ticket;
  }
  void await_space(std::uint32_t ticket, std::chrono::nanoseconds timeout) noexcept {
    Policy::futex_wait(space_, ticket, timeout);
  }
  /// True when nobody released space since the ticket was taken.
  [[nodiscard]] bool space_unreleased(std::uint32_t ticket) const noexcept {
    // Relaxed: whoever asks has waited long, and tries to claim, whatever the answer.
    return space_.load(std::memory_order_relaxed) == ticket;
  }

 private:
  /// 64 slots' bits.
  struct Sleepers {
    Atomic<std::uint64_t> filtered{0};
    Atomic<std::uint64_t> any{0};
  };

  [[nodiscard]] Sleepers& sleepers(std::uint64_t word) noexcept {
    return word == 0 ? first_ : more_[word - 1];
  }
  [[nodiscard]] const Sleepers& sleepers(std::uint64_t word) const noexcept {
    return word == 0 ? first_ : more_[word - 1];
  }
  [[nodiscard]] static std::uint64_t asleep_in(const Sleepers& sleepers) noexcept {
    // Relaxed: the fences order them; a stale bit costs a wake for nothing.
    return sleepers.filtered.load(std::memory_order_relaxed) | sleepers.any.load(std::memory_order_relaxed);
  }

  template <class Interest>
  [[gnu::noinline]] void notify_all(Interest& interest) noexcept {
    for (std::uint32_t word = 0; word <= more_words_; ++word) {
      const Sleepers& asleep = sleepers(word);
      if (asleep_in(asleep) == 0) continue;
      const std::uint64_t any = asleep.any.load(std::memory_order_relaxed);  // as in asleep_in
      const std::uint64_t filtered = asleep.filtered.load(std::memory_order_relaxed);
      if (const std::uint64_t due = any | (filtered & interest(word)); due != 0) wake(word, due);
    }
    if (space_wanted_.load(std::memory_order_relaxed) != 0) release_space();  // as in asleep_in
  }

  static constexpr std::uint64_t bit(std::uint32_t slot) noexcept { return std::uint64_t{1} << (slot % 64); }

  std::uint64_t take(std::uint32_t word, std::uint64_t mask) noexcept {
    // SYNC sleeper: the waiters whose bits these are, as their owners made them. Who clears a bit wakes its
    // slot; the waiter's word carries what the owner is to see.
    return (sleepers(word).filtered.fetch_and(~mask, std::memory_order_acquire) |
            sleepers(word).any.fetch_and(~mask, std::memory_order_acquire)) &
           mask;
  }

  [[gnu::noinline]] void wake(std::uint32_t word, std::uint64_t due) noexcept {
    for (std::uint64_t taken = take(word, due); taken != 0; taken &= taken - 1) {
      waiters_[word * 64 + static_cast<std::uint32_t>(std::countr_zero(taken))].wake();
    }
  }

  [[gnu::noinline]] void release_space() noexcept {
    // Relaxed: one of several that saw the wish answers it; the count carries the order.
    if (space_wanted_.exchange(0, std::memory_order_relaxed) == 0) return;
    // SYNC space-freed: the gate that moved.
    space_.fetch_add(1, std::memory_order_release);
    Policy::futex_wake_all(space_);
  }

  // What every publish looks at, in one line.
  alignas(64) Sleepers first_;
  Atomic<std::uint64_t> space_wanted_{0};
  const std::uint64_t more_words_;  ///< words of slots beyond the first

  Waiter<Policy>* waiters_;
  std::unique_ptr<Sleepers[]> more_;
  alignas(64) Atomic<std::uint32_t> space_{0};
};

}  // namespace sluice::log
