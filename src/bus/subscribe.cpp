// How subscriptions and queue groups come onto the bus and leave it.
#include <algorithm>

#include "bus/core.hpp"
#include "bus/options.hpp"
#include "bus/unread.hpp"

namespace sluice::detail {

namespace {

ReadMode mode_of(const SubscribeOptions& options) noexcept {
  if (options.overload == Overload::block)
    return options.group.empty() ? ReadMode::in_place : ReadMode::group_spans;
  return options.group.empty() ? ReadMode::copies : ReadMode::group_copies;
}

/// Which option differs between a group and who wants to join it; empty when none does.
std::string difference(const SubscribeOptions& group, const SubscribeOptions& member) {
  const auto text = [](std::string_view field, std::string_view has, std::string_view wanted) {
    return std::string(field) + " is " + std::string(has) + " there and " + std::string(wanted) + " here";
  };
  const auto quoted = [](const std::string& topic) { return "\"" + (topic.empty() ? ">" : topic) + "\""; };
  if (quoted(group.topic) != quoted(member.topic))
    return text("topic", quoted(group.topic), quoted(member.topic));
  if (group.overload != member.overload) {
    return text("overload", to_string(group.overload), to_string(member.overload));
  }
  if (group.overload == Overload::evict && group.evict_after != member.evict_after) {
    return text("evict_after", std::to_string(group.evict_after.count()) + " ns",
                std::to_string(member.evict_after.count()) + " ns");
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<SubscriptionState>> Core::subscribe(SubscribeOptions options) {
  if (auto home = check_home(); !home) return std::move(home).error();
  if (auto valid = validate(options); !valid) return std::move(valid).error();
  auto pattern = Pattern::parse(options.topic.empty() ? ">" : std::string_view(options.topic));
  if (!pattern) return std::move(pattern).error();

  // Before the lock, so that its destruction on failure comes after it.
  std::shared_ptr<SubscriptionState> subscription;
  const std::lock_guard lock(mutex_);
  if (closed()) return Error{ErrorCode::closed, "the bus is closed: no subscription can join it any more"};
  const auto slot = free_slot();
  if (!slot) {
    return Error{
        ErrorCode::too_many_subscriptions,
        "all " + std::to_string(options_.max_subscriptions) +
            " subscription slots are taken: destroy some, or open the bus with a larger max_subscriptions"};
  }
  if (options.name.empty()) {
    options.name = (options.group.empty() ? std::string() : options.group + ":") +
                   std::string(pattern->text()) + "#" + std::to_string(++subscriptions_made_);
  }
  if (options.overload == Overload::evict) {
    if (auto watching = keeper_.watch_evictions(); !watching) return std::move(watching).error();
  }
  subscription = std::make_shared<SubscriptionState>(shared_from_this(), *slot, options);
  if (auto attached = attach(*subscription, *pattern); !attached) {
    topics_->remove_filter(*slot);
    return std::move(attached).error();
  }
  slots_[*slot].owner = subscription;
  // SYNC slot-state: the subscription is made.
  slots_[*slot].state.store(subscription.get(), std::memory_order_release);
  slots_[*slot].taken = true;
  return subscription;
}

Result<void> Core::attach(SubscriptionState& subscription, const Pattern& pattern) {
  const SubscribeOptions& options = subscription.options;
  subscription.mode = mode_of(options);
  if (const auto found = groups_.find(options.group); !options.group.empty() && found != groups_.end()) {
    if (const std::string what = difference(found->second->options, options); !what.empty()) {
      return Error{ErrorCode::group_options_mismatch,
                   "queue group \"" + options.group + "\" exists with other options: " + what +
                       "; all members of a group have one pattern and one policy"};
    }
    subscription.group = found->second;
    subscription.filter = subscription.group->filter;
    if (auto shared = topics_->add_interest(subscription.slot, subscription.filter); !shared) return shared;
  } else {
    auto filter = topics_->add_filter(pattern, subscription.slot);
    if (!filter) return std::move(filter).error();
    subscription.filter = *std::move(filter);
  }

  const std::vector<Shard*> shards = shards_of(*subscription.filter);
  // Everything that allocates comes before anything that gates.
  subscription.ports = std::make_unique<Port[]>(shards.size());
  subscription.port_count = static_cast<std::uint32_t>(shards.size());
  if (!options.group.empty() && subscription.group == nullptr) {
    auto group = make_group(subscription, shards);
    if (!group) return std::move(group).error();
    subscription.group = *std::move(group);
  }
  if (subscription.mode == ReadMode::copies) {
    auto cursor = take_cursor();
    if (!cursor) return std::move(cursor).error();
    subscription.cursor = *cursor;
  }
  for (std::size_t i = 0; i < shards.size(); ++i) {
    Port& port = subscription.ports[i];
    port.shard = shards[i];
    port.gate = &shards[i]->work_gate(subscription.slot);
    port.copy_gate = &shards[i]->copy_gate(subscription.slot);
    if (subscription.mode == ReadMode::in_place) continue;
    const std::uint32_t cursor =
        subscription.group != nullptr ? subscription.group->cursor : subscription.cursor;
    shards[i]->gates.use_cursors_up_to(cursor);
    port.cursor = &shards[i]->gates.cursor(cursor);
  }
  // Relaxed: a gate store of the slot, which whoever asks has acquired, comes after it.
  slot_groups_[subscription.slot].store(subscription.group.get(), std::memory_order_relaxed);
  if (subscription.group != nullptr) {
    subscription.group->members.push_back(subscription.slot);
    ++subscription.group->attached;
  }
  subscription.join();
  return {};
}

Result<std::shared_ptr<Group>> Core::make_group(const SubscriptionState& subscription,
                                                std::span<Shard* const> shards) {
  auto cursor = take_cursor();
  if (!cursor) return std::move(cursor).error();
  auto group = std::make_shared<Group>(subscription.options, subscription.filter);
  group->cursor = *cursor;
  group->members.reserve(slots_.size());
  group->places = std::make_unique<Group::Place[]>(shards.size());
  group->place_count = static_cast<std::uint32_t>(shards.size());
  groups_[subscription.options.group] = group;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    Group::Place& place = group->places[i];
    shards[i]->gates.use_cursors_up_to(group->cursor);
    place.shard = shards[i];
    place.cursor = &shards[i]->gates.cursor(group->cursor);
    if (group->options.overload == Overload::drop_oldest) {
      log::lend_filter(*place.cursor, *group);
    }
    place.lost_before = log::join_at_tail(shards[i]->ring, shards[i]->lot, *place.cursor).lost_before;
  }
  return group;
}

std::vector<Shard*> Core::shards_of(const TopicFilter& filter) {
  std::vector<Shard*> shards;
  if (filter.pattern().is_exact()) {
    const Topic* topic = topics_->find(filter.pattern().text());  // interned with the filter
    shards.push_back(shards_[topic->shard()].get());
  } else {
    for (const auto& shard : shards_) shards.push_back(shard.get());
  }
  return shards;
}

std::optional<std::uint32_t> Core::free_slot() noexcept {
  const std::uint32_t first = options_.persistence != nullptr ? 1 : 0;  // slot 0 is the tap's
  for (std::uint32_t slot = first; slot < slots_.size(); ++slot) {
    if (slots_[slot].taken) continue;
    // A member's span may have outlived it: its gate is not free before another member has taken it.
    const bool free = std::none_of(shards_.begin(), shards_.end(), [slot](const auto& shard) {
      // SYNC gate: its former owner's reads, and its adopter's, are done.
      return shard->work_gate(slot).value.load(std::memory_order_acquire) != log::kNoGate;
    });
    if (free) return slot;
  }
  return std::nullopt;
}

Result<std::uint32_t> Core::take_cursor() {
  const auto found = std::find(cursors_taken_.begin(), cursors_taken_.end(), false);
  if (found == cursors_taken_.end()) {
    return Error{
        ErrorCode::too_many_subscriptions,
        "all cursors are taken: destroy subscriptions, or open the bus with a larger max_subscriptions"};
  }
  *found = true;
  return static_cast<std::uint32_t>(found - cursors_taken_.begin());
}

void Core::forget(SubscriptionState& subscription) noexcept {
  leave_group(subscription);
  const std::lock_guard lock(mutex_);
  topics_->remove_filter(subscription.slot);
  if (subscription.mode == ReadMode::copies) cursors_taken_[subscription.cursor] = false;
  // Not when the group ends: a member that was evicted in the midst of a claim still knows the cursor.
  if (subscription.group != nullptr && --subscription.group->attached == 0) {
    cursors_taken_[subscription.group->cursor] = false;
  }
  rescues_before_ += subscription.rescues.read();
  slots_[subscription.slot].owner.reset();
  // Relaxed: who is forked before this finds one that has left, and cancels it once more.
  slots_[subscription.slot].state.store(nullptr, std::memory_order_relaxed);
  // Somebody's loop may still wait on the slot's eventfd; it is free when that somebody lets the handle go.
  if (!subscription.has_event_fd()) slots_[subscription.slot].taken = false;
}

void Core::release_slot(std::uint32_t slot) noexcept {
  if (!is_home()) return;
  const std::lock_guard lock(mutex_);
  // SYNC event-fd: no signal after this but late ones, for which the descriptor is kept.
  waiters_[slot].event_fd.store(-1, std::memory_order_release);
  slots_[slot].taken = false;
}

void Core::leave_group(SubscriptionState& subscription) noexcept {
  if (subscription.group == nullptr) return;
  Group& group = *subscription.group;
  const std::lock_guard lock(mutex_);
  std::uint64_t unfinished = 0;
  if (const auto member = std::find(group.members.begin(), group.members.end(), subscription.slot);
      member != group.members.end()) {
    group.members.erase(member);
    for (Group::Place& place : group.all_places())
      place.shared.members.fetch_sub(1, std::memory_order_relaxed);  // a hint for the size of spans
    if (group.members.empty()) {
      close_group(group, unfinished);
    }
  }
  if (group.members.empty()) {
    sweep_orphans(group, unfinished);
    subscription.add_unfinished(unfinished);
  }
  // Whoever is left takes over what this one had begun.
  for (const std::uint32_t slot : group.members) waiters_[slot].wake();
}

/// The last member is gone: what nobody took is counted, and the cursors stop holding producers back.
void Core::close_group(Group& group, std::uint64_t& unfinished) noexcept {
  for (Group::Place& place : group.all_places()) {
    // Under the spare gate: an evicted member may be in the midst of a claim, with its own.
    SpanReader reader(place.shard->ring, place.shard->lot, *place.cursor, place.shard->spare_gate());
    unfinished += withdraw_cursor(reader, *group.filter);
    log::take_filter_back(place.shard->ring, *place.cursor);
  }
  group.end();
  if (const auto found = groups_.find(group.options.group);
      found != groups_.end() && found->second.get() == &group) {
    groups_.erase(found);
  }
}

void Core::sweep_orphans(Group& group, std::uint64_t& unfinished) noexcept {
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
    // Relaxed: stored under the lock, which is held.
    if (slot_groups_[slot].load(std::memory_order_relaxed) != &group) continue;
    for (Group::Place& place : group.all_places()) {
      Gate& gate = place.shard->work_gate(slot);
      const std::uint64_t value =
          gate.value.load(std::memory_order_acquire);  // SYNC orphan: where the span ends
      const log::GatePhase phase = log::gate_phase(value);
      if (value == log::kNoGate || (phase != log::GatePhase::orphaned && phase != log::GatePhase::evicted))
        continue;
      // A member in the midst of a claim may adopt it before us: then it is that one's.
      std::uint64_t expected = value;
      const std::uint64_t position = log::gate_position(value);
      // SYNC orphan: one adopter wins.
      if (!gate.value.compare_exchange_strong(expected, log::gate_value(position, log::GatePhase::adopting),
                                              std::memory_order_acq_rel, std::memory_order_relaxed)) {
        continue;
      }
      place.shared.orphans.fetch_sub(1, std::memory_order_relaxed);  // a hint, see GroupMember
      // Relaxed: the compare-and-swap has acquired it.
      unfinished +=
          unread(*place.shard, position, gate.span_end.load(std::memory_order_relaxed), *group.filter);
      gate.value.store(log::kNoGate, std::memory_order_release);  // SYNC gate: our reads are done
      place.shard->lot.space_freed();
    }
  }
}

Result<int> Core::slot_event_fd(std::uint32_t slot) {
  const std::lock_guard lock(mutex_);
  if (!slots_[slot].event_fd) {
    auto made = platform::EventFd::create();
    if (!made) return std::move(made).error();
    slots_[slot].event_fd = *std::move(made);
  }
  return slots_[slot].event_fd->fd();
}

void Core::clear_slot_event_fd(std::uint32_t slot) noexcept {
  slots_[slot].event_fd->clear();  // made once, never replaced
}

std::vector<std::shared_ptr<SubscriptionState>> Core::subscriptions() {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<SubscriptionState>> all;
  for (const Slot& slot : slots_) {
    if (auto owner = slot.owner.lock()) all.push_back(std::move(owner));
  }
  return all;
}

}  // namespace sluice::detail
