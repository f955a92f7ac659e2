#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "sluice/base/result.hpp"
#include "sluice/bus/detail/poll.hpp"
#include "sluice/bus/event.hpp"
#include "sluice/bus/options.hpp"
#include "sluice/bus/poll_result.hpp"

namespace sluice {

/// A cursor over the bus's shards with a filter and an overload policy. Made by `Bus::subscribe`.
///
/// **Thread safety.** `poll`, `next` and `wait` are for one thread at a time (another's call is refused as
/// `busy`); `cancel` and the numbers are for any. **Memory ordering.** A handler sees everything its event's
/// publisher did before publishing. **Handlers** may publish, subscribe, cancel and close. One that throws
/// has consumed its event: `poll` passes the exception on, a bus thread reports it and goes on.
///
/// Destroying it ends the subscription; so does `cancel`, which takes effect when a running callback returns.
class [[nodiscard]] Subscription {
 public:
  Subscription(Subscription&&) noexcept = default;
  Subscription& operator=(Subscription&&) noexcept = default;

  /// Calls `handler(const EventView&)` for each event that is there, at most `limit`, in log order per shard,
  /// on this thread. Never waits.
  template <class Handler>
  PollResult poll(Handler&& handler, std::size_t limit = kDefaultPollLimit) {
    return detail::poll(*state_, handler, limit);
  }

  /// The next event, owned. `timed_out` when none came; `evicted`, `cancelled` or `closed` when none will.
  [[nodiscard]] Result<Event> next(std::chrono::nanoseconds timeout);

  /// Waits as `SubscribeOptions::wait` says, until `poll` would find something (or an end); false on
  /// time-out. Now and then true for no reason, like any wait: poll and see.
  bool wait(std::chrono::nanoseconds timeout);

  /// A descriptor that is readable when `poll` should be called: for epoll loops. Made on the first call;
  /// every later `poll` keeps it armed. Owned by the subscription: don't read, write or close it.
  [[nodiscard]] Result<int> event_fd();

  /// Ends it: no handler is called after the one that is running. Any thread, any number of times.
  void cancel() noexcept;

  [[nodiscard]] const std::string& name() const noexcept;
  /// Events given to handlers.
  [[nodiscard]] std::uint64_t received() const noexcept;
  /// Events that matched and were dropped unseen (`drop_oldest`; for a group's member: the group's).
  [[nodiscard]] std::uint64_t lost() const noexcept;
  /// Bytes of log between its cursor and the newest event, over all its shards.
  [[nodiscard]] std::uint64_t lag_bytes() const noexcept;
  /// Once ended: matching events that it left behind unread, unless another member of its group takes them.
  [[nodiscard]] std::uint64_t unfinished() const noexcept;

 private:
  friend class Bus;
  friend class Dispatcher;
  explicit Subscription(std::shared_ptr<detail::SubscriptionState> state) noexcept;

  detail::SubscriptionHandle state_;
};

}  // namespace sluice
