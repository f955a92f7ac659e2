#include <array>

#include "sluice/log/copy_gate.hpp"

#include "model/group_model.hpp"

/// Members of a queue group that are evicted while they work or copy, and what a drain sees of it:
/// `group.hpp` and `copy_gate.hpp`. The first unfinished event of a member that was evicted may be handled
/// again, and says so; every other is handled once.
namespace sluice::model {
namespace {

/// What an evictor does, as long as the member works: if it moves on meanwhile, a step later.
bool evict(GroupModel& m, std::uint32_t gate) {
  std::uint64_t value = m.gate(gate).value.load(std::memory_order_acquire);
  while (log::gate_phase(value) == GatePhase::working) {
    if (log::GroupMember<Policy>::evict(m.gate(gate), log::gate_position(value), m.shared)) return true;
    value = m.gate(gate).value.load(std::memory_order_acquire);
  }
  return false;
}

/// A member is evicted while it works: it and the evictor agree on the first event that is not finished. That
/// one is delivered again, and says so; the others are handled once.
void an_evicted_member_and_its_heir_agree(Scenario& s) {
  auto m = group_model(128, 2, 3);
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
  auto m = group_model(128, 4, 3);
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
  s.thread("producer", [m] {
    Publisher producer(*m);
    for (int i = 0; i < 2; ++i) (void)producer.try_publish_in_turn();
  });
}

/// The whole of it: a member copies its span and handles the copies, is evicted somewhere on the way, and its
/// heir copies and handles the rest, while a producer waits for the space.
void an_evicted_member_copies(Scenario& s) {
  auto m = group_model(128, 4, 3);
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
  s.thread("producer", [m] {
    Publisher producer(*m);
    for (int i = 0; i < 2; ++i) (void)producer.try_publish_in_turn();
  });
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
  s.thread("producer", [m] {
    Publisher producer(*m);
    for (int i = 0; i < 3; ++i) producer.publish_in_turn();
  });
  s.thread("member", [work] { work(2); });
  s.thread("evictor", [m, work] {
    (void)evict(*m, 2);
    work(0);
  });
  s.finally([m] { m->require_each_once(); });
}

// ---- draining -----------------------------------------------------------------------------------------

/// What a drain asks of one member, as the bus does: others' gates first, its own last. True: it has nothing
/// below `target` in hand, nor is anything left behind there.
bool is_done_below(GroupModel& m, std::uint32_t own_gate, std::uint64_t target) {
  if (m.cursor().position.load(std::memory_order_acquire) < target) return false;
  const auto is_below = [&](std::uint64_t value) {
    return value != log::kNoGate && log::gate_position(value) < target;
  };
  for (std::uint32_t gate = 0; gate < m.table.gates_used(); ++gate) {
    const std::uint64_t value = m.gate(gate).value.load(std::memory_order_acquire);
    const GatePhase phase = log::gate_phase(value);
    if (is_below(value) && phase != GatePhase::working && phase != GatePhase::claiming) return false;
  }
  return !is_below(m.gate(own_gate).value.load(std::memory_order_acquire));
}

/// What handlers did to the two events of a span: plain, so that who looks too early is found.
struct DrainModel : GroupModel {
  using GroupModel::GroupModel;
  std::array<Var<int>, 2> effects;

  void have_effect(std::uint64_t position) { effects.at(position / kRecord).set(1); }
  void require_effects() {
    for (const Var<int>& effect : effects) require(effect.get() == 1, "what is drained is handled");
  }
};

enum class Advances : std::uint8_t { alone, against_evictors };

/// An orphan is adopted and handled while somebody drains: what a drain takes for done is done, and visible.
void a_drain_sees_an_orphan_handled(Scenario& s, Advances advances, std::uint32_t from_gate,
                                    std::uint32_t to_gate) {
  auto m = std::make_shared<DrainModel>(
      RingSetup{.capacity_bytes = 128, .gates = 2, .cursors = 1, .joined_gates = 0}, 3);
  auto leaver = std::make_shared<Member>(*m, from_gate);
  (void)leaver->claim();
  (void)(*leaver)->leave();
  s.thread("heir", [m, advances, to_gate] {
    Member heir(*m, to_gate);
    const Span span = heir.claim().span;
    for (std::uint64_t at = span.begin; at < span.end; at += kRecord) {
      m->have_effect(at);
      if (advances == Advances::alone)
        (void)heir->advance(at, at + kRecord, std::false_type{});
      else
        (void)heir->advance(at, at + kRecord, std::true_type{});
    }
  });
  s.thread("drain", [m, to_gate] {
    const bool is_done = is_done_below(*m, to_gate, 2 * kRecord);
    if (is_done) m->require_effects();
    outcome({is_done ? 1 : 0});
  });
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
      {.name = "group: a drain sees an orphan handled that moves down",
       .setup = [](Scenario& s) { a_drain_sees_an_orphan_handled(s, Advances::alone, 1, 0); },
       .must_occur = {"0", "1"}},
      {.name = "group: a drain sees an orphan handled that moves up",
       .setup = [](Scenario& s) { a_drain_sees_an_orphan_handled(s, Advances::alone, 0, 1); },
       .must_occur = {"0", "1"}},
      {.name = "group: a drain sees an orphan handled by one that can be evicted",
       .setup = [](Scenario& s) { a_drain_sees_an_orphan_handled(s, Advances::against_evictors, 1, 0); },
       .must_occur = {"0", "1"}},
  };
}

}  // namespace sluice::model
