// How subscriptions that share a cursor get at records: spans, and copies of them.
#include <algorithm>

#include "sluice/bus/detail/subscription_state.hpp"
#include "sluice/log/copy_gate.hpp"

#include "bus/core.hpp"

namespace sluice::detail {

namespace {

/// How much of the log one claim looks through, wanted or not: what bounds the time that its gate stands.
constexpr std::uint64_t kScanBytes = kCopyBytes;
constexpr std::size_t kCopyRecords = 1024;
constexpr std::uint32_t kCopiedSpanRecords = 32;

}  // namespace

bool SubscriptionState::is_my_groups(std::uint32_t gate) const noexcept {
  // Relaxed: set before the slot's first gate store, which whoever sees the gate has acquired.
  return gate % 2 == 1 &&
         core->group_of_slot(Shard::slot_of_work_gate(gate)).load(std::memory_order_relaxed) == group.get();
}

bool SubscriptionState::next_span(Port& port, std::size_t limit) noexcept {
  const auto records = static_cast<std::uint32_t>(std::min<std::size_t>(limit, port.pace.records()));
  const log::SpanResult claimed =
      port.member->claim(records, port.shard->ring.capacity_bytes() / 16,
                         [this](std::uint32_t gate) { return is_my_groups(gate); });
  if (claimed.status != log::SpanStatus::claimed) return false;
  port.span_at = claimed.span.begin;
  port.span_end = claimed.span.end;
  return true;
}

bool SubscriptionState::fill(Port& port, std::size_t limit) {
  copies_port = &port;
  copies.reserve(kCopyBytes, kCopyRecords);
  const std::uint64_t turn_bytes = port.shard->ring.capacity_bytes();
  for (std::uint64_t scanned = 0; scanned < turn_bytes && !must_stop();) {
    const std::uint64_t taken =
        mode == ReadMode::copies ? fill_alone(port, limit) : fill_as_member(port, limit);
    copies_left.store(copies.size(), std::memory_order_relaxed);  // a number for others
    if (!copies.empty()) return true;
    if (taken == 0) return false;
    scanned += taken;  // nothing wanted in it: on to the next stretch
  }
  return false;
}

std::uint64_t SubscriptionState::fill_alone(Port& port, std::size_t limit) {
  SpanReader& reader = *port.reader;
  drop_to_middle(reader);
  if (reader.cursor_position() == port.shard->ring.tail()) return 0;

  std::size_t too_small_for = 0;
  const log::SpanResult claimed = reader.claim([&](std::uint64_t at) {
    copies.clear();
    too_small_for = 0;
    // Before the cursor moves: a drain that sees it beyond a record must see the record in hand.
    port.in_hand.store(at, std::memory_order_relaxed);
    return plan(port, at, at + kScanBytes, limit, too_small_for);
  });
  if (claimed.status == log::SpanStatus::claimed) {
    copy_planned(port);
    reader.withdraw();
  } else {
    copies.clear();
  }
  // SYNC in-hand: who sees nothing in hand, or something further on, sees what came before handled.
  port.in_hand.store(copies.empty() ? log::kNoGate : copies.front().position, std::memory_order_release);
  if (too_small_for != 0 && copies.empty()) {
    copies.reserve(too_small_for, kCopyRecords);  // outside the gate; the next round copies it
    return std::max<std::uint64_t>(claimed.span.end - claimed.span.begin, log::kAlignment);
  }
  return claimed.span.end - claimed.span.begin;
}

std::uint64_t SubscriptionState::fill_as_member(Port& port, std::size_t limit) {
  copies.clear();
  bool redelivered = false;
  // A span that was taken over may be longer than a poll's limit: then its rest comes first.
  if (port.span_at == port.span_end) {
    const log::SpanResult claimed = claim_copies(port, limit);
    if (claimed.status != log::SpanStatus::claimed) return 0;
    redelivered = claimed.redelivered;
  }
  const std::uint64_t begin = port.span_at;
  copies.reserve(port.span_end - begin, kCopyRecords);
  const bool evictable = options.overload == Overload::evict;
  log::CopyGate<log::Machine> copying(port.shard->lot, *port.gate, *port.copy_gate);
  if (evictable && !copying.protect(port.span_at)) {
    port.span_at = port.span_end;
    return 0;  // evicted: the span is another member's
  }
  std::size_t too_small_for = 0;  // never: there is room for the span
  port.copied_to = plan(port, begin, port.span_end, limit, too_small_for);
  copy_planned(port);
  if (redelivered) copies.mark_first_redelivered();
  if (evictable) {
    copying.release();
    if (copies.empty()) (void)advance_span(port, port.copied_to);
  } else {
    // SYNC in-hand: as in fill_alone.
    port.in_hand.store(copies.empty() ? log::kNoGate : copies.front().position, std::memory_order_release);
    port.span_at = port.span_end;
    port.member->reader().withdraw();
  }
  return port.copied_to - begin;
}

log::SpanResult SubscriptionState::claim_copies(Port& port, std::size_t limit) noexcept {
  drop_to_middle(port.member->reader());
  // A lower bound will do, and must be there before the cursor moves.
  port.in_hand.store(port.member->reader().cursor_position(), std::memory_order_relaxed);
  const auto records = static_cast<std::uint32_t>(std::min<std::size_t>(limit, kCopiedSpanRecords));
  const log::SpanResult claimed =
      port.member->claim(records, kCopyBytes, [this](std::uint32_t gate) { return is_my_groups(gate); });
  const bool got = claimed.status == log::SpanStatus::claimed;
  if (got) {
    port.span_at = claimed.span.begin;
    port.span_end = claimed.span.end;
  }
  // SYNC in-hand: where members are evicted, the work gate, stored before, says from now on what is in hand.
  if (!got || options.overload == Overload::evict)
    port.in_hand.store(log::kNoGate, std::memory_order_release);
  return claimed;
}

std::uint64_t SubscriptionState::plan(const Port& port, std::uint64_t from, std::uint64_t to,
                                      std::size_t limit, std::size_t& too_small_for) noexcept {
  const Ring& ring = port.shard->ring;
  const std::size_t most = std::min(limit, kCopyRecords);
  std::uint64_t position = from;
  while (position < to && copies.size() < most) {
    const log::CommitWord word = ring.word(position);
    if (!word.is_committed()) break;
    if (word.is_data() && wants(port.shard->ring.topic_at(position))) {
      const std::size_t needed = copies.planned_bytes() + word.stride();
      if (needed > copies.capacity_bytes()) {
        too_small_for = needed;
        break;
      }
      copies.plan(position, word);
    }
    position += word.stride();
  }
  return position;
}

void SubscriptionState::copy_planned(const Port& port) noexcept {
  const Ring& ring = port.shard->ring;
  copies.copy([&ring](std::uint64_t position, std::size_t bytes) { return ring.readable(position, bytes); });
}

bool SubscriptionState::advance_span(Port& port, std::uint64_t to) noexcept {
  const std::uint64_t from = port.span_at;
  port.span_at = to;
  return port.member->advance(from, to, std::true_type{});
}

void SubscriptionState::drop_to_middle(SpanReader& reader) noexcept {
  if (options.overload != Overload::drop_oldest) return;
  reader.drop_to_middle(lost_filter_, kScanBytes);
}

bool SubscriptionState::skip_unwanted(Port& port) noexcept {
  Shard& shard = *port.shard;
  const std::uint64_t turn_end = port.next + shard.ring.capacity_bytes();
  bool wanted = false;
  while (port.next < turn_end) {
    const log::CommitWord word = shard.ring.word(port.next);
    if (!word.is_committed()) break;
    wanted = word.is_data() && wants(shard.ring.topic_at(port.next));
    if (wanted) break;
    port.next += word.stride();
  }
  store_gate_up_to(port, port.next);
  return wanted;
}

bool SubscriptionState::skip_unwanted(Port& port, SpanReader& reader) noexcept {
  drop_to_middle(reader);
  bool wanted = false;
  for (std::uint64_t skipped = 0; skipped < port.shard->ring.capacity_bytes();) {
    const log::SpanResult unwanted = reader.claim([&](std::uint64_t at) {
      wanted = false;
      std::uint64_t to = at;
      while (to - at < kScanBytes) {
        const log::CommitWord word = port.shard->ring.word(to);
        if (!word.is_committed()) break;
        wanted = word.is_data() && wants(port.shard->ring.topic_at(to));
        if (wanted) break;
        to += word.stride();
      }
      return to;
    });
    if (unwanted.status == log::SpanStatus::gone) return true;  // the next poll says why
    if (unwanted.status == log::SpanStatus::empty) return wanted;
    reader.withdraw();
    skipped += unwanted.span.end - unwanted.span.begin;
    if (wanted) return true;
  }
  return true;  // a lap of them, and there may be more: better awake
}

void SubscriptionState::finish_copy() noexcept {
  if (copies.empty()) return;
  copies.pop();
  Port& port = *copies_port;
  const bool last = copies.empty();
  if (mode == ReadMode::group_copies && options.overload == Overload::evict) {
    // If it was evicted meanwhile, the rest is another member's.
    if (!advance_span(port, last ? port.copied_to : copies.front().position)) copies.clear();
  } else {
    // SYNC in-hand: what the handler did.
    port.in_hand.store(last ? log::kNoGate : copies.front().position, std::memory_order_release);
  }
  copies_left.store(copies.size(), std::memory_order_relaxed);  // a number for others
}

}  // namespace sluice::detail
