#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "sluice/base/counter.hpp"
#include "sluice/bus/detail/subscription_state.hpp"
#include "sluice/bus/dispatcher.hpp"
#include "sluice/topic/pattern.hpp"

#include "bus/dispatch_routes.hpp"

namespace sluice::detail {

/// A dispatcher's insides. Shared by the dispatcher, its handles, and the thread that runs it.
///
/// **Adding.** The adder (1) has every known route of the topics wanted lead to the handler, (2) marks its
/// starts `kDeciding`, (3) fences, (4) makes the log's end the start. Topics without a route yet get theirs
/// under the lock when their first event comes. Each event is dispatched by (a) seeing it committed, (b) a
/// fence, (c) reading its topic's route.
/// - *None is missed.* If (c) reads a route of before (1), (b) came before (3), so (4) reads a tail that
///   covers the event: it lies below the start. If the dispatching thread meets the handler in `kHooking`,
///   the same holds with (2) for (1). If it meets it in `kDeciding`, it decides itself, by the log's end: all
///   routes lead to the handler by then, and it sees them.
/// - *None is seen too early, none twice.* Only events at or above the start pass, the start is decided once
///   (a compare-and-swap), and no route names a handler twice.
///
/// **Removing.** The remover (1) stores `kRemoved`, (2) fences. The dispatching thread (a) names the handler
/// as running, (b) fences, (c) asks its start, (d) calls, (e) names nobody. So either (c) sees the removal,
/// or whoever looks after (2) sees the handler running, and waits until it sees (e).
///
/// **Freeing.** A list or handler taken out of the routes may still be in the hands of a poll. Polls count
/// themselves in and out, fence, and then read routes; what was taken out before a fence after which no poll
/// is counted is out of reach. It is freed there, or else on the way out of a poll. The lock is never held
/// while a callable runs, is destroyed or waited for.
///
/// The fences are the asymmetric pair: dispatching pays nothing for them, adding and removing some
/// microseconds.
class DispatchCore {
 public:
  explicit DispatchCore(std::shared_ptr<SubscriptionState> subscription);

  [[nodiscard]] Result<std::vector<ShardPosition>> add(std::string_view topic,
                                                       const std::shared_ptr<DispatchHandler>& handler);
  /// No call of it begins any more.
  void remove(DispatchHandler& handler) noexcept;
  /// Waits until a removed handler does not run. False, at once, when it runs further down this very stack.
  [[nodiscard]] bool await(const DispatchHandler& handler) noexcept;
  /// Removes all handlers, for good.
  void close() noexcept;

  /// The caller shares the core for as long as this runs: a handler may destroy the dispatcher.
  PollResult poll(std::size_t limit);

  [[nodiscard]] std::uint64_t exceptions() const noexcept { return exceptions_.read(); }

 private:
  class InPoll;
  class Running;

  struct Added {
    std::shared_ptr<DispatchHandler> handler;
    std::optional<std::uint32_t> topic_id;  ///< none: a pattern
    Pattern pattern;
    bool is_closed =
        false;  ///< the dispatcher has ended: the callable goes, too, though there may be a handle
  };
  using Handlers = std::map<std::uint64_t, Added>;  ///< by number, so in the order of adding
  /// What was taken out of the routes; destroyed outside the lock, since callables may go with it.
  struct Retired {
    Retired() = default;
    Retired(Retired&&) noexcept = default;
    Retired& operator=(Retired&&) noexcept = default;
    ~Retired();

    std::unique_ptr<RouteList> lists;
    Handlers handlers;
  };

  // Dispatching.
  void dispatch(const EventView& event);
  void dispatch_to_all(const RouteList& list, const EventView& event);
  void call(DispatchHandler& handler, const EventView& event);
  [[nodiscard]] bool may_begin(DispatchHandler& handler, const EventView& event) noexcept;
  [[nodiscard]] Route resolve(std::uint32_t topic_id);
  void report_current_exception() noexcept;

  // Adding and removing: the lock is held, but by the first three and the last.
  [[nodiscard]] Result<std::vector<ShardPosition>> add_or_throw(
      const Pattern& pattern, const std::shared_ptr<DispatchHandler>& handler);
  [[nodiscard]] Result<void> check(const Pattern& pattern) const;
  [[nodiscard]] std::uint64_t log_end(std::uint32_t shard) const noexcept;
  [[nodiscard]] Result<void> check_open() const;
  [[nodiscard]] Route resolve_locked(std::uint32_t topic_id);
  void hook(const Added& added);
  void retire(Handlers& from, Handlers::iterator added) noexcept;
  /// What no poll can reach any more. The caller has fenced since it was taken out of the routes.
  [[nodiscard]] Retired take_unreachable() noexcept;
  void free_unreachable() noexcept;

  const std::shared_ptr<SubscriptionState> subscription_;
  TopicTable& topics_;
  RouteTable routes_;

  // Written by the dispatching thread, once per call and once per poll.
  alignas(platform::kDestructiveBytes) std::atomic<const DispatchHandler*> running_{nullptr};
  std::atomic<std::uint32_t> polls_{0};     ///< that are running, refused ones included
  std::atomic<std::uint32_t> finished_{0};  ///< futex; counts calls that somebody waited for
  Counter exceptions_;

  // Written by others.
  alignas(platform::kDestructiveBytes) std::atomic<std::uint32_t> awaiting_{0};  ///< threads in `await`
  std::atomic<bool> has_retired_{false};

  std::mutex mutex_;
  Handlers exact_;
  Handlers patterns_;
  Retired retired_;  ///< handlers; its lists are the routes'
  std::uint64_t added_count_ = 0;
};

}  // namespace sluice::detail
