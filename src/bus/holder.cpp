#include "bus/holder.hpp"

#include <algorithm>
#include <cstring>

#include "bus/core.hpp"

namespace sluice::detail {

namespace {

/// True when whoever stands at `position` keeps a claim that ends at `end` from being had.
bool holds(const Shard& shard, std::uint64_t position, std::uint64_t end) noexcept {
  return position != log::kNoGate && position + shard.ring.capacity_bytes() - log::kAlignment < end;
}

/// Where a subscription's own gate holds the shard back, or `kNoGate`. A lossy cursor never does.
std::uint64_t held_at(const SubscriptionState& subscription, const Port& port) noexcept {
  if (subscription.mode == ReadMode::copies) {
    if (subscription.options.overload == Overload::drop_oldest) return log::kNoGate;
    // SYNC cursor: no older than what its mover let others see.
    return port.cursor->position.load(std::memory_order_acquire);
  }
  // SYNC gate: no older than what its owner let others see.
  const std::uint64_t value = port.gate->value.load(std::memory_order_acquire);
  return value == log::kNoGate ? value : log::gate_position(value);
}

class Lowest {
 public:
  /// Keeps the lower of two; `describe` fills in the rest when it is the new one.
  template <class Describe>
  void offer(std::uint64_t position, Describe&& describe) {
    if (position >= holder_.position) return;
    holder_ = {};
    holder_.position = position;
    describe(holder_);
  }
  [[nodiscard]] Holder take() && { return std::move(holder_); }

 private:
  Holder holder_;
};

}  // namespace

Holder Core::find_holder(Shard& shard) {
  Lowest lowest;
  std::vector<std::shared_ptr<SubscriptionState>> owners;  // let go of after the lock: one may be the last to
  const std::lock_guard lock(mutex_);
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
    auto owner = slots_[slot].owner.lock();
    if (owner == nullptr) {
      // SYNC gate: as in held_at.
      const std::uint64_t value = shard.work_gate(slot).value.load(std::memory_order_acquire);
      if (value == log::kNoGate) continue;
      lowest.offer(log::gate_position(value), [&](Holder& holder) {
        holder.name = slot == 0 && options_.persistence != nullptr
                          ? "the persistence"
                          : "what a member left of a queue group unfinished";
      });
      continue;
    }
    for (const Port& port : *owner) {
      if (port.shard != &shard) continue;
      lowest.offer(held_at(*owner, port), [&](Holder& holder) {
        holder.name = "subscription \"" + owner->name + "\"";
        holder.subscription = owner->name;
        if (owner->options.overload == Overload::evict) holder.member = owner;
      });
    }
    owners.push_back(std::move(owner));
  }
  for (const auto& [name, group] : groups_) {
    if (group->options.overload == Overload::drop_oldest) continue;
    for (const Group::Place& place : group->all_places()) {
      if (place.shard != &shard) continue;
      // SYNC cursor: as in held_at.
      const std::uint64_t position = place.cursor->position.load(std::memory_order_acquire);
      lowest.offer(position, [&](Holder& holder) {
        holder.name = "queue group \"" + name + "\"";
        if (group->options.overload == Overload::evict) holder.group = group;
      });
    }
  }
  for (const PublisherCore* publisher : publishers_) {
    if (publisher->shard != &shard) continue;
    // Relaxed: see PublisherCore.
    lowest.offer(publisher->claim_position.load(std::memory_order_relaxed), [&](Holder& holder) {
      holder.name = "an open claim of publisher \"" + publisher->name + "\"";
    });
  }
  return std::move(lowest).take();
}

void Core::describe_holder(Shard& shard, HolderText& text) noexcept {
  try {
    const Holder holder = find_holder(shard);
    if (holder.position == log::kNoGate) return;
    const std::uint64_t tail = shard.ring.tail();
    const std::string words = holder.name + ", " +
                              std::to_string(tail > holder.position ? tail - holder.position : 0) +
                              " bytes behind";
    const std::size_t bytes = std::min(words.size(), text.size() - 1);
    std::memcpy(text.data(), words.data(), bytes);
    text[bytes] = '\0';
  } catch (const std::bad_alloc&) {
    text[0] = '\0';  // the failure itself is told all the same
  }
}

bool Core::held_by_this_thread(Shard& shard, std::uint32_t bytes) noexcept {
  const std::uint64_t end = shard.ring.end_of_claim(bytes);
  for (const ActivePoll* poll = active_poll; poll != nullptr; poll = poll->outer) {
    const SubscriptionState& subscription = *poll->subscription;
    for (const Port& port : subscription) {
      if (port.shard != &shard) continue;
      if (holds(shard, held_at(subscription, port), end)) return true;
      // A group's cursor is moved by its other members, if there are any. SYNC cursor: as in held_at.
      if (subscription.group != nullptr && subscription.options.overload != Overload::drop_oldest &&
          subscription.group->is_alone(shard) &&
          holds(shard, port.cursor->position.load(std::memory_order_acquire), end)) {
        return true;
      }
    }
  }
  const std::lock_guard lock(mutex_);
  const std::uint64_t self = platform::current_thread_id();
  return std::any_of(publishers_.begin(), publishers_.end(), [&](const PublisherCore* publisher) {
    // Relaxed: our own stores.
    return publisher->shard == &shard && publisher->claim_thread.load(std::memory_order_relaxed) == self &&
           holds(shard, publisher->claim_position.load(std::memory_order_relaxed), end);
  });
}

}  // namespace sluice::detail
