#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/counter.hpp"
#include "sluice/base/platform.hpp"
#include "sluice/bus/bus.hpp"
#include "sluice/bus/detail/publisher_core.hpp"
#include "sluice/bus/detail/shard.hpp"
#include "sluice/bus/detail/subscription_state.hpp"
#include "sluice/bus/persistence.hpp"
#include "sluice/topic/table.hpp"

#include "base/fork_hook.hpp"
#include "base/home_process.hpp"
#include "bus/deadline.hpp"
#include "bus/group.hpp"
#include "bus/holder.hpp"
#include "bus/keeper.hpp"

namespace sluice::detail {

/// Everything that a bus's handles share: the shards with their memory, the topics, and who is on the bus. It
/// lives as long as the last of them, so that they may be destroyed in any order.
///
/// **Locks.** `mutex_` guards who is on the bus: slots, groups, publishers, runners. Publishing and polling
/// never take it; joining, leaving, waiting publishers and numbers do, for a short time and never around a
/// handler. The topic table's own lock comes after it.
///
/// **Forks.** A forked child has the handles, but no thread of the bus, and any lock may be held by one that
/// is not there. So every call that takes a lock, waits or ends something first asks `is_home`, and in a
/// child does nothing; handles that go there leave what they own alone. The paths that are in a hurry ask
/// nothing: they find the rings closed and every subscription cancelled, which `close_in_child` has seen to.
class Core : public std::enable_shared_from_this<Core> {
 public:
  /// Opens: options are validated, the persistence starts, memory is had.
  [[nodiscard]] static Result<std::shared_ptr<Core>> open(BusOptions options);
  explicit Core(BusOptions options);
  ~Core();

  // Forks: forks.cpp.
  /// False in a forked child.
  [[nodiscard]] bool is_home() const noexcept { return home_.is_here(); }
  /// `forked` in a forked child.
  [[nodiscard]] Result<void> check_home() const;
  [[nodiscard]] Error forked_error() const;

  // Joining: subscribe.cpp and publishers.cpp.
  [[nodiscard]] Result<std::shared_ptr<SubscriptionState>> subscribe(SubscribeOptions options);
  [[nodiscard]] Result<std::shared_ptr<PublisherCore>> publisher(std::string_view topic,
                                                                 std::optional<TypeIdentity> type,
                                                                 PublisherOptions options);
  [[nodiscard]] Result<EventId> publish(std::string_view topic, std::span<const std::byte> payload,
                                        const PublishOptions& options);

  // Leaving. Called once by each that joined.
  void forget(SubscriptionState& subscription) noexcept;
  /// Takes a member out of its queue group, if it still is in it; the last one takes the group along.
  void leave_group(SubscriptionState& subscription) noexcept;
  void forget(PublisherCore& publisher) noexcept;
  [[nodiscard]] Result<int> slot_event_fd(std::uint32_t slot);
  void clear_slot_event_fd(std::uint32_t slot) noexcept;
  /// The last of a subscription that had an eventfd is gone.
  void release_slot(std::uint32_t slot) noexcept;

  // What a durable publish asks of the persistence.
  [[nodiscard]] bool can_sync() const noexcept {
    return options_.persistence != nullptr && options_.persistence->can_sync();
  }
  [[nodiscard]] Result<void> sync(std::uint32_t shard, std::uint64_t position,
                                  std::chrono::nanoseconds timeout) {
    return options_.persistence->sync(shard, position, timeout);
  }

  // Who holds a shard's producers back: holder.cpp.
  [[nodiscard]] Holder find_holder(Shard& shard);
  /// The same as text: `subscription "risk", 4096 bytes behind`; empty when nobody does.
  void describe_holder(Shard& shard, HolderText& text) noexcept;
  /// True when a claim of `bytes` can't be had because of this very thread: its gates, or its open claim.
  [[nodiscard]] bool held_by_this_thread(Shard& shard, std::uint32_t bytes) noexcept;

  // Lifecycle: lifecycle.cpp.
  [[nodiscard]] DrainReport drain(std::chrono::nanoseconds timeout);
  void cancel() noexcept;
  [[nodiscard]] CloseReport close(std::chrono::nanoseconds timeout);
  [[nodiscard]] bool closed() const noexcept {
    // SYNC closed: the final tails are there, or will be.
    return closed_.load(std::memory_order_acquire);
  }
  void add_runner(const std::shared_ptr<RunnerCore>& runner);
  [[nodiscard]] std::vector<std::shared_ptr<RunnerCore>> runners();
  [[nodiscard]] std::vector<std::shared_ptr<SubscriptionState>> subscriptions();
  [[nodiscard]] BusMetrics metrics();
  [[nodiscard]] std::uint64_t published();
  /// A waiting publisher found room that nobody had told it of.
  void count_publisher_rescue() noexcept { publisher_rescues_.add(); }

