#pragma once

#include <cstddef>
#include <cstdint>

#include "sluice/bus/detail/subscription_state.hpp"
#include "sluice/bus/event.hpp"
#include "sluice/log/plain_run.hpp"

/// What every poll has in common, however its subscription gets at its records.
namespace sluice::detail {

/// One poll: enters, is found by publishers on the same thread, and exits, whatever a handler throws.
class PollScope {
 public:
  explicit PollScope(SubscriptionState& subscription) noexcept
      : status_(subscription.enter()), active_{&subscription, active_poll, nullptr} {
    if (entered()) active_poll = &active_;
  }
  PollScope(const PollScope&) = delete;
  PollScope& operator=(const PollScope&) = delete;
  ~PollScope() {
    if (!entered()) return;
    active_poll = active_.outer;
    // A handler threw: there may be more, and nobody else will say so.
    if (!finished_) active_.subscription->arm_event_fd_for_more();
    active_.subscription->exit();
  }

  [[nodiscard]] bool entered() const noexcept { return status_ == PollStatus::ok; }
  [[nodiscard]] PollResult finish(std::size_t events, std::size_t limit) noexcept {
    finished_ = true;
    return active_.subscription->finish(events, limit);
  }
  [[nodiscard]] PollStatus status() const noexcept { return status_; }
  [[nodiscard]] ActivePoll& active() noexcept { return active_; }
  [[nodiscard]] SubscriptionState& subscription() noexcept { return *active_.subscription; }

  LastType last_type;  ///< of this poll's events so far

 private:
  PollStatus status_;
  ActivePoll active_;
  bool finished_ = false;
};

/// One port's turn within a poll. When it ends, by return or by exception, the gate stands behind the last
/// event that was handed out, and the events are counted. What every record needs is copied into it, so that
/// it stays in registers while handlers run.
class PortTurn {
 public:
  PortTurn(PollScope& scope, Port& port, std::size_t limit) noexcept
      : left(limit),
        limit_(limit),
        ring_(port.shard->ring.view()),
        scope_(&scope),
        port_(&port),
        shard_(port.shard),
        subscription_(&scope.subscription()),
        last_type_(&scope.last_type),
        wants_(subscription_->filter->test()) {
    scope.active().port = &port;
    // Relaxed, here and below: see SubscriptionState.
    subscription_->at_port.store(&port, std::memory_order_relaxed);
  }
  PortTurn(const PortTurn&) = delete;
  PortTurn& operator=(const PortTurn&) = delete;
  // Inlined into the way out by exception as well: a call there would keep everything in memory.
  [[gnu::always_inline]] ~PortTurn() {
    // Relaxed: see SubscriptionState.
    subscription_->at_position.store(log::kNoGate, std::memory_order_relaxed);
    subscription_->at_port.store(nullptr, std::memory_order_relaxed);
    scope_->active().port = nullptr;
    if (events() != 0) subscription().received.add(events());
  }

  /// Takes the record at `next`, which moves behind it first: it is consumed, also if the handler throws.
  /// False when it is not committed, or the poll must stop.
  template <class Handler>
  [[gnu::always_inline]] bool take(std::uint64_t& next, log::PlainRun& run, Handler& handler) {
    const std::uint64_t at = next;
    const log::CommitWord word = ring_.word(at);
    if (run.goes_on(word)) [[likely]] {
      next = at + run.stride();
      return look_at(at, word, handler);
    }
    if (!word.is_committed()) return false;
    next = at + run.meet(word);
    return look_at_other(at, word, handler);
  }

  [[nodiscard]] SubscriptionState& subscription() const noexcept { return *subscription_; }
  [[nodiscard]] LastType* last_type() const noexcept { return last_type_; }
  [[nodiscard]] Shard& shard() const noexcept { return *shard_; }
  [[nodiscard]] Port& port() const noexcept { return *port_; }

  [[nodiscard]] std::size_t events() const noexcept { return limit_ - left; }

  std::size_t left;  ///< how many events may still be handed out

 private:
  /// Hands the record at `position`, which goes on with a run, to the handler if its topic is wanted; false
  /// when the poll must stop.
  template <class Handler>
  [[gnu::always_inline]] bool look_at(std::uint64_t position, log::CommitWord word, Handler& handler) {
    const std::byte* record = ring_.readable(position, word.length());
    if (!is_wanted(record)) return true;
    hand_out(position);
    handler(EventView(shard_->context, record, word, position, log::kHeaderBytes, last_type_));
    return !subscription_->must_stop();
  }
  /// The same for any committed record.
  template <class Handler>
  [[gnu::always_inline]] bool look_at_other(std::uint64_t position, log::CommitWord word, Handler& handler) {
    if (!word.is_data()) return true;
    const std::byte* record = ring_.readable(position, word.length());
    if (!is_wanted(record)) return true;
    if ((word.flags() & log::kHasTtl) != 0 && subscription_->hides(record)) return true;
    hand_out(position);
    call(handler, EventView(shard_->context, record, word, position, word.payload_offset(), last_type_));
    return !subscription_->must_stop();
  }

  [[nodiscard]] bool is_wanted(const std::byte* record) const noexcept {
    return wants_(log::load_topic(record + log::kTopicOffset));
  }
  void hand_out(std::uint64_t position) noexcept {
    subscription_->at_position.store(position, std::memory_order_relaxed);  // see SubscriptionState
    --left;
  }
  /// Not inlined, so that the handler's code stands in the loop once, where records go on with a run.
  template <class Handler>
  [[gnu::noinline]] static void call(Handler& handler, const EventView& event) {
    handler(event);
  }

  std::size_t limit_;
  RingView ring_;
  PollScope* scope_;
  Port* port_;
  Shard* shard_;
  SubscriptionState* subscription_;
  LastType* last_type_;
  TopicFilter::Test wants_;
};

}  // namespace sluice::detail
