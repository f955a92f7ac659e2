// How a subscription waits: spins, yields, sleeps; and how its eventfd is armed by the same protocol.
#include <algorithm>
#include <ranges>

#include "sluice/bus/detail/subscription_state.hpp"
#include "sluice/log/sleep.hpp"

#include "bus/backstop.hpp"
#include "bus/core.hpp"
#include "bus/deadline.hpp"
#include "bus/unread.hpp"

namespace sluice::detail {

using Nap = log::Nap<log::Machine>;

bool SubscriptionState::wait(const WaitStrategy& strategy, std::chrono::nanoseconds timeout) noexcept {
  // The next poll says what ended it; who is busy or reentrant has nothing to wait for.
  if (const PollStatus status = lock(); status != PollStatus::ok) {
    return status != PollStatus::busy && status != PollStatus::reentrant;
  }
  const Deadline deadline = Deadline::in_or_never(timeout);
  bool is_ready = ready();
  for (std::uint32_t spin = 0; !is_ready && spin < strategy.spins && timeout.count() != 0; ++spin) {
    log::Machine::relax();
    is_ready = ready();
  }
  for (std::uint32_t yield = 0; !is_ready && !deadline.passed(); is_ready = ready()) {
    if (yield < strategy.yields || !strategy.park) {
      ++yield;
      log::Machine::yield();
    } else {
      park(std::min(deadline.left(), kBackstop));
    }
  }
  // SYNC nudge: either we take the nudge and see what it was for, or it stays for the next wait.
  if (is_ready) (void)nudged_.exchange(false, std::memory_order_acq_rel);
  // What the last poll armed, sleeping has disarmed.
  if (has_event_fd_) arm_event_fd(is_ready);
  exit();
  return is_ready;
}

bool SubscriptionState::ready() noexcept {
  if (!copies.empty() || woken_for_good()) return true;
  return std::any_of(begin(), end(), [this](Port& port) { return ready(port); });
}

bool SubscriptionState::woken_for_good() const noexcept {
  // Relaxed: each is stored before the wake whose word the sleeper has read.
  return must_stop() || nudged_.load(std::memory_order_relaxed) || (core->closed() && at_the_end());
}

bool SubscriptionState::ready(Port& port) noexcept {
  if (mode == ReadMode::in_place) return skip_unwanted(port);
  if (port.span_at != port.span_end || (port.member && port.member->has_orphans())) return true;
  SpanReader& reader = port.member ? port.member->reader() : *port.reader;
  return reader.cursor_position() != port.shard->ring.tail() && skip_unwanted(port, reader);
}

bool SubscriptionState::has_event(Port& port) noexcept {
  if (mode == ReadMode::in_place) {
    return unread(*port.shard, port.next, port.shard->ring.tail(), *filter) != 0;
  }
  return unread_at_cursor(port.member ? port.member->reader() : *port.reader, *filter) != 0;
}

/// One port, as the protocol of sleeping sees it.
class SubscriptionState::SleepingPort {
 public:
  SleepingPort(SubscriptionState& owner, Port& port) noexcept : owner_(&owner), port_(&port) {}

  [[nodiscard]] ParkingLot& lot() const noexcept { return port_->shard->lot; }
  [[nodiscard]] std::uint64_t tail() const noexcept { return port_->shard->ring.tail(); }
  [[nodiscard]] bool ready() const noexcept { return owner_->ready(*port_); }
  [[nodiscard]] std::uint64_t position() const noexcept {
    return owner_->mode == ReadMode::in_place ? port_->next : owner_->position(*port_);
  }

 private:
  SubscriptionState* owner_;
  Port* port_;
};

bool SubscriptionState::fall_asleep() noexcept {
  return log::fall_asleep<log::Machine>(
      std::ranges::subrange(begin(), end()) |
          std::views::transform([this](Port& port) { return SleepingPort(*this, port); }),
      slot);
}

void SubscriptionState::rise() noexcept {
  log::rise(std::ranges::subrange(begin(), end()) |
                std::views::transform([](Port& port) -> ParkingLot& { return port.shard->lot; }),
            slot);
}

void SubscriptionState::park(std::chrono::nanoseconds timeout) noexcept {
  Nap nap(core->waiter(slot));
  if (fall_asleep() && !woken_for_good()) {
    nap.sleep(timeout);
    if (timeout == kBackstop && !nap.was_woken() && was_forgotten()) {
      // A publisher may have been interrupted between its commit and its look at the bits: give it time to
      // wake us before calling it a lost wake-up.
      nap.sleep(kBackstop);
      if (!nap.was_woken() && was_forgotten()) rescues.add(1);
    }
  }
  rise();
}

bool SubscriptionState::was_forgotten() noexcept {
  return std::any_of(begin(), end(),
                     [this](Port& port) { return port.shard->lot.is_asleep(slot) && has_event(port); });
}

void SubscriptionState::wake() noexcept {
  core->waiter(slot).wake();
}

void SubscriptionState::nudge() noexcept {
  // SYNC nudge: what the caller stored before.
  nudged_.store(true, std::memory_order_release);
  wake();
}

Result<int> SubscriptionState::open_event_fd() {
  if (auto home = core->check_home(); !home) return std::move(home).error();
  if (const PollStatus status = lock(); status != PollStatus::ok) {
    return Error{status == PollStatus::evicted     ? ErrorCode::evicted
                 : status == PollStatus::cancelled ? ErrorCode::cancelled
                 : status == PollStatus::reentrant ? ErrorCode::reentrant
                                                   : ErrorCode::busy,
                 "subscription \"" + name + "\" can't give an eventfd now (" +
                     std::string(to_string(status)) + "): ask for it before it is polled by others or ended"};
  }
  Result<int> fd = core->slot_event_fd(slot);
  if (fd) {
    has_event_fd_ = true;
    core->clear_slot_event_fd(slot);  // of what its former owner left
    // SYNC event-fd: made before a waker may signal it. SYNC event-fd-opened: see Waiter::wake.
    core->waiter(slot).event_fd.store(*fd, std::memory_order_release);
    arm_event_fd(ready());
  }
  exit();
  return fd;
}

void SubscriptionState::arm_event_fd(bool readable) noexcept {
  // The reasons that are no events are looked at behind the fence of falling asleep: see Waiter::wake.
  if (readable || !copies.empty() || !fall_asleep() || woken_for_good()) {
    rise();
    // Relaxed: the owner's own store.
    platform::signal_event_fd(core->waiter(slot).event_fd.load(std::memory_order_relaxed));
  }
}

void SubscriptionState::disarm_event_fd() noexcept {
  rise();
  core->clear_slot_event_fd(slot);
}

}  // namespace sluice::detail
