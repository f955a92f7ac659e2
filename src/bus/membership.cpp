// How a subscription comes to hold producers back, and how it stops.
#include "sluice/bus/detail/subscription_state.hpp"

#include "bus/core.hpp"
#include "bus/unread.hpp"

namespace sluice::detail {

void SubscriptionState::join() noexcept {
  wakes_before_ = core->waiter(slot).wakes.load(std::memory_order_relaxed);  // a count for metrics
  for (Port& port : *this) join(port);
}

void SubscriptionState::join(Port& port) noexcept {
  Shard& shard = *port.shard;
  shard.gates.use_gates_up_to(Shard::work_gate_number(slot) + 1);
  switch (mode) {
    case ReadMode::in_place:
      port.next = port.stored = join_at_tail(shard, port.gate->value);
      return;
    case ReadMode::copies:
      port.reader.emplace(shard.ring, shard.lot, *port.cursor, *port.gate);
      if (options.overload == Overload::drop_oldest) {
        log::lend_filter(*port.cursor, lost_filter_);
      }
      lost_before_ += log::join_at_tail(shard.ring, shard.lot, *port.cursor).lost_before;
      return;
    case ReadMode::group_spans:
    case ReadMode::group_copies: {
      GroupShared& shared = group->place_on(shard).shared;
      port.member.emplace(shard.ring, shard.lot, shard.gates, shared, *port.cursor, *port.gate);
      shared.members.fetch_add(1, std::memory_order_relaxed);  // a hint for the size of spans
      return;
    }
  }
}

void SubscriptionState::request(std::uint32_t bits) noexcept {
  if (!core->is_home()) return;
  turnstile.ask(bits);
  // Before leaving, which takes the eventfd away from the waiter.
  wake();
  turnstile.carry_out_unless_busy(platform::current_thread_id(), [this] { leave_once(); });
}

void SubscriptionState::end_of(std::shared_ptr<SubscriptionState> subscription) noexcept {
  SubscriptionState& state = *subscription;
  if (!state.core->is_home()) return platform::abandon(std::move(subscription));
  if (is_polled_here(state)) state.keep_alive = subscription;
  state.request(kCancelled);
}

void SubscriptionState::leave_once() noexcept {
  if (!left() && core->is_home()) leave();
}

void SubscriptionState::leave() noexcept {
  // What an evictable member had copied goes to another with its span; every other copy ends here.
  if (mode == ReadMode::copies || options.overload == Overload::drop_oldest) add_unfinished(copies.size());
  copies.clear();
  copies_left.store(0, std::memory_order_relaxed);  // a number for others
  for (Port& port : *this) leave(port);
  if (mode == ReadMode::copies) {
    for (Port& port : *this) log::take_filter_back(port.shard->ring, *port.cursor);
  }
  if (mode == ReadMode::copies) lost_at_end_.store(lost_now(), std::memory_order_relaxed);  // released below
  // SYNC left: the final count.
  left_.store(true, std::memory_order_release);
  core->forget(*this);
}

void SubscriptionState::leave(Port& port) noexcept {
  Shard& shard = *port.shard;
  switch (mode) {
    case ReadMode::in_place:
      add_unfinished(unread(shard, port.next, shard.ring.tail(), *filter));
      log::leave_gate(shard.lot, *port.gate);
      break;
    case ReadMode::copies:
      add_unfinished(withdraw_cursor(*port.reader, *filter));
      break;
    case ReadMode::group_spans:
    case ReadMode::group_copies:
      (void)port.member->leave();
      break;
  }
  // SYNC in-hand: what its handlers did.
  port.in_hand.store(log::kNoGate, std::memory_order_release);
  shard.lot.space_freed();
}

void SubscriptionState::evict() noexcept {
  // First of all, so that its own thread takes nothing more.
  turnstile.announce(kEvicted);
  {
    const std::lock_guard lock(core->mutex());  // while we hold it, the slot is not another's
    if (!left()) {
      for (Port& port : *this) evict(port);
    }
  }
  core->leave_group(*this);
  request(kEvicted);
  for (Port& port : *this) port.shard->lot.space_freed();
}

void SubscriptionState::evict(Port& port) noexcept {
  if (mode == ReadMode::copies) {
    // Its own gates may be in use, by a claim or a copy under way.
    SpanReader reader(port.shard->ring, port.shard->lot, *port.cursor, port.shard->spare_gate());
    add_unfinished(withdraw_cursor(reader, *filter));
    return;
  }
  if (mode != ReadMode::group_copies) return;
  GroupShared& shared = group->place_on(*port.shard).shared;
  // SYNC gate: the event at hand. If it moves on meanwhile, it is taken away a step later.
  std::uint64_t value = port.gate->value.load(std::memory_order_acquire);
  while (log::gate_phase(value) == log::GatePhase::working &&
         !GroupMember::evict(*port.gate, log::gate_position(value), shared)) {
    // SYNC gate: as above.
    value = port.gate->value.load(std::memory_order_acquire);
  }
}

}  // namespace sluice::detail
