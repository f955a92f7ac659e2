#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "sluice/base/clock.hpp"
#include "sluice/bus/detail/port_turn.hpp"
#include "sluice/log/plain_run.hpp"

/// The reading side of the hot path: one pass over a subscription's shards, handlers inlined. What copies,
/// waits or is rare lies in the bus's sources.
namespace sluice::detail {

/// `block`, alone: records where they lie, the gate stored after the batch, after each sixteenth of the ring,
/// and after each event while a publisher waits.
class InPlaceTurn : public PortTurn {
 public:
  InPlaceTurn(PollScope& scope, Port& port, std::size_t limit) noexcept
      : PortTurn(scope, port, limit), next_(port.next) {}
  [[gnu::always_inline]] ~InPlaceTurn() { store_gate(); }

  template <class Handler>
  void read(Handler& handler) {
    const std::uint64_t store_every = shard().ring.capacity_bytes() / 16;
    // One ring's worth is a turn, so that a stream of unwanted events does not keep the poll for ever.
    const std::uint64_t turn_end = next_ + shard().ring.capacity_bytes();
    std::uint64_t store_at = port().stored + store_every;
    log::PlainRun run;
    while (left != 0) {
      if (!take(next_, run, handler)) return;
      if (next_ >= store_at || shard().lot.space_wanted()) [[unlikely]] {
        store_gate();
        if (next_ >= turn_end) return;
        store_at = next_ + store_every;
      }
    }
  }

 private:
  [[gnu::always_inline]] void store_gate() noexcept {
    port().next = next_;
    if (port().stored == next_) return;
    port().stored = next_;
    // SYNC gate: our reads are done before the space is reused.
    port().gate->value.store(next_, std::memory_order_release);
    shard().lot.space_freed();
  }

  std::uint64_t next_;  ///< the next record to look at; the port learns of it when the gate is stored
};

/// `block`, in a queue group: spans of the shared cursor, read where they lie.
class GroupTurn : public PortTurn {
 public:
  using PortTurn::PortTurn;
  [[gnu::always_inline]] ~GroupTurn() { store_gate(); }

  template <class Handler>
  void read(Handler& handler) {
    log::PlainRun run;
    while (left != 0) {
      if (port().span_at == port().span_end && !subscription().next_span(port(), left)) return;
      gate_at_ = next_ = port().span_at;
      const std::uint64_t end = port().span_end;
      const bool is_timed = port().pace.is_to_be_timed(end - next_);
      const std::int64_t began_ns = is_timed ? monotonic_ns() : 0;
      std::uint64_t records = 0;
      while (next_ != end && left != 0) {
        if (!take(next_, run, handler)) return;
        ++records;
        if (shard().lot.space_wanted()) [[unlikely]]
          store_gate();
      }
      store_gate();
      if (is_timed && next_ == end) port().pace.took(records, monotonic_ns() - began_ns);
    }
  }

 private:
  [[gnu::always_inline]] void store_gate() noexcept {
    if (gate_at_ == next_) return;
    port().span_at = next_;
    (void)port().member->advance(gate_at_, next_, std::false_type{});
    gate_at_ = next_;
  }

  // Equal while there is no span; the port learns of `next_` when the gate is stored.
  std::uint64_t next_ = 0;
  std::uint64_t gate_at_ = 0;
};

/// `drop_oldest` and `evict`: handlers see copies, so nothing is overwritten under a view.
class CopyTurn : public PortTurn {
 public:
  using PortTurn::PortTurn;

  template <class Handler>
  void read(Handler& handler) {
    SubscriptionState& state = subscription();
    while (left != 0) {
      if (state.copies.empty() && !state.fill(port(), left)) return;
      const CopyBuffer::Record record = state.copies.front();
      const std::byte* const bytes = state.copies.bytes(record);
      if ((record.word.flags() & log::kHasTtl) != 0 && state.hides(bytes)) [[unlikely]] {
        state.finish_copy();
        continue;
      }
      const EventView view(shard().context, bytes, record.word, record.position, record.word.payload_offset(),
                           last_type());
      --left;
      state.at_position.store(record.position, std::memory_order_relaxed);  // see SubscriptionState
      {
        const Finish finish{state};
        handler(record.redelivered ? view.marked_redelivered() : view);
      }
      if (state.must_stop()) return;
    }
  }

 private:
  /// The front is consumed when its handler is done, also if it throws.
  struct Finish {
    SubscriptionState& state;
    ~Finish() { state.finish_copy(); }
  };
};

template <class Turn, class Handler>
std::size_t take_turn(PollScope& scope, Port& port, Handler& handler, std::size_t limit) {
  Turn turn(scope, port, limit);
  turn.read(handler);
  return turn.events();
}

template <class Handler>
PollResult poll(SubscriptionState& subscription, Handler& handler, std::size_t limit) {
  PollScope scope(subscription);
  if (!scope.entered()) return {scope.status(), 0};
  std::size_t events = 0;
  // Copies left over by a handler that threw come first: they are older than anything still in the ring.
  if (subscription.copies_port != nullptr && !subscription.copies.empty()) {
    events += take_turn<CopyTurn>(scope, *subscription.copies_port, handler,
                                  std::min(limit, subscription.copies.size()));
  }
  for (std::uint32_t i = 0; i < subscription.port_count && events < limit && !subscription.must_stop(); ++i) {
    const std::uint32_t index = subscription.first_port + i;
    Port& port =
        subscription.ports[index < subscription.port_count ? index : index - subscription.port_count];
    switch (subscription.mode) {
      case ReadMode::in_place:
        events += take_turn<InPlaceTurn>(scope, port, handler, limit - events);
        break;
      case ReadMode::group_spans:
        events += take_turn<GroupTurn>(scope, port, handler, limit - events);
        break;
      case ReadMode::copies:
      case ReadMode::group_copies:
        events += take_turn<CopyTurn>(scope, port, handler, limit - events);
        break;
    }
  }
  return scope.finish(events, limit);
}

}  // namespace sluice::detail
