#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sluice/base/counter.hpp"
#include "sluice/bus/detail/active_poll.hpp"
#include "sluice/bus/detail/copy_buffer.hpp"
#include "sluice/bus/detail/shard.hpp"
#include "sluice/bus/detail/span_pace.hpp"
#include "sluice/bus/options.hpp"
#include "sluice/bus/poll_result.hpp"
#include "sluice/log/turnstile.hpp"
#include "sluice/topic/filter.hpp"

namespace sluice::detail {

class Core;
class Group;

/// How a subscription gets at its records.
enum class ReadMode : std::uint8_t {
  in_place,      ///< `block` alone: its own gate, records read where they lie
  group_spans,   ///< `block` in a queue group: spans of a shared cursor, read where they lie
  copies,        ///< `drop_oldest` or `evict` alone: spans of its own cursor, copied
  group_copies,  ///< the same in a queue group
};

/// A subscription's place on one shard.
struct Port {
  Shard* shard = nullptr;
  Gate* gate = nullptr;
  Gate* copy_gate = nullptr;
  Cursor* cursor = nullptr;  ///< its own or its group's; null for `in_place`
  std::optional<SpanReader> reader;
  std::optional<GroupMember> member;

  // The polling thread's.
  std::uint64_t next = 0;       ///< in place: the next record to look at
  std::uint64_t stored = 0;     ///< in place: what the gate says
  std::uint64_t span_at = 0;    ///< group: the span's first unhandled byte, where the gate stands
  std::uint64_t span_end = 0;   ///< group: equal to `span_at` when there is none
  std::uint64_t copied_to = 0;  ///< group, copying: how far into the span
  SpanPace pace;                ///< group: how long a span is to be

  /// The first record that was taken from the cursor and not handled yet, or `log::kNoGate`: what a drain
  /// waits for where neither cursor nor gate says it. Stored before the cursor moves, and released with it.
  log::Atomic<std::uint64_t> in_hand{log::kNoGate};
};

/// What a subscription must obey, beside its overload policy.
enum Control : std::uint32_t {
  kCancelled = 1,
  kEvicted = 2,
};

/// A subscription's insides. Shared by its handle, the registry and the thread that runs it.
///
/// **Who may do what.** Who is inside the turnstile alone touches ports and copies. Everything atomic may be
/// read by anybody. Whoever asks it to end and finds nobody inside lets the subscription leave, else the
/// poller does so on its way out.
class SubscriptionState {
 public:
  SubscriptionState(std::shared_ptr<Core> owner, std::uint32_t number, const SubscribeOptions& given);
  ~SubscriptionState();
  SubscriptionState(const SubscriptionState&) = delete;
  SubscriptionState& operator=(const SubscriptionState&) = delete;

  // Polling: see poll.hpp.
  [[nodiscard]] PollStatus enter() noexcept;
  void exit() noexcept;
  /// What a poll that handled `events` answers; arms the eventfd when there is one.
  [[nodiscard]] PollResult finish(std::size_t events, std::size_t limit) noexcept;
  [[nodiscard]] bool must_stop() const noexcept {
    // A cancel takes effect some events later at worst; leaving is ordered by the turnstile.
    return turnstile.is_asked();
  }
  /// The same for a poll that ended by an exception: there may be more to read.
  void arm_event_fd_for_more() noexcept {
    if (has_event_fd_) arm_event_fd(true);
  }
  /// Claims the next span of a `block` group; false when there is none.
  bool next_span(Port& port, std::size_t limit) noexcept;
  /// Copies the next matching records, at most `limit`; false when there are none.
  bool fill(Port& port, std::size_t limit);
  /// Whether a record with a time to live is not to be seen any more, and counts it then.
  [[nodiscard]] bool hides(const std::byte* record) noexcept;
  /// The copied record at the front is handled.
  void finish_copy() noexcept;

  /// A handler's thread is about to wait for room: what lies below the event at hand is let go of.
  void store_gate_up_to(Port& port, std::uint64_t position) noexcept;

