#include <algorithm>
#include <array>
#include <initializer_list>

#include "model/group_model.hpp"
#include "model/support.hpp"

/// What a drain takes for done in a queue group, whose spans go from one member to another meanwhile. Gates
/// and hand-overs are `group.hpp`'s; whom a drain asks, and what for, is the bus's rule, said again here.
namespace sluice::model {
namespace {

/// What is drained: the span of two events that every model here is about.
constexpr std::uint64_t kTarget = 2 * kRecord;

/// What handlers did to the two events: plain, so that who looks too early is found.
struct DrainModel : GroupModel {
  DrainModel() : GroupModel({.capacity_bytes = 256, .gates = 2, .cursors = 1, .joined_gates = 0}, 4) {}

  void require_effects() {
    for (const Var<int>& effect : effects) require(effect.get() == 1, "what is drained is handled");
  }

  std::array<Var<int>, 2> effects;
  std::array<Atomic<int>, 2> left{};  ///< by gate: its member is gone, and is not asked any more
};

/// Handles a span's events below the target; false when an evictor took it.
template <class CanBeEvicted>
bool handle(DrainModel& m, Member& member, const Span& span, CanBeEvicted can_be_evicted) {
  for (std::uint64_t at = span.begin; at < std::min(span.end, kTarget); at += kRecord) {
    m.effects.at(at / kRecord).set(1);
    if (!member->advance(at, at + kRecord, can_be_evicted)) return false;
  }
  return true;
}
constexpr std::false_type kAlone;
constexpr std::true_type kAgainstEvictors;

/// What a drain asks of one member: others' gates first, its own last. True: it has nothing below the target
/// in hand, nor is anything left behind there.
bool is_done(DrainModel& m, std::uint32_t own_gate) {
  if (m.left.at(own_gate).load(std::memory_order_acquire) != 0) return true;
  if (m.cursor().position.load(std::memory_order_acquire) < kTarget) return false;
  const auto is_below = [&](std::uint64_t value) {
    return value != log::kNoGate && log::gate_position(value) < kTarget;
  };
  for (std::uint32_t gate = 0; gate < m.table.gates_used(); ++gate) {
    const std::uint64_t value = m.gate(gate).value.load(std::memory_order_acquire);
    const GatePhase phase = log::gate_phase(value);
    if (is_below(value) && phase != GatePhase::working && phase != GatePhase::claiming) return false;
  }
  return !is_below(m.gate(own_gate).value.load(std::memory_order_acquire));
}

/// What it asks of a group: its members one after the other, and that no span was handed over from when it
/// began until all have answered.
class Drain {
 public:
  explicit Drain(DrainModel& model)
      : model_(&model), over_before_(model.shared.hand_overs_over.load(std::memory_order_acquire)) {}

  /// Asks both members. What it takes for done must be.
  void ask(std::initializer_list<std::uint32_t> members) {
    const bool all_done = std::all_of(members.begin(), members.end(),
                                      [&](std::uint32_t member) { return is_done(*model_, member); });
    const bool is_drained =
        all_done && model_->shared.hand_overs_begun.load(std::memory_order_relaxed) == over_before_;
    if (is_drained) model_->require_effects();
    outcome({all_done ? 1 : 0, is_drained ? 1 : 0});
  }

 private:
  DrainModel* model_;
  std::uint64_t over_before_;
};

/// An orphan is adopted and handled while a drain asks its heir: what that takes for done is done, and
/// visible.
template <class CanBeEvicted>
void a_drain_sees_an_orphan_handled(Scenario& s, std::uint32_t from_gate, std::uint32_t to_gate,
                                    CanBeEvicted can_be_evicted) {
  auto m = std::make_shared<DrainModel>();
  leaves_an_orphan(*m, from_gate);
  s.thread("heir", [m, to_gate, can_be_evicted] {
    Member heir(*m, to_gate);
    require(handle(*m, heir, heir.claim().span, can_be_evicted), "nobody takes it away");
  });
  s.thread("drain", [m, to_gate] {
    const bool is_drained = is_done(*m, to_gate);
    if (is_drained) m->require_effects();
    outcome({is_drained ? 1 : 0});
  });
}

/// A span goes from a member that is still to be asked to one that has been, since the first leaves with it
/// unfinished: the gates show that to nobody who asks in this order, the count does.
void a_drain_notices_a_span_that_is_left(Scenario& s) {
  auto m = std::make_shared<DrainModel>();
  auto leaver = std::make_shared<Member>(*m, 1);
  (void)leaver->claim();
  s.thread("leaver", [m, leaver] {
    (void)(*leaver)->leave();
    m->left[1].store(1, std::memory_order_release);
  });
  s.thread("heir", [m] {
    Member heir(*m, 0);
    (void)handle(*m, heir, heir.claim().span, kAlone);
  });
  s.thread("drain", [m] { Drain(*m).ask({0, 1}); });
}

/// The same, but an evictor takes the span away, while its member may be leaving for that very reason.
void a_drain_notices_a_span_that_is_taken_away(Scenario& s) {
  auto m = std::make_shared<DrainModel>();
  auto member = std::make_shared<Member>(*m, 1);
  (void)member->claim();
  s.thread("member", [m, member] {
    (void)(*member)->leave();
    m->left[1].store(1, std::memory_order_release);
  });
  s.thread("evictor", [m] {
    (void)evict(*m, 1);
    Member heir(*m, 0);
    (void)handle(*m, heir, heir.claim().span, kAgainstEvictors);
  });
  s.thread("drain", [m] { Drain(*m).ask({0, 1}); });
}

}  // namespace

std::vector<Model> drain_models() {
  return {
      {.name = "group: a drain sees an orphan handled that moves down",
       .setup = [](Scenario& s) { a_drain_sees_an_orphan_handled(s, 1, 0, kAlone); },
       .must_occur = {"0", "1"}},
      {.name = "group: a drain sees an orphan handled that moves up",
       .setup = [](Scenario& s) { a_drain_sees_an_orphan_handled(s, 0, 1, kAlone); },
       .must_occur = {"0", "1"}},
      {.name = "group: a drain sees an orphan handled by one that can be evicted",
       .setup = [](Scenario& s) { a_drain_sees_an_orphan_handled(s, 1, 0, kAgainstEvictors); },
       .must_occur = {"0", "1"}},
      {.name = "group: a drain notices a span that is left",
       .setup = a_drain_notices_a_span_that_is_left,
       .must_occur = {"0 0", "1 0", "1 1"}},
      {.name = "group: a drain notices a span that is taken away",
       .setup = a_drain_notices_a_span_that_is_taken_away,
       .must_occur = {"0 0", "1 0", "1 1"}},
  };
}

}  // namespace sluice::model