  [[nodiscard]] Shard& shard(std::uint32_t index) noexcept { return *shards_[index]; }
  [[nodiscard]] std::uint32_t shard_count() const noexcept {
    return static_cast<std::uint32_t>(shards_.size());
  }
  [[nodiscard]] TopicTable& topics() noexcept { return *topics_; }
  [[nodiscard]] Waiter& waiter(std::uint32_t slot) noexcept { return waiters_[slot]; }
  [[nodiscard]] Keeper& keeper() noexcept { return keeper_; }
  [[nodiscard]] const Clock* clock() const noexcept { return options_.clock.get(); }
  [[nodiscard]] const BusOptions& options() const noexcept { return options_; }
  /// The group whose member has, or had, this slot; for telling orphaned spans apart.
  [[nodiscard]] log::Atomic<const Group*>& group_of_slot(std::uint32_t slot) noexcept {
    return slot_groups_[slot];
  }
  [[nodiscard]] std::mutex& mutex() noexcept { return mutex_; }

 private:
  struct Slot {
    std::weak_ptr<SubscriptionState> owner;
    log::Atomic<SubscriptionState*> state{nullptr};  ///< the owner, until it has left; for `close_in_child`
    bool taken = false;
    std::optional<platform::EventFd>
        event_fd;  ///< kept for the next owner: a late signal must never hit a stranger
  };

  void close_in_child() noexcept;
  /// For `publish`, off its path.
  [[nodiscard, gnu::noinline]] Result<const Topic*> intern_new(std::string_view topic_name);

  [[nodiscard]] Result<void> start();
  [[nodiscard]] Result<void> make_shard(std::uint32_t index, std::uint64_t epoch, std::uint64_t position);
  [[nodiscard]] Result<void> define(const Topic& topic);

  [[nodiscard]] ShardMetrics metrics_of(Shard& shard);
  [[nodiscard]] CloseReport await_close(std::unique_lock<std::mutex>& lock, const Deadline& deadline);
  [[nodiscard]] bool is_bus_thread();
  void close_shards() noexcept;
  void name_left_out(const std::vector<std::uint64_t>& targets, DrainReport& report);

  // Under the lock: subscribe.cpp.
  [[nodiscard]] std::optional<std::uint32_t> free_slot() noexcept;
  [[nodiscard]] Result<std::uint32_t> take_cursor();
  [[nodiscard]] Result<void> attach(SubscriptionState& subscription, const Pattern& pattern);
  [[nodiscard]] Result<std::shared_ptr<Group>> make_group(const SubscriptionState& subscription,
                                                          std::span<Shard* const> shards);
  [[nodiscard]] std::vector<Shard*> shards_of(const TopicFilter& filter);
  void close_group(Group& group, std::uint64_t& unfinished) noexcept;
  void sweep_orphans(Group& group, std::uint64_t& unfinished) noexcept;

  const platform::HomeProcess home_;
  BusOptions options_;
  std::unique_ptr<Waiter[]> waiters_;
  std::unique_ptr<log::Atomic<const Group*>[]> slot_groups_;
  std::vector<platform::MappedMemory> memory_;
  std::vector<std::span<std::byte>> given_memory_;  ///< by the persistence, which may share it with others
  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<TopicTable> topics_;
  Keeper keeper_;

  // Under the lock.
  std::mutex mutex_;
  std::vector<Slot> slots_;
  std::vector<bool> cursors_taken_;  ///< by number; the same number on every shard
  std::map<std::string, std::shared_ptr<Group>, std::less<>> groups_;
  std::set<PublisherCore*> publishers_;
  std::vector<std::weak_ptr<RunnerCore>> runners_;
  std::uint64_t subscriptions_made_ = 0;
  std::uint64_t publishers_made_ = 0;
  std::uint64_t published_before_ = 0;  ///< by publishers that are gone
  std::uint64_t rescues_before_ = 0;    ///< of subscriptions that are gone

  // Under a lock of their own, since closing waits for handlers, and those may ask anything of the bus.
  std::mutex close_mutex_;
  std::condition_variable close_done_;
  bool closing_ = false;
  std::optional<CloseReport> close_report_;
  log::Atomic<bool> closed_{false};
  bool persistence_started_ = false;  ///< while opening
  SharedCounter published_by_name_;
  SharedCounter publisher_rescues_;
  std::optional<platform::ForkHook> fork_hook_;  ///< last: no child may find less than all of the above
};

}  // namespace sluice::detail
