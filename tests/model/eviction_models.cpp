#include <array>

#include "sluice/log/copy_gate.hpp"

#include "model/group_model.hpp"
#include "model/support.hpp"

/// Members of a queue group that are evicted while they work or copy: `group.hpp` and `copy_gate.hpp`. The
/// first unfinished event of a member that was evicted may be handled again, and says so; every other is
/// handled once.
namespace sluice::model {
namespace {

/// A member is evicted while it works: it and the evictor agree on the first event that is not finished. That
/// one is delivered again, and says so; the others are handled once.
void an_evicted_member_and_its_heir_agree(Scenario& s) {
  auto m = group_model(256, 2, 4);
  struct Shared {
    int again = -1;            ///< number of the event that was delivered again
    bool has_worked = false;   ///< the member claimed a span
    bool finished = false;     ///< and ended it
    bool was_evicted = false;  ///< as the evictor has it
  };
  auto shared = std::make_shared<Shared>();
  s.thread("member", [m, shared] {
    Member evicted(*m, 1);
    const SpanResult claimed = evicted.claim();
    shared->has_worked = claimed.status == SpanStatus::claimed;
    if (shared->has_worked) shared->finished = evicted.handle_evictable(claimed.span);
  });
  s.thread("evictor", [m, shared] {
    if (!(shared->was_evicted = evict(*m, 1))) return;
    Member heir(*m, 0);
    const SpanResult claimed = heir.claim();
    require(claimed.status == SpanStatus::claimed && claimed.redelivered, "the span is there, and says so");
    require(claimed.span.begin < claimed.span.end && claimed.span.end == 2 * kRecord,
            "and ends where it ended");
    shared->again = static_cast<int>(claimed.span.begin / kRecord);
    for (std::uint64_t at = claimed.span.begin; at < claimed.span.end; at += kRecord) {
      require_in_place(*m, at);
      ++m->handled(at);
    }
  });
  s.finally([m, shared] {
    require(shared->has_worked && shared->finished != shared->was_evicted, "one of the two ends the span");
    int twice = 0;
    for (std::uint64_t at = 0; at < 2 * kRecord; at += kRecord) {
      const int times = m->handled(at);
      const bool is_again = static_cast<int>(at / kRecord) == shared->again;
      require(times == 1 || (times == 2 && is_again), "only what says so is delivered again");
      twice += times - 1;
    }
    outcome({shared->again, twice});
  });
}

/// What a member is copying when it is evicted is not overwritten: its heir moves the work gate on, the
/// producer laps, and the copy is whole all the same. `member_gate` is the lower of its two.
void a_copy_outlives_an_eviction(Scenario& s, std::uint32_t member_gate, std::uint32_t heir_gate) {
  auto m = group_model(256, 4, 7);
  auto member = std::make_shared<Member>(*m, member_gate);
  const Span span = member->claim().span;
  s.thread("member", [m, span, member_gate] {
    log::CopyGate<Policy> copying(m->lot, m->gate(member_gate), m->gate(member_gate + 1));
    const bool is_ours = copying.protect(span.begin);
    if (is_ours) {
      for (std::uint64_t at = span.begin; at < span.end; at += kRecord) require_in_place(*m, at);
      copying.release();
    }
    outcome({is_ours ? 1 : 0});
  });
  s.thread("evictor", [m, member_gate, heir_gate] {
    require(evict(*m, member_gate), "nobody else ends the span");
    Member heir(*m, heir_gate);
    const SpanResult claimed = heir.claim();
    require(claimed.status == SpanStatus::claimed && claimed.redelivered, "the span is there");
    heir.handle(claimed.span);
  });
  tries_to_publish(s, m, 2);
}

/// The whole of it: a member copies its span and handles the copies, is evicted somewhere on the way, and its
/// heir copies and handles the rest, while a producer waits for the space.
void an_evicted_member_copies(Scenario& s) {
  auto m = group_model(256, 4, 7);
  auto member = std::make_shared<Member>(*m, 2);
  const Span span = member->claim().span;
  s.thread("member", [m, member, span] {
    log::CopyGate<Policy> copying(m->lot, m->gate(2), m->gate(3));
    if (!copying.protect(span.begin)) return;
    for (std::uint64_t at = span.begin; at < span.end; at += kRecord) require_in_place(*m, at);
    copying.release();
    outcome({member->handle_evictable(span) ? 1 : 0});
  });
  s.thread("evictor", [m] {
    if (!evict(*m, 2)) return;
    Member heir(*m, 0);
    const SpanResult claimed = heir.claim();
    require(claimed.status == SpanStatus::claimed && claimed.redelivered, "the span is there");
    log::CopyGate<Policy> copying(m->lot, m->gate(0), m->gate(1));
    require(copying.protect(claimed.span.begin), "nobody takes it away");
    for (std::uint64_t at = claimed.span.begin; at < claimed.span.end; at += kRecord)
      require_in_place(*m, at);
    copying.release();
    require(heir.handle_evictable(claimed.span), "nobody takes it away");
  });
  tries_to_publish(s, m, 2);
}

/// A larger one, for drawn schedules: a member that copies is evicted some time, and another goes on.
void an_eviction_at_work(Scenario& s) {
  auto m = group_model(128, 4, 2);
  const auto work = [m](std::uint32_t gate) {
    Member member(*m, gate);
    log::CopyGate<Policy> copying(m->lot, m->gate(gate), m->gate(gate + 1));
    bool is_ours = true;
    await([&] {
      for (SpanResult claimed = member.claim(); claimed.status == SpanStatus::claimed;
           claimed = member.claim()) {
        const Span span = claimed.span;
        if (!(is_ours = copying.protect(span.begin))) return true;
        for (std::uint64_t at = span.begin; at < span.end; at += kRecord) require_in_place(*m, at);
        copying.release();
        for (std::uint64_t at = span.begin; is_ours && at < span.end; at += kRecord) {
          if (claimed.redelivered && at == span.begin) m->again = at;
          ++m->handled(at);
          is_ours = member->advance(at, at + kRecord, std::true_type{});
          if (is_ours) m->finished.fetch_add(1, std::memory_order_relaxed);
        }
        if (!is_ours) return true;
      }
      return m->finished.load(std::memory_order_relaxed) >= 5;
    });
  };
  publishes(s, m, 3);
  s.thread("member", [work] { work(2); });
  s.thread("evictor", [m, work] {
    (void)evict(*m, 2);
    work(0);
  });
  s.finally([m] { m->require_each_once(); });
}

}  // namespace

std::vector<Model> eviction_models() {
  return {
      {.name = "group: an evicted member and its heir agree",
       .setup = an_evicted_member_and_its_heir_agree,
       .must_occur = {"0 1", "1 1", "-1 0"}},
      {.name = "group: a copy outlives an eviction by a member below",
       .setup = [](Scenario& s) { a_copy_outlives_an_eviction(s, 2, 0); },
       .must_occur = {"0", "1"}},
      {.name = "group: a copy outlives an eviction by a member above",
       .setup = [](Scenario& s) { a_copy_outlives_an_eviction(s, 0, 2); },
       .must_occur = {"0", "1"}},
      {.name = "group: an evicted member copies", .setup = an_evicted_member_copies},
      {.name = "group: evicted at work, in drawn schedules",
       .options = {.stale_reads = 3, .random_schedules = 3'000},
       .setup = an_eviction_at_work},
  };
}

}  // namespace sluice::model