  // Waiting: see waiting.cpp.
  [[nodiscard]] bool wait(const WaitStrategy& strategy, std::chrono::nanoseconds timeout) noexcept;
  [[nodiscard]] Result<int> open_event_fd();
  void wake() noexcept;
  [[nodiscard]] bool has_event_fd() const noexcept { return has_event_fd_; }
  /// Has `wait` return, now or the next time.
  void nudge() noexcept;

  // Joining and leaving: see membership.cpp.
  void join() noexcept;
  /// Asks it to end, and lets it leave unless somebody is polling, who does that then.
  void request(std::uint32_t bits) noexcept;
  void evict() noexcept;
  /// Its handle is gone.
  static void end_of(std::shared_ptr<SubscriptionState> subscription) noexcept;
  [[nodiscard]] bool left() const noexcept {
    // SYNC left: what the leaving one counted last.
    return left_.load(std::memory_order_acquire);
  }

  // Numbers.
  /// Events that it left behind, for ever.
  [[nodiscard]] std::uint64_t unfinished() const noexcept {
    return unfinished_.load(std::memory_order_relaxed);
  }
  /// Its owner adds, or who evicts it.
  void add_unfinished(std::uint64_t events) noexcept {
    unfinished_.fetch_add(events, std::memory_order_relaxed);
  }
  /// On a closed bus, while its thread is stuck in a handler: events that only it could still handle.
  [[nodiscard]] std::uint64_t in_its_hands() noexcept;
  [[nodiscard]] std::uint64_t wakes() const noexcept;
  [[nodiscard]] std::uint64_t lost() const noexcept;
  [[nodiscard]] std::uint64_t lag_bytes() const noexcept;
  [[nodiscard]] std::uint64_t position(const Port& port) const noexcept;
  /// True when every record below `target` of the port's shard that is this subscription's to handle is
  /// handled.
  [[nodiscard]] bool done_below(const Port& port, std::uint64_t target) const noexcept;
  /// True when a closed bus has nothing more for it.
  [[nodiscard]] bool at_the_end() const noexcept;
  [[nodiscard]] bool wants(std::uint32_t topic_id) const noexcept { return filter->matches(topic_id); }
  [[nodiscard]] Port* begin() noexcept { return ports.get(); }
  [[nodiscard]] Port* end() noexcept { return ports.get() + port_count; }
  [[nodiscard]] const Port* begin() const noexcept { return ports.get(); }
  [[nodiscard]] const Port* end() const noexcept { return ports.get() + port_count; }

  const std::shared_ptr<Core> core;
  const std::uint32_t slot;
  const SubscribeOptions options;
  std::string name;
  ReadMode mode = ReadMode::in_place;
  std::shared_ptr<const TopicFilter> filter;
  std::shared_ptr<Group> group;
  std::unique_ptr<Port[]> ports;
  std::uint32_t port_count = 0;
  std::uint32_t cursor = 0;  ///< `copies`: its number in every shard's table

  // Anybody's.
  log::Turnstile<log::Machine> turnstile;  ///< the poller's; asked for bits of `Control`
  /// The event whose handler is running, and where it comes from; `log::kNoGate` and null between turns.
  /// Relaxed: for publishers on the same thread, and for whoever counts what a stuck handler keeps from being
  /// read. Beside the turnstile, because each event needs both.
  log::Atomic<std::uint64_t> at_position{log::kNoGate};
  log::Atomic<const Port*> at_port{nullptr};
  log::Atomic<std::uint64_t> runner{0};  ///< thread id of the bus thread that runs it; 0: none

  // Written by the poller alone.
  Counter received;
  Counter expired;
  Counter exceptions;
  Counter rescues;
  std::uint32_t first_port = 0;  ///< where the next poll begins, so that no shard starves another
  CopyBuffer copies;
  log::Atomic<std::size_t> copies_left{0};  ///< what `copies` holds, for others to read
  Port* copies_port = nullptr;
  std::shared_ptr<SubscriptionState> keep_alive;  ///< set by a handle that goes while its own handler runs

