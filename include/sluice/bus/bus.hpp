#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/base/result.hpp"
#include "sluice/bus/detail/runner_core.hpp"
#include "sluice/bus/metrics.hpp"
#include "sluice/bus/options.hpp"
#include "sluice/bus/publisher.hpp"
#include "sluice/bus/runner.hpp"
#include "sluice/bus/subscription.hpp"

namespace sluice {

class Dispatcher;
struct DispatcherOptions;

/// What `drain` found.
struct DrainReport {
  bool drained = false;              ///< everything published before the call has been handled by bus threads
  std::vector<std::string> pending;  ///< who had not got there: their subscriptions and open claims, by name
  /// Subscriptions that lag behind and that no bus thread runs: whoever polls them was not waited for.
  std::vector<std::string> not_waited_for;
};

/// What `close` found.
struct CloseReport {
  std::uint64_t published = 0;         ///< events in all
  std::uint64_t unfinished = 0;        ///< matching events that subscriptions run by bus threads left unread
  std::vector<std::string> cut_short;  ///< the bus threads that did not get to the end before the deadline
};

/// The event bus. Publish to topics; subscribe to topics, patterns or everything.
///
/// **Thread safety.** Every method may be called from any thread, handlers included. **Lifetime.**
/// Publishers, subscriptions and runners share what they need: destruction in any order is defined. After the
/// bus is gone publishing answers `closed`, and polling `cancelled`.
///
/// **Forks.** A bus belongs to the process that opened it. In a child that it forks the bus is gone:
/// publishing answers `closed`, with `forked` and both process ids in `last_error()`, and polling
/// `cancelled`; neither is slower for it anywhere. What sets something up, and `publish` by name, is refused
/// as `forked`; `drain`, `cancel`, `close` and `metrics` do and find nothing. No call waits in a child, none
/// reaches the parent's events, files, threads or eventfds, and a handle that is destroyed there leaves what
/// it owned alone. A child may open a bus of its own.
///
/// The child's rings are zeroes: an `EventView` that it inherited, in a handler that forks, is one of a
/// payload of zeroes (unless it is of a copy). Before the fork, copy what the child is to read. All this is
/// done by a handler of `pthread_atfork`: a child of `_Fork`, or of the bare system call, has to leave the
/// bus alone until it ends or becomes another program, and must not publish or poll there.
class Bus {
 public:
  /// Opens a bus. Errors: `invalid_option` (naming field, value and range), `capacity` problems among them;
  /// `out_of_memory`; what the persistence answers.
  [[nodiscard]] static Result<Bus> open(BusOptions options = {});

  Bus(Bus&&) noexcept;
  Bus& operator=(Bus&&) noexcept;
  /// Cancels what is left and waits for the bus threads' running handlers.
  ~Bus();

  /// A publisher of raw bytes. Errors: those of topic names, `exclusive_shard`, `closed`.
  [[nodiscard]] Result<Publisher> publisher(std::string_view topic, PublisherOptions options = {});
  /// A publisher of `T`s; binds the type to the topic. Errors: also `type_mismatch`.
  template <Payload T>
  [[nodiscard]] Result<TypedPublisher<T>> publisher(std::string_view topic, PublisherOptions options = {}) {
    return typed_publisher(topic, type_identity<T>(), std::move(options)).transform([](Publisher&& raw) {
      return TypedPublisher<T>(std::move(raw));
    });
  }

  /// Publishes one event by topic name: the convenient way, a name look-up dearer than a `Publisher`. Errors:
  /// those of topic names, and every one of `PublishStatus`, with its message.
  [[nodiscard]] Result<EventId> publish(std::string_view topic, std::span<const std::byte> payload,
                                        const PublishOptions& options = {});
  [[nodiscard]] Result<EventId> publish(std::string_view topic, std::string_view text,
                                        const PublishOptions& options = {}) {
    return publish(topic, std::as_bytes(std::span(text)), options);
  }

  /// Sees every event published after the call that matches. Errors: those of patterns,
  /// `group_options_mismatch` (naming the option), `too_many_subscriptions`, `invalid_option`, `closed`.
  [[nodiscard]] Result<Subscription> subscribe(SubscribeOptions options);

  /// Many handlers behind one cursor; see `Dispatcher`.
  [[nodiscard]] Result<Dispatcher> dispatcher();
  [[nodiscard]] Result<Dispatcher> dispatcher(DispatcherOptions options);

  /// Runs a subscription on a thread of the bus: `handler(const EventView&)` for each event until it is
  /// stopped or ends. Errors: `system_error` (thread, pinning), `invalid_option`.
  template <class Handler>
  [[nodiscard]] Result<Runner> run(Subscription& subscription, Handler handler, RunOptions options = {}) {
    return start(subscription, detail::make_pump(std::move(handler)), std::move(options));
  }
  [[nodiscard]] Result<Runner> run(Dispatcher& dispatcher, RunOptions options = {});

  /// Waits until every subscription that a bus thread runs has handled all that was published before the
  /// call. The calling thread's own subscription is left out. Publishing goes on meanwhile. In a forked child
  /// nothing is drained, and `pending` says why.
  DrainReport drain(std::chrono::nanoseconds deadline);
  /// Ends every subscription, at once: nothing more is delivered. Publishing goes on, to nobody.
  void cancel() noexcept;
  /// No publish succeeds any more. Bus threads deliver what was published, up to the deadline, and end; other
  /// subscriptions may be polled to the end. Idempotent.
  CloseReport close(std::chrono::nanoseconds deadline = std::chrono::seconds(5));

  [[nodiscard]] BusMetrics metrics() const;
  /// The topic's definition (id, shard, type), made if it is new. Errors: those of topic names.
  [[nodiscard]] Result<const Topic*> topic(std::string_view name);

 private:
  friend class Dispatcher;
  explicit Bus(std::shared_ptr<detail::Core> core) noexcept;

  void end() noexcept;
  Result<Publisher> typed_publisher(std::string_view topic, TypeIdentity type, PublisherOptions options);
  Result<Runner> start(Subscription& subscription, std::unique_ptr<detail::Pump> pump, RunOptions options);

  std::shared_ptr<detail::Core> core_;
};

}  // namespace sluice
