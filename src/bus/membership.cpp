// How a subscription comes to hold producers back, and how it stops.
#include "sluice/bus/detail/subscription_state.hpp"

#include "bus/core.hpp"
#include "bus/unread.hpp"

namespace sluice::detail {

void SubscriptionState::join() noexcept {
  wakes_before_ = core->waiter(slot).wakes.load(std::memory_order_relaxed);
  for (Port& port : *this) join(port);
  if (mode == ReadMode::copies) lost_before_ = lost_now();
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
        // SYNC drop-filter: what the raiser asks before it counts a record as lost.
        port.cursor->drop_filter.store(&lost_filter_, std::memory_order_release);
      }
      (void)join_at_tail(shard, port.cursor->position);
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
  // Relaxed: ordered by the fence.
  control.fetch_or(bits, std::memory_order_relaxed);
  // SYNC control: a poller that exits sees the request, or we see that nobody polls.
  platform::heavy_fence();
  // Before leaving, which takes the eventfd away from the waiter.
  wake();
  try_leave();
}

void SubscriptionState::end_of(std::shared_ptr<SubscriptionState> subscription) noexcept {
  SubscriptionState& state = *subscription;
  if (is_polled_here(state)) state.keep_alive = subscription;
  state.request(kCancelled);
}

void SubscriptionState::try_leave() noexcept {
  std::uint64_t nobody = 0;
  // SYNC poller: ports and copies as their last holder left them.
  if (!poller.compare_exchange_strong(nobody, platform::current_thread_id(), std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
    return;  // whoever polls will see the request on the way out
  }
  if (!left()) leave();
  // SYNC poller: see above. Nothing is missed: a subscription leaves once.
  poller.store(0, std::memory_order_release);
}

void SubscriptionState::leave() noexcept {
  // What an evictable member had copied goes to another with its span; every other copy ends here.
  if (mode == ReadMode::copies || options.overload == Overload::drop_oldest) add_unfinished(copies.size());
  copies.clear();
  copies_left.store(0, std::memory_order_relaxed);
  for (Port& port : *this) leave(port);
  if (mode == ReadMode::copies) {
    for (Port& port : *this) port.shard->release_cursor(*port.cursor);
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
      // SYNC gate: our reads are done before the space is reused.
      port.gate->value.store(log::kNoGate, std::memory_order_release);
      break;
    case ReadMode::copies:
      add_unfinished(withdraw_cursor(*port.reader, *filter));
      break;
    case ReadMode::group_spans:
    case ReadMode::group_copies:
      (void)port.member->leave();
      break;
  }
  port.in_hand.store(log::kNoGate, std::memory_order_release);
  shard.lot.space_freed();
}

void SubscriptionState::evict() noexcept {
  // First of all, so that its own thread takes nothing more. Relaxed: ordered by the request below.
  control.fetch_or(kEvicted, std::memory_order_relaxed);
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
    value = port.gate->value.load(std::memory_order_acquire);
  }
}

}  // namespace sluice::detail