 private:
  class LostFilter final : public log::RecordFilter {
   public:
    explicit LostFilter(const SubscriptionState& owner) : owner_(&owner) {}
    [[nodiscard]] bool wants(std::uint32_t topic_id) const noexcept override {
      return owner_->wants(topic_id);
    }

   private:
    const SubscriptionState* owner_;
  };

  // Polling: subscription_state.cpp.
  [[nodiscard]] PollStatus lock() noexcept;
  /// What the turnstile carries out: leaves, unless it has.
  void leave_once() noexcept;
  [[nodiscard]] PollStatus end_status() const noexcept;
  [[nodiscard]] std::uint64_t lost_now() const noexcept;

  // Spans and copies: filling.cpp.
  [[nodiscard]] bool is_my_groups(std::uint32_t gate) const noexcept;
  std::uint64_t fill_alone(Port& port, std::size_t limit);
  std::uint64_t fill_as_member(Port& port, std::size_t limit);
  [[nodiscard]] std::uint64_t plan(const Port& port, std::uint64_t from, std::uint64_t to, std::size_t limit,
                                   std::size_t& too_small_for) noexcept;
  [[nodiscard]] log::SpanResult claim_copies(Port& port, std::size_t limit) noexcept;
  void copy_planned(const Port& port) noexcept;
  bool advance_span(Port& port, std::uint64_t to) noexcept;
  /// I7: what lies in the oldest half of the ring is dropped before anything is looked at.
  void drop_to_middle(SpanReader& reader) noexcept;
  /// Steps over committed records that nobody here wants, so that they keep nobody awake; true when one that
  /// is wanted comes next.
  bool skip_unwanted(Port& port) noexcept;
  bool skip_unwanted(Port& port, SpanReader& reader) noexcept;

  // Joining and leaving: membership.cpp.
  void join(Port& port) noexcept;
  void leave() noexcept;
  void leave(Port& port) noexcept;
  void evict(Port& port) noexcept;

  // Waiting: waiting.cpp.
  class SleepingPort;
  [[nodiscard]] bool ready() noexcept;
  [[nodiscard]] bool ready(Port& port) noexcept;
  [[nodiscard]] bool woken_for_good() const noexcept;
  [[nodiscard]] bool has_event(Port& port) noexcept;
  [[nodiscard]] bool fall_asleep() noexcept;
  void rise() noexcept;
  void park(std::chrono::nanoseconds timeout) noexcept;
  [[nodiscard]] bool was_forgotten() noexcept;
  void arm_event_fd(bool readable) noexcept;
  void disarm_event_fd() noexcept;

  LostFilter lost_filter_{*this};
  log::Atomic<std::uint64_t> unfinished_{0};
  std::uint64_t wakes_before_ = 0;  ///< of the slot's former owners
  std::uint64_t lost_before_ = 0;   ///< what the cursors had counted for their former owners
  log::Atomic<std::uint64_t> lost_at_end_{0};
  log::Atomic<bool> left_{false};
  log::Atomic<bool> nudged_{false};
  bool has_event_fd_ = false;
};

/// Owns a subscription: when it goes, the subscription ends.
class SubscriptionHandle {
 public:
  explicit SubscriptionHandle(std::shared_ptr<SubscriptionState> state) noexcept : state_(std::move(state)) {}
  SubscriptionHandle(SubscriptionHandle&&) noexcept = default;
  SubscriptionHandle& operator=(SubscriptionHandle&& other) noexcept {
    end();
    state_ = std::move(other.state_);
    return *this;
  }
  ~SubscriptionHandle() { end(); }

  [[nodiscard]] SubscriptionState& operator*() const noexcept { return *state_; }
  [[nodiscard]] SubscriptionState* operator->() const noexcept { return state_.get(); }
  [[nodiscard]] const std::shared_ptr<SubscriptionState>& shared() const noexcept { return state_; }

 private:
  void end() noexcept {
    if (state_ != nullptr) SubscriptionState::end_of(std::move(state_));
  }

  std::shared_ptr<SubscriptionState> state_;
};

}  // namespace sluice::detail
