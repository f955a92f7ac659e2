#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sluice/base/result.hpp"
#include "sluice/bus/detail/dispatch_handler.hpp"
#include "sluice/bus/options.hpp"
#include "sluice/bus/poll_result.hpp"
#include "sluice/bus/subscription.hpp"

namespace sluice {

namespace detail {
class DispatchCore;
}

/// What a dispatcher sees, and what becomes of it when it is slow. As in `SubscribeOptions`; a queue group is
/// not offered, because its members would each need every handler.
struct DispatcherOptions {
  /// A topic or a pattern, the widest that a handler may ask for; empty: the firehose. Any event of it wakes
  /// the dispatcher and is looked at, wanted by a handler or not.
  std::string topic = {};
  Overload overload = Overload::block;
  std::chrono::nanoseconds evict_after = std::chrono::seconds(1);  ///< with `evict`: 1 ms to 1 hour
  std::string name = {};   ///< in errors, notices and metrics; default: made of the topic and a number
  WaitStrategy wait = {};  ///< how `wait` and bus threads wait
};

/// A place in one shard's log.
struct ShardPosition {
  std::uint32_t shard = 0;
  std::uint64_t position = 0;

  friend bool operator==(const ShardPosition&, const ShardPosition&) = default;
};

/// A handler's place in a dispatcher. Destroying it removes the handler, waits for a call of it that is
/// running, and destroys the callable; so what the callable refers to may go right after.
///
/// On the thread that runs the dispatcher's handlers, inside one of them, it returns at once; a callable that
/// is itself running is then destroyed when the dispatcher's poll returns. Elsewhere, don't destroy it while
/// you hold what a call of it waits for.
///
/// **Thread safety.** One thread at a time, any thread. It may outlive dispatcher and bus.
class [[nodiscard]] HandlerHandle {
 public:
  HandlerHandle(HandlerHandle&&) noexcept;
  HandlerHandle& operator=(HandlerHandle&&) noexcept;
  ~HandlerHandle();

  /// No call of the handler begins after this returns; one that has begun goes on. Idempotent, never waits.
  /// The callable lives on until the handle is destroyed. (One that owns its own handle should therefore
  /// destroy it: neither would ever go after a mere `remove`.)
  void remove() noexcept;
  /// Lets the handler stay for as long as the dispatcher does; the handle is done.
  void detach() noexcept;

  /// From where on it sees events, on each shard that it may hear of (one for a topic, all for a pattern):
  /// every matching event at or above, none below. Not below the log's end when `add` was called, and not
  /// above its end when `add` returned.
  [[nodiscard]] const std::vector<ShardPosition>& from() const noexcept { return from_; }

 private:
  friend class Dispatcher;
  HandlerHandle(std::shared_ptr<detail::DispatchCore> core, std::shared_ptr<detail::DispatchHandler> handler,
                std::vector<ShardPosition> from) noexcept;
  void end() noexcept;

  std::shared_ptr<detail::DispatchCore> core_;
  std::shared_ptr<detail::DispatchHandler> handler_;
  std::vector<ShardPosition> from_;
};

/// Many handlers, one pass: a subscription whose events are handed to whichever handlers want their topic, by
/// one look-up per event however many there are. Made by `Bus::dispatcher`; for a thread with a loop of its
/// own (`poll`), or for a bus thread (`Bus::run`).
///
/// **When not to use it.** Handlers that must not wait for each other, or need policies of their own: give
/// them subscriptions. Handlers on a fraction of the traffic: give the dispatcher a topic, since it wakes for
/// all of it and looks at all of it.
///
/// **Order.** A handler sees its events in log order per shard; handlers of one event are called in the order
/// in which they were added. **Exceptions.** A handler that throws has consumed its event; the others get it
/// all the same. `poll` then passes the exception on (the first, if several threw: the others become
/// notices), and a bus thread reports it and goes on.
///
/// **Thread safety.** `add`, `cancel` and the numbers are for any thread, handlers included; `poll` and
/// `wait` for one at a time. **Memory ordering.** A handler sees everything its event's publisher did before
/// publishing, and whoever added it before adding.
///
/// Destroying it ends it and removes its handlers, whose callables go with it, or when the poll that is
/// running returns.
class Dispatcher {
 public:
  Dispatcher(Dispatcher&&) noexcept = default;
  Dispatcher& operator=(Dispatcher&&) noexcept;
  ~Dispatcher();

  /// Calls `handler(const EventView&)` for every event of a topic, or of all topics that match a pattern
  /// (also those to come), that is published after the call. A topic is interned. Errors: those of patterns
  /// and topics; `invalid_option` when nothing can be both in it and in the dispatcher's topic; `closed`,
  /// `cancelled`, `evicted`; `out_of_memory`. Some microseconds, and linear in the topics seen so far for a
  /// pattern.
  template <class Handler>
  requires std::invocable < std::decay_t<Handler>
  &, const EventView& > [[nodiscard]] Result<HandlerHandle> add(std::string_view topic, Handler&& handler) {
    return add(topic, std::make_unique<detail::DispatchHandlerOf<std::decay_t<Handler>>>(
                          std::forward<Handler>(handler)));
  }

  /// Hands out the events that are there, at most `limit`, on this thread, in log order per shard. Never
  /// waits for events. `PollResult::events` counts what was looked at, wanted by a handler or not: 0 means
  /// that nothing was there. A topic's first event costs an allocation, and throws `std::bad_alloc` without
  /// one.
  PollResult poll(std::size_t limit = kDefaultPollLimit);

  /// As for subscriptions.
  bool wait(std::chrono::nanoseconds timeout) { return subscription_.wait(timeout); }
  [[nodiscard]] Result<int> event_fd() { return subscription_.event_fd(); }
  /// Ends it: no handler is called after the one that is running. Any thread, any number of times.
  void cancel() noexcept { subscription_.cancel(); }

  [[nodiscard]] const std::string& name() const noexcept { return subscription_.name(); }
  /// Events looked at.
  [[nodiscard]] std::uint64_t received() const noexcept { return subscription_.received(); }
  /// Events of its topic that were dropped unseen (`drop_oldest`).
  [[nodiscard]] std::uint64_t lost() const noexcept { return subscription_.lost(); }
  /// Bytes of log between its cursor and the newest event, over all its shards.
  [[nodiscard]] std::uint64_t lag_bytes() const noexcept { return subscription_.lag_bytes(); }
  /// Once ended: events of its topic that it left behind unseen.
  [[nodiscard]] std::uint64_t unfinished() const noexcept { return subscription_.unfinished(); }
  /// Handlers' calls that threw.
  [[nodiscard]] std::uint64_t exceptions() const noexcept;

 private:
  friend class Bus;
  explicit Dispatcher(Subscription&& subscription);
  Result<HandlerHandle> add(std::string_view topic, std::unique_ptr<detail::DispatchHandler> handler);
  void end() noexcept;

  Subscription subscription_;
  std::shared_ptr<detail::DispatchCore> core_;
};

}  // namespace sluice
