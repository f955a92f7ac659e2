#include <iterator>

#include "model/group_model.hpp"
#include "model/support.hpp"

/// Queue groups: members that claim spans of one cursor, leave them behind, and take over what others left:
/// `group.hpp`. Each event is handled exactly once. Eviction and drains have files of their own.
namespace sluice::model {

// The rest of the area, each in a file of its own name.
std::vector<Model> eviction_models();
std::vector<Model> drain_models();

namespace {

// ---- claiming -----------------------------------------------------------------------------------------

/// Two members claim what there is, one record at a time, while a producer laps the ring.
void two_members_share(Scenario& s) {
  auto m = group_model(64, 2, 1);
  for (const std::uint32_t gate : {0u, 1u}) {
    s.thread("member" + std::to_string(gate), [m, gate] { Member(*m, gate).work_on(2, 1); });
  }
  tries_to_publish(s, m, 2);
  s.finally([m] {
    m->require_each_once();
    outcome({m->finished.load(std::memory_order_relaxed)});
  });
}

/// One member keeps up with a producer that laps the ring: nothing is missed, nothing of another lap is read.
void a_member_keeps_up(Scenario& s) {
  auto m = group_model(64, 1, 0);
  s.thread("member", [m] { Member(*m, 0).work_until(3); });
  publishes(s, m, 3);
  s.finally([m] { m->require_each_once(); });
}

/// A member joins, with a gate that scans did not know of, while another claims and a producer laps.
void a_member_joins(Scenario& s) {
  auto m = std::make_shared<GroupModel>(
      RingSetup{.capacity_bytes = 64, .gates = 2, .cursors = 1, .joined_gates = 0, .unused_gates = 1}, 1);
  s.thread("member", [m] { Member(*m, 0).work_on(1, 1); });
  s.thread("joiner", [m] {
    m->table.use_gates_up_to(1);
    m->shared.members.fetch_add(1, std::memory_order_relaxed);
    Member(*m, 1).work_on(2, 1);
  });
  tries_to_publish(s, m, 2);
  s.finally([m] { m->require_each_once(); });
}

// ---- leaving ------------------------------------------------------------------------------------------

/// A member leaves in the midst of a span: another takes the rest over, before it takes anything new.
void a_member_leaves_a_span(Scenario& s) {
  auto m = group_model(256, 2, 4);
  s.thread("leaver", [m] {
    Member leaver(*m, 1);
    const SpanResult claimed = leaver.claim();
    if (claimed.status != SpanStatus::claimed) return;
    const Span span = claimed.span;
    leaver.handle(span.begin, span.begin + kRecord);
    require(leaver->leave() == (span.end > span.begin + kRecord), "something is left, or not");
  });
  s.thread("heir", [m] {
    Member heir(*m, 0);
    if (heir->has_orphans()) {
      const SpanResult first = heir.claim();
      require(first.status == SpanStatus::claimed && first.span.begin == kRecord &&
                  first.span.end == 2 * kRecord && !first.redelivered,
              "what was left comes first");
      heir.handle(first.span);
    }
    heir.work_until(4);
  });
  s.finally([m] { m->require_each_once(); });
}

/// Two find the same orphan: one of them gets it.
void an_orphan_is_adopted_once(Scenario& s) {
  auto m = group_model(256, 3, 4);
  leaves_an_orphan(*m, 1);
  for (const std::uint32_t gate : {0u, 2u}) {
    s.thread("heir" + std::to_string(gate), [m, gate] { Member(*m, gate).work_on(2); });
  }
  s.finally([m] { m->require_each_once(); });
}

/// A member reads an event, and leaves before it has handled it. Its heir, which may have come for another
/// orphan, handles it, and a producer writes over it: only after the leaver has read it, too.
void what_a_leaver_reads_is_read_before_its_heir_lets_go(Scenario& s) {
  auto m = group_model(256, 3, 7);
  auto leaver = std::make_shared<Member>(*m, 1);
  const Span span = leaver->claim().span;
  leaves_an_orphan(*m, 2);
  s.thread("leaver", [m, leaver, span] {
    require_in_place(*m, span.begin);
    require((*leaver)->leave(), "something is left");
  });
  s.thread("heir", [m] { Member(*m, 0).work_on(1); });
  tries_to_publish(s, m, 2);
  s.finally([m] { require_free_at_the_tail(*m); });
}

/// A member joins, claims and leaves, all in a gate that scans did not know of before: whoever sees that
/// something was left finds it.
void who_sees_the_count_finds_the_orphan(Scenario& s) {
  auto m = std::make_shared<GroupModel>(
      RingSetup{.capacity_bytes = 128, .gates = 2, .cursors = 1, .joined_gates = 0, .unused_gates = 1}, 2);
  s.thread("leaver", [m] {
    m->table.use_gates_up_to(1);
    Member leaver(*m, 1);
    if (leaver.claim().status == SpanStatus::claimed) require(leaver->leave(), "something is left");
  });
  s.thread("heir", [m] {
    Member heir(*m, 0);
    const bool is_left = heir->has_orphans();
    const SpanResult claimed = heir.claim();
    if (is_left) {
      require(claimed.status == SpanStatus::claimed && claimed.span.begin == 0,
              "what was counted is found, whole");
    }
    if (claimed.status == SpanStatus::claimed) heir.handle(claimed.span);
    outcome({is_left ? 1 : 0});
  });
}

/// Slots change hands: a gate that was this group's is another one's when its new owner leaves a span in it.
/// Who sees that sees whose it is, even if it came for an orphan of its own group.
void an_orphan_of_another_group_is_not_taken(Scenario& s) {
  constexpr int kOurs = 1;
  constexpr int kTheirs = 2;
  auto m = group_model(128, 3, 3);
  leaves_an_orphan(*m, 2, 1);
  struct Theirs {
    explicit Theirs(GroupModel& model)
        : member(model.ring, model.lot, model.table, shared, cursor, model.gate(1)) {
      cursor.position.store(0, std::memory_order_relaxed);
    }
    log::GroupShared<Policy> shared;
    ModelCursor cursor;
    log::GroupMember<Policy> member;
    Atomic<int> group_of_slot_1{kOurs};
  };
  auto theirs = std::make_shared<Theirs>(*m);
  s.thread("other group", [theirs] {
    // Relaxed, as the registry does it: the stores of the slot's gate come after it.
    theirs->group_of_slot_1.store(kTheirs, std::memory_order_relaxed);
    const SpanResult claimed = theirs->member.claim(1, 128, [](std::uint32_t) { return true; });
    require(claimed.status == SpanStatus::claimed && theirs->member.leave(), "something is left");
  });
  s.thread("heir", [m, theirs] {
    log::GroupMember<Policy> heir(m->ring, m->lot, m->table, m->shared, m->cursor(), m->gate(0));
    const SpanResult claimed = heir.claim(1, 128, [theirs](std::uint32_t gate) {
      return gate == 2 || (gate == 1 && theirs->group_of_slot_1.load(std::memory_order_relaxed) == kOurs);
    });
    require(claimed.status == SpanStatus::claimed, "there is an orphan of its own");
    require(m->gate(2).value.load(std::memory_order_relaxed) == log::kNoGate, "that is the one it took");
  });
}

/// An orphan moves from one gate to another while a producer raises, whose scan may miss it in both.
void an_orphan_is_never_unprotected(Scenario& s, std::uint32_t from_gate, std::uint32_t to_gate) {
  auto m = group_model(256, 2, 7);
  leaves_an_orphan(*m, from_gate);
  s.thread("heir", [m, to_gate] {
    Member heir(*m, to_gate);
    const SpanResult claimed = heir.claim();
    require(claimed.status == SpanStatus::claimed && claimed.span.begin == 0, "the orphan is there");
    heir.handle(claimed.span);
  });
  publishes(s, m, 2);
  s.finally([m] { m->require_each_once(); });
}

/// The same, but it moves on and on, and each time a scan of the same raise may miss it: there are three.
void an_orphan_that_moves_on_is_never_unprotected(Scenario& s) {
  auto m = group_model(256, 4, 7);
  auto leaver = std::make_shared<Member>(*m, 3);
  (void)leaver->claim();
  Member(*m, 0).work();  // so that there is nothing else to be had
  (void)(*leaver)->leave();
  tries_to_publish(s, m, 1);
  for (const std::uint32_t gate : {2u, 1u, 0u}) {
    s.thread("heir" + std::to_string(gate), [m, gate] {
      Member heir(*m, gate);
      const SpanResult claimed = heir.claim();
      if (claimed.status == SpanStatus::claimed && gate != 0) (void)heir->leave();
    });
  }
  s.finally([m] {
    require_in_place(*m, 0);  // nobody has handled it
    require_free_at_the_tail(*m);
  });
}

/// The gate that an orphan was left in is the next subscriber's once its adopter has cleared it.
void an_orphans_gate_is_used_again(Scenario& s) {
  auto m = group_model(128, 2, 3);
  leaves_an_orphan(*m, 1, 1);
  s.thread("heir", [m] { Member(*m, 0).work_until(3); });
  s.thread("registry", [m] {
    if (m->gate(1).value.load(std::memory_order_acquire) != log::kNoGate) return;
    Member(*m, 1).work_on(1);
  });
  s.finally([m] { m->require_each_once(); });
}

/// A larger one, for drawn schedules: members share what two producers publish, one leaves in the midst of a
/// span, and the ring is lapped.
void a_group_at_work(Scenario& s) {
  auto m = group_model(128, 3, 2);
  for (const char* name : {"producer1", "producer2"}) publishes(s, m, 3, name);
  for (const std::uint32_t gate : {0u, 1u}) {
    s.thread("member" + std::to_string(gate), [m, gate] { Member(*m, gate).work_until(8); });
  }
  s.thread("leaver", [m] {
    Member leaver(*m, 2);
    const SpanResult claimed = leaver.claim();
    if (claimed.status != SpanStatus::claimed) return;
    require_in_place(*m, claimed.span.begin);
    (void)leaver->leave();
  });
  s.finally([m] { m->require_each_once(); });
}

}  // namespace

std::vector<Model> group_models() {
  std::vector<Model> models{
      {.name = "group: two members share what there is", .setup = two_members_share},
      {.name = "group: a member keeps up with a producer that laps", .setup = a_member_keeps_up},
      {.name = "group: a member joins", .setup = a_member_joins},
      {.name = "group: a member leaves a span", .setup = a_member_leaves_a_span},
      {.name = "group: an orphan is adopted once", .setup = an_orphan_is_adopted_once},
      {.name = "group: what a leaver reads is read before its heir lets go",
       .setup = what_a_leaver_reads_is_read_before_its_heir_lets_go},
      {.name = "group: who sees the count finds the orphan",
       .setup = who_sees_the_count_finds_the_orphan,
       .must_occur = {"0", "1"}},
      {.name = "group: an orphan of another group is not taken",
       .setup = an_orphan_of_another_group_is_not_taken},
      {.name = "group: an orphan that moves down is never unprotected",
       .setup = [](Scenario& s) { an_orphan_is_never_unprotected(s, 1, 0); }},
      {.name = "group: an orphan that moves up is never unprotected",
       .setup = [](Scenario& s) { an_orphan_is_never_unprotected(s, 0, 1); }},
      {.name = "group: an orphan that moves on is never unprotected",
       .options = {.preemptions = 3, .stale_reads = 0},
       .setup = an_orphan_that_moves_on_is_never_unprotected},
      {.name = "group: the gate of an orphan is used again", .setup = an_orphans_gate_is_used_again},
      {.name = "group: at work, in drawn schedules",
       .options = {.stale_reads = 3, .random_schedules = 3'000},
       .setup = a_group_at_work},
  };
  for (const auto more : {eviction_models, drain_models}) {
    std::vector<Model> others = more();
    models.insert(models.end(), std::make_move_iterator(others.begin()),
                  std::make_move_iterator(others.end()));
  }
  return models;
}

}  // namespace sluice::model
