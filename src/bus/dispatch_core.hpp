#pragma once

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
#include "sluice/log/retirement.hpp"
#include "sluice/topic/pattern.hpp"

#include "bus/dispatch_routes.hpp"

namespace sluice::detail {

/// A dispatcher's insides. Shared by the dispatcher, its handles, and the thread that runs it.
///
/// **Adding** has every known route of the topics wanted lead to the handler, and then decides where it
/// starts (log/start_line.hpp: no event is missed or seen too early). Topics without a route yet get theirs
/// under the lock when their first event comes. No event is seen twice, since no route names a handler twice.
///
/// **Removing** and **freeing** are log/retirement.hpp's. What is retired are handlers, and lists of them
/// that routes no longer lead to. The lock is never held while a callable runs, is destroyed or waited for.
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
  /// False in a forked child, which must leave it alone: its lock may be held by nobody.
  [[nodiscard]] bool is_home() const noexcept;

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
  /// What no poll can reach any more. The caller has made a heavy fence since it was taken out of the routes.
  [[nodiscard]] Retired take_unreachable() noexcept;
  void free_unreachable() noexcept;

  const std::shared_ptr<SubscriptionState> subscription_;
  TopicTable& topics_;
  RouteTable routes_;

  log::Retirement<log::Machine, DispatchHandler> retirement_;
  Counter exceptions_;  ///< the dispatching thread's

  std::mutex mutex_;
  Handlers exact_;
  Handlers patterns_;
  Retired retired_;  ///< handlers; its lists are the routes'
  std::uint64_t added_count_ = 0;
};

}  // namespace sluice::detail
