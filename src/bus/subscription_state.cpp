#include "sluice/bus/detail/subscription_state.hpp"

#include <algorithm>
#include <cstring>

#include "bus/core.hpp"
#include "bus/history.hpp"
#include "bus/unread.hpp"

namespace sluice::detail {

SubscriptionState::SubscriptionState(std::shared_ptr<Core> owner, std::uint32_t number,
                                     const SubscribeOptions& given)
    : core(std::move(owner)), slot(number), options(given), name(given.name) {}

SubscriptionState::~SubscriptionState() {
  if (has_event_fd_) core->release_slot(slot);
}

PollStatus SubscriptionState::lock() noexcept {
  const std::uint64_t self = platform::current_thread_id();
  // Relaxed: only a bus thread's own number matters to it, and it stored that itself.
  const std::uint64_t owner = runner.load(std::memory_order_relaxed);
  if (owner != 0 && owner != self && !turnstile.is_inside(self)) return PollStatus::busy;
  const std::uint64_t holder = turnstile.try_enter(self);
  if (holder != 0) return holder == self ? PollStatus::reentrant : PollStatus::busy;
  const PollStatus ended = end_status();
  if (ended != PollStatus::ok) exit();
  return ended;
}

void SubscriptionState::exit() noexcept {
  // The handle may have been destroyed by a handler: then this is what keeps us alive until here.
  const std::shared_ptr<SubscriptionState> last = std::move(keep_alive);
  turnstile.exit([this] { leave_once(); });
}

PollStatus SubscriptionState::enter() noexcept {
  const PollStatus status = lock();
  if (status == PollStatus::ok && has_event_fd_) [[unlikely]]
    disarm_event_fd();
  return status;
}

PollStatus SubscriptionState::end_status() const noexcept {
  const std::uint32_t asked = turnstile.asked();
  if ((asked & kEvicted) != 0) return PollStatus::evicted;
  if ((asked & kCancelled) != 0) return PollStatus::cancelled;
  return PollStatus::ok;
}

bool SubscriptionState::hides(const std::byte* record) noexcept {
  std::int64_t expires_at_ns;
  std::memcpy(&expires_at_ns, record + log::kHeaderBytes, sizeof expires_at_ns);
  if (expires_at_ns > now_by(core->clock())) return false;
  expired.add(1);
  return true;
}

PollResult SubscriptionState::finish(std::size_t events, std::size_t limit) noexcept {
  if (port_count > 1 && ++first_port == port_count) first_port = 0;
  PollStatus status = end_status();
  if (status == PollStatus::ok && events == 0 && limit != 0 && at_the_end()) status = PollStatus::closed;
  if (has_event_fd_) [[unlikely]]
    arm_event_fd(status != PollStatus::ok || events == limit || woken_for_good());
  return {status, events};
}

std::uint64_t SubscriptionState::position(const Port& port) const noexcept {
  // SYNC gate: what was read, and handled, below it.
  if (port.cursor == nullptr) return log::gate_position(port.gate->value.load(std::memory_order_acquire));
  // SYNC cursor: what was taken from the cursor shows in `in_hand` or in a gate.
  return port.cursor->position.load(std::memory_order_acquire);
}

bool SubscriptionState::done_below(const Port& port, std::uint64_t target) const noexcept {
  // SYNC in-hand: what the handler of the last event below did.
  if (position(port) < target || port.in_hand.load(std::memory_order_acquire) < target) return false;
  if (mode != ReadMode::group_spans && mode != ReadMode::group_copies) return true;
  for (std::uint32_t other = 0; other < core->options().max_subscriptions; ++other) {
    // Relaxed: set before the slot's first gate store, which is acquired below.
    if (core->group_of_slot(other).load(std::memory_order_relaxed) != group.get()) continue;
    // SYNC gate: what was handled below it.
    const std::uint64_t value = port.shard->work_gate(other).value.load(std::memory_order_acquire);
    if (value == log::kNoGate || log::gate_position(value) >= target) continue;
    // Another member's span is its own to finish; one that was left behind is anybody's.
    const log::GatePhase phase = log::gate_phase(value);
    const bool left_behind = phase == log::GatePhase::orphaned || phase == log::GatePhase::evicted ||
                             phase == log::GatePhase::adopting;
    if (left_behind) return false;
  }
  // Our own last: who adopts stores its gate before it clears the orphan's. SYNC gate: as above.
  const std::uint64_t own = port.gate->value.load(std::memory_order_acquire);
  return own == log::kNoGate || log::gate_position(own) >= target;
}

bool SubscriptionState::at_the_end() const noexcept {
  if (!core->closed() || !copies.empty()) return false;
  return std::all_of(begin(), end(), [this](const Port& port) {
    const std::uint64_t last = port.shard->final_tail();
    if (last == log::kNoGate) return false;
    return port.cursor == nullptr ? port.next >= last : done_below(port, last);
  });
}

std::uint64_t SubscriptionState::lost() const noexcept {
  if (group != nullptr) return group->lost();
  if (left()) return lost_at_end_.load(std::memory_order_relaxed);  // acquired by `left`
  return mode == ReadMode::copies ? lost_now() : 0;
}

std::uint64_t SubscriptionState::lost_now() const noexcept {
  std::uint64_t sum = 0;
  for (const Port& port : *this) sum += port.cursor->lost.load(std::memory_order_relaxed);  // a count
  return sum - lost_before_;
}

std::uint64_t SubscriptionState::wakes() const noexcept {
  return core->waiter(slot).wakes.load(std::memory_order_relaxed) - wakes_before_;  // a count for metrics
}

std::uint64_t SubscriptionState::in_its_hands() noexcept {
  const std::lock_guard lock(core->mutex());  // for the spare gate
  // Nothing is published any more, so what its gates protected stays as it is, wherever they move now.
  std::uint64_t events = copies_left.load(std::memory_order_relaxed);
  bool handling = false;
  for (Port& port : *this) {
    // Relaxed: see SubscriptionState.
    const bool is_here = at_port.load(std::memory_order_relaxed) == &port;
    const std::uint64_t at = is_here ? at_position.load(std::memory_order_relaxed) : log::kNoGate;
    handling = handling || at != log::kNoGate;
    if (mode == ReadMode::in_place) {
      events +=
          unread(*port.shard, at != log::kNoGate ? at : position(port), port.shard->ring.tail(), *filter);
    } else if (mode == ReadMode::copies) {
      SpanReader reader(port.shard->ring, port.shard->lot, *port.cursor, port.shard->spare_gate());
      events += unread_at_cursor(reader, *filter);
    } else if (mode == ReadMode::group_spans && at != log::kNoGate) {
      // Relaxed: nothing is published any more, so an older span's end can only count less.
      events += unread(*port.shard, at, port.gate->span_end.load(std::memory_order_relaxed), *filter);
    }
  }
  return handling && events > 0 ? events - 1 : events;  // the event at hand counts as handled
}

std::uint64_t SubscriptionState::lag_bytes() const noexcept {
  if (left()) return 0;
  std::uint64_t sum = 0;
  for (const Port& port : *this) {
    // An event in hand is not done with yet. Relaxed: a number, out of date as soon as it is read.
    const std::uint64_t at = std::min(position(port), port.in_hand.load(std::memory_order_relaxed));
    const std::uint64_t tail = port.shard->ring.tail();
    if (at < tail) sum += tail - at;
  }
  return sum;
}

}  // namespace sluice::detail
