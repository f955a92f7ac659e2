#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>

#include "sluice/log/parking.hpp"

namespace sluice::log {

/// One shard, as a reader that is about to sleep on it sees it.
template <class T, class Policy>
concept SleepPlace = requires(T place) {
  { place.lot() } -> std::same_as<ParkingLot<Policy>&>;
  /// The shard's tail, acquired.
  { place.tail() } -> std::convertible_to<std::uint64_t>;
  /// Whether something is there to be read; may step over records that the reader does not want.
  { place.ready() } -> std::convertible_to<bool>;
  /// Where the reader's next look begins: no wanted record that it has looked at lies at or above it.
  { place.position() } -> std::convertible_to<std::uint64_t>;
};

/// One turn of sleeping: takes a ticket of its waiter when it is made, and sleeps no longer than nobody has
/// woken the waiter since. To be made before anything is looked at that a waker may have changed.
///
/// **Why no wake is lost.** A waker stores its reason, then counts the word. If the ticket counts that wake,
/// the looks that follow see the reason (SYNC wake); if not, the word has changed, and the futex does not
/// sleep.
template <class Policy>
class Nap {
 public:
  explicit Nap(Waiter<Policy>& waiter) noexcept
      : waiter_(&waiter),
        // SYNC wake: the reason for a wake that came before this ticket is seen by the looks that follow.
        ticket_(waiter.word.load(std::memory_order_acquire)) {}

  /// Until woken, or for `timeout`, or less for no reason at all.
  void sleep(std::chrono::nanoseconds timeout) noexcept {
    Policy::futex_wait(waiter_->word, ticket_, timeout);
  }
  [[nodiscard]] bool was_woken() const noexcept {
    // Relaxed: who asks looks again for what it waits for, whatever the answer.
    return waiter_->word.load(std::memory_order_relaxed) != ticket_;
  }

 private:
  Waiter<Policy>* waiter_;
  std::uint32_t ticket_;
};

/// Sets the bits of a reader that no commit escapes, one that it does not want included, and looks. True: it
/// may sleep, until somebody wakes its slot. False: it must stay awake, and `rise`.
template <class Policy, class Lots, class Ready>
[[nodiscard]] bool fall_asleep_for_any(Lots&& lots, std::uint32_t slot, Ready&& ready) noexcept {
  for (ParkingLot<Policy>& lot : lots) lot.sleep_for_any(slot);
  // SYNC park: a commit that we don't see from here on sees our bit.
  Policy::heavy_fence();
  return !ready();
}

/// Sets the bits of a reader that sleeps through what it does not want, and looks. True: it may sleep, until
/// somebody wakes its slot. False: there is something to read, or may be; it must stay awake, and `rise`.
///
/// **Why no wake is lost.** Let W be a wanted record at or above the reader's position. Its producer commits
/// it, fences and looks for bits; we set ours, fence and look for W. One of the two sees the other.
/// 1. *We see W*: `ready` finds it and we stay awake, or it stops at an open claim below W.
/// 2. *W's producer sees our bit*: it wakes us, since we want W. We look again, and are back in the first
/// case.
///
/// That leaves the open claim. If its record turns out to be one that we don't want, its commit wakes no
/// filtered sleeper, though it uncovers W. So whoever stops below the tail sleeps for any commit, and looks
/// once more behind a fence of its own: the claim may have been committed before that bit. The tail is read
/// behind the first fence: who claims beyond it commits behind that fence, too, and sees the filtered bit.
///
/// The bits stand until a waker takes them or `rise` does, so a sleeper that the futex lets go for no reason
/// can still be found.
template <class Policy, class Places>
[[nodiscard]] bool fall_asleep(Places&& places, std::uint32_t slot) noexcept {
  for (auto&& place : places) place.lot().sleep_filtered(slot);
  // SYNC park: a commit that we don't see from here on sees our bit.
  Policy::heavy_fence();
  bool behind_a_claim = false;
  for (SleepPlace<Policy> auto&& place : places) {
    // Whoever claims beyond this tail sees our bit when it commits.
    const std::uint64_t tail = place.tail();
    if (place.ready()) return false;
    if (place.position() >= tail) continue;
    // Behind an open claim only any commit will do: one that we want may come first and wake nobody.
    place.lot().sleep_for_any(slot);
    behind_a_claim = true;
  }
  if (!behind_a_claim) return true;
  // SYNC park: as above, for the bits set since.
  Policy::heavy_fence();
  for (auto&& place : places) {
    if (place.ready()) return false;
  }
  return true;
}

/// Takes the bits away that no waker has taken.
template <class Lots>
void rise(Lots&& lots, std::uint32_t slot) noexcept {
  for (auto& lot : lots) (void)lot.rise(slot);
}

}  // namespace sluice::log
