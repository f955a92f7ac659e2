// What a publish does when it can't go on: it waits for room, or says why it does not.
#include <algorithm>
#include <string>

#include "sluice/bus/detail/publisher_core.hpp"

#include "bus/backstop.hpp"
#include "bus/core.hpp"
#include "bus/deadline.hpp"

namespace sluice::detail {

namespace {

constexpr int kQuickLooks = 4;
constexpr int kSpins = 16;
constexpr int kYields = 20;

void relax_a_little() noexcept {
  for (int i = 0; i < 8; ++i) log::Machine::relax();
}

/// Lets go of what this thread's own running polls hold, up to the events at hand.
void store_own_gates() noexcept {
  for (const ActivePoll* poll = active_poll; poll != nullptr; poll = poll->outer) {
    if (poll->port == nullptr) continue;
    const std::uint64_t at =
        poll->subscription->at_position.load(std::memory_order_relaxed);  // this thread's own store
    if (at != log::kNoGate) poll->subscription->store_gate_up_to(*poll->port, at);
  }
}

}  // namespace

void SubscriptionState::store_gate_up_to(Port& port, std::uint64_t position) noexcept {
  if (mode == ReadMode::in_place && port.stored < position) {
    port.stored = position;
    // SYNC gate: our reads below it are done before the space is reused.
    port.gate->value.store(position, std::memory_order_release);
  } else if (mode == ReadMode::group_spans) {
    // SYNC gate: the same; the span's end stays as it is.
    port.gate->value.store(log::gate_value(position, log::GatePhase::working), std::memory_order_release);
  } else {
    return;
  }
  port.shard->lot.space_freed();
}

log::Reservation PublisherCore::reserve(std::uint32_t bytes) noexcept {
  const log::Reservation space = shard->ring.try_reserve(cache_, bytes);
  if (space.status == log::ClaimStatus::would_block && cache_.raised) {
    // Too little for us, but maybe not for another that waits.
    cache_.raised = false;
    shard->lot.space_freed();
  }
  // A sleeper that wants none of these events must move its gate all the same before it holds us up; and what
  // a single producer had to abort in a closed ring may be what a reader sleeps behind.
  if (cache_.tight || space.status == log::ClaimStatus::closed) {
    cache_.tight = false;
    shard->lot.wake_all();
  }
  return space;
}

template <class Pause>
log::Reservation PublisherCore::look_again(std::uint32_t bytes, int looks, Pause pause) noexcept {
  log::Reservation space;
  for (int look = 0; look < looks && space.status == log::ClaimStatus::would_block; ++look) {
    pause();
    space = reserve(bytes);
  }
  return space;
}

log::Reservation PublisherCore::find_room(std::uint32_t bytes, MayWait may_wait,
                                          std::chrono::nanoseconds deadline) noexcept {
  log::Reservation space = reserve(bytes);
  if (space.status == log::ClaimStatus::ok) return space;
  // Where a reader runs a ring behind, room is moments away, and what real waiting takes is dearer than that.
  // Not within a handler, whose own gate may be what is in the way.
  if (space.status == log::ClaimStatus::would_block && may_wait == MayWait::yes && active_poll == nullptr) {
    space = look_again(bytes, kQuickLooks, relax_a_little);
  }
  if (space.status == log::ClaimStatus::would_block) space = wait_for_room(bytes, may_wait, deadline);
  switch (space.status) {
    case log::ClaimStatus::ok:
      if (may_wait == MayWait::yes) waited.add();
      break;
    case log::ClaimStatus::closed:
      refuse(PublishStatus::closed);
      break;
    case log::ClaimStatus::would_block:
      break;  // refused where the reason was known
  }
  return space;
}

log::Reservation PublisherCore::wait_for_room(std::uint32_t bytes, MayWait may_wait,
                                              std::chrono::nanoseconds deadline) noexcept {
  shard->lot.wake_all();
  store_own_gates();
  log::Reservation space = reserve(bytes);
  if (space.status != log::ClaimStatus::would_block) return space;
  core_->keeper().refused(shard->context.shard);
  if (may_wait == MayWait::no || deadline.count() == 0) {
    would_block.add();
    refuse(PublishStatus::would_block, bytes);
    return {};
  }
  if (core_->held_by_this_thread(*shard, bytes)) {
    refuse(PublishStatus::would_deadlock, bytes);
    return {};
  }

  space = look_again(bytes, kSpins, log::Machine::relax);
  if (space.status == log::ClaimStatus::would_block) space = look_again(bytes, kYields, log::Machine::yield);
  const Deadline until = Deadline::in(deadline);
  while (space.status == log::ClaimStatus::would_block) {
    const std::chrono::nanoseconds left = until.left();
    if (left.count() == 0) {
      timed_out.add();
      refuse(PublishStatus::timed_out, bytes);
      break;
    }
    space = sleep_for_room(bytes, left);
  }
  return space;
}

log::Reservation PublisherCore::sleep_for_room(std::uint32_t bytes,
                                               std::chrono::nanoseconds timeout) noexcept {
  const std::uint32_t ticket = shard->lot.want_space();
  log::Reservation space = reserve(bytes);
  if (space.status != log::ClaimStatus::would_block) return space;
  core_->keeper().refused(shard->context.shard);
  shard->lot.await_space(ticket, std::min(timeout, kBackstop));
  if (timeout >= 2 * kBackstop && shard->lot.space_unreleased(ticket) &&
      shard->ring.has_room(cache_, bytes)) {
    // Whoever made the room may have been interrupted before telling us: as for subscriptions, see
    // waiting.cpp.
    shard->lot.await_space(ticket, kBackstop);
    if (shard->lot.space_unreleased(ticket)) core_->count_publisher_rescue();
  }
  return reserve(bytes);
}

PublishResult PublisherCore::refuse_length(std::size_t length) noexcept {
  return refuse(max_length_ == 0 ? PublishStatus::claim_open : PublishStatus::too_large, length);
}

PublishResult PublisherCore::refuse(PublishStatus status, std::uint64_t bytes) noexcept {
  failure_.status = status;
  failure_.bytes = bytes;
  failure_.batch = false;
  failure_.holder[0] = '\0';
  if (status == PublishStatus::timed_out) {
    core_->describe_holder(*shard, failure_.holder);
  }
  return {status, 0};
}

PublishResult PublisherCore::refuse_batch(std::uint64_t bytes) noexcept {
  const PublishResult result = refuse(PublishStatus::too_large, bytes);
  failure_.batch = true;
  return result;
}

Error PublisherCore::describe_failure() const {
  if (!core_->is_home()) return core_->forked_error();
  const std::string at = "publishing to \"" + std::string(topic->name()) + "\": ";
  std::string holder(failure_.holder.data());
  // Too dear for a call that is made in a loop; who holds the ring now will do.
  if (failure_.status == PublishStatus::would_block) {
    HolderText held_by{};
    core_->describe_holder(*shard, held_by);
    holder = held_by.data();
  }
  const std::string size = std::to_string(failure_.bytes);
  const std::string capacity = std::to_string(shard->ring.capacity_bytes());
  const auto error = [&](const std::string& what) {
    return Error{to_error_code(failure_.status), at + what};
  };
  switch (failure_.status) {
    case PublishStatus::ok:
      return {ErrorCode::invalid_option, at + "no call has failed"};
    case PublishStatus::would_block:
      return error("the ring of " + capacity + " bytes is full" +
                   (holder.empty() ? "" : ", held by " + holder) +
                   ": publish() waits for room, try_publish() does not");
    case PublishStatus::timed_out:
      return error("the ring of " + capacity + " bytes stayed full until the deadline" +
                   (holder.empty() ? "" : ", held by " + holder) +
                   ": poll it (more often), destroy it, or give it the overload policy drop_oldest or evict");
    case PublishStatus::would_deadlock:
      return error(
          "the ring of " + capacity +
          " bytes is full, and this very thread holds it back, with the event that it is handling or with "
          "a claim that it has open: publish from another thread, enlarge capacity_bytes, or use "
          "try_publish and go on later");
    case PublishStatus::too_large:
      return failure_.batch
                 ? error("a batch that takes more than " + std::to_string(shard->ring.max_batch_bytes()) +
                         " bytes (it needs at least " + size + "), which is a quarter of the ring of " +
                         capacity + " bytes: split it, or enlarge capacity_bytes")
                 : error("a record of " + size + " bytes, header included, is more than the " +
                         std::to_string(shard->ring.max_record_bytes()) + " bytes that a ring of " +
                         capacity + " bytes takes (an eighth): split it, or enlarge capacity_bytes");
    case PublishStatus::claim_open:
      return error("this publisher has an open claim: commit or abort it first");
    case PublishStatus::closed:
      return error("the bus is closed");
    case PublishStatus::invalid_metadata:
      return error(
          "metadata keys must be unique and not empty, and all pairs may take 65,535 bytes (four more for "
          "each pair): correct them");
    case PublishStatus::invalid_option:
      return error("a TTL or deadline is negative: give 0 for none, or a positive one");
    case PublishStatus::unsupported:
      return error(
          "a durable publish needs a bus with a persistence that can sync: open it with a journal, or leave "
          "PublishOptions::durable out");
    case PublishStatus::durability_unknown:
      return error("the event is published, at position " + size + ", but the disk has not confirmed it: " +
                   holder + "; look at durable_position, and don't publish it again");
  }
  return error("unknown");
}

}  // namespace sluice::detail
