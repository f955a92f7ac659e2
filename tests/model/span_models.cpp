#include <memory>

#include "sluice/log/group.hpp"

#include "model/catalogue.hpp"
#include "model/support.hpp"

/// A span reader that has fallen behind the cursor, and is about to announce its gate where others have long
/// read everything.
namespace sluice::model {
namespace {

struct SharedRing : RingModel {
  using RingModel::RingModel;
  log::GroupShared<Policy> shared;
};

/// One member takes all there is, and a record is published that covers two of those it took. Whoever still
/// takes the cursor to stand at the first would read the second one's word in the midst of a payload.
void a_member_that_comes_late(Scenario& s) {
  auto m = std::make_shared<SharedRing>(
      RingSetup{.capacity_bytes = 128, .gates = 2, .cursors = 1, .joined_gates = 0});
  m->cursor().position.store(0, std::memory_order_relaxed);
  auto producer = std::make_shared<Publisher>(*m);
  for (std::uint64_t number = 1; number <= 3; ++number) (void)producer->try_publish(number);

  const auto claim = [m](std::uint32_t gate) {
    log::GroupMember<Policy> member(m->ring, m->lot, m->table, m->shared, m->cursor(), m->gate(gate));
    const log::SpanResult claimed = member.claim(32, 128, [](std::uint32_t) { return true; });
    if (claimed.status == log::SpanStatus::claimed)
      require(member.advance(claimed.span.begin, claimed.span.end, std::false_type{}), "nobody evicts");
    return claimed;
  };
  s.thread("quick", [claim, producer] {
    while (claim(0).status == log::SpanStatus::claimed) {
    }
    (void)producer->try_publish(4, 64);
  });
  s.thread("late", [claim] {
    const log::SpanResult claimed = claim(1);
    const bool is_claimed = claimed.status == log::SpanStatus::claimed;
    outcome({is_claimed ? static_cast<std::int64_t>(claimed.span.begin) : -1});
  });
}

}  // namespace

std::vector<Model> span_models() {
  return {{.name = "span: a member that comes late reads nothing that is being overwritten",
           .options = {.stale_reads = 2},
           .setup = a_member_that_comes_late,
           .must_occur = {"-1", "0"}}};
}

}  // namespace sluice::model
