#include <array>
#include <string>

#include "sluice/log/copy_gate.hpp"
#include "sluice/log/group.hpp"
#include "sluice/log/join.hpp"
#include "sluice/log/unread.hpp"

#include "model/catalogue.hpp"
#include "model/sleepers.hpp"

/// Publishers that sleep for room, against everything that makes some. What must not happen: that one sleeps
/// on while there is room for it.
namespace sluice::model {
namespace {

constexpr std::uint32_t kWanted = 1;
constexpr std::uint32_t kUnwanted = 2;

std::shared_ptr<ShardModel> shard(const RingSetup& setup) {
  return std::make_shared<ShardModel>(setup, std::vector<Wish>{{0, kWanted}});
}

/// Commits records before anybody runs.
void fill(ShardModel& m, std::uint64_t records) {
  Teller publisher(m);
  for (std::uint64_t number = 1; number <= records; ++number) publisher.commit(publisher.try_claim(number));
}

/// Publishes one record, which takes a place that is not free yet.
void needs_room(Scenario& s, const std::shared_ptr<ShardModel>& m, std::uint64_t number = 9) {
  s.thread("publisher", [m, number] {
    require(Teller(*m).publish(number) == ClaimStatus::ok, "there is room in the end");
  });
}

/// Both sides sleep in turn: a ring that holds one record.
void one_record_at_a_time(Scenario& s, Producers producers) {
  auto m = shard({.capacity_bytes = 64, .producers = producers});
  s.thread("publisher", [m] {
    Teller publisher(*m);
    for (std::uint64_t number = 1; number <= 3; ++number) (void)publisher.publish(number);
  });
  s.thread("sleeper", [m] {
    Sleeper sleeper(*m);
    for (std::uint64_t number = 1; number <= 3; ++number)
      require(sleeper.next_number() == number, "in order");
  });
}

/// Room for two at once: whoever makes it wakes both, and neither takes what the other needs.
void two_wait(Scenario& s) {
  auto m = shard({.capacity_bytes = 128});
  fill(*m, 3);
  for (const std::uint64_t number : {8u, 9u}) {
    s.thread("publisher" + std::to_string(number), [m, number] {
      require(Teller(*m).publish(number) == ClaimStatus::ok, "there is room for both");
    });
  }
  s.thread("reader", [m] {
    m->gate().value.store(64, std::memory_order_release);
    m->lot.space_freed();
  });
}

/// Who raises the limit, but needs more than it gained, leaves room for another, who may have tried to raise
/// at that moment and been turned away.
void raised_by_another(Scenario& s) {
  auto m = shard({.capacity_bytes = 128});
  fill(*m, 3);
  needs_room(s, m);
  s.thread("too large", [m] {
    require(Teller(*m).try_claim(8, kWanted, 64).status == ClaimStatus::would_block, "there is less room");
  });
  s.thread("reader", [m] {
    m->gate().value.store(32, std::memory_order_release);
    m->lot.space_freed();
  });
}

/// A sleeper that wants none of the events moves its gate over them all the same.
void unwanted(Scenario& s, std::uint64_t capacity_bytes, std::uint64_t records, Producers producers) {
  auto m = shard({.capacity_bytes = capacity_bytes, .producers = producers});
  s.thread("publisher", [m, records] {
    Teller publisher(*m);
    for (std::uint64_t number = 2; number <= records; ++number) (void)publisher.publish(number, kUnwanted);
    require(publisher.publish(1, kWanted) == ClaimStatus::ok, "nobody holds it back for ever");
  });
  s.thread("sleeper", [m] { require(Sleeper(*m).next_number() == 1, "what it wants comes in the end"); });
}

/// The same with an open claim of another's below, at which the sleeper may stop.
void unwanted_behind_a_claim(Scenario& s) {
  auto m = shard({.capacity_bytes = 64});
  auto slow = std::make_shared<Teller>(*m);
  const Reservation open = slow->try_claim(8, kUnwanted);
  s.thread("slow", [slow, open] { slow->commit(open, kUnwanted); });
  s.thread("publisher", [m] {
    require(Teller(*m).publish(1, kWanted) == ClaimStatus::ok, "nobody holds it back for ever");
  });
  s.thread("sleeper", [m] { require(Sleeper(*m).next_number() == 1, "what it wants comes in the end"); });
}

/// Without gates it is open claims that hold publishers back.
template <class CloseClaim>
void open_claim(Scenario& s, CloseClaim close_claim) {
  auto m = shard({.capacity_bytes = 64, .gates = 0, .joined_gates = 0});
  auto slow = std::make_shared<Teller>(*m);
  const Reservation open = slow->try_claim(1);
  s.thread("slow", [slow, open, close_claim] { close_claim(*slow, open); });
  needs_room(s, m);
}

/// A subscriber leaves that held the publisher back.
void leaver(Scenario& s) {
  auto m = shard({.capacity_bytes = 64});
  fill(*m, 1);
  needs_room(s, m);
  s.thread("leaver", [m] { log::leave_gate(m->lot, m->gate()); });
}

/// A joiner tries positions that may hold the publisher back for a moment, and leaves at last.
void joiner(Scenario& s) {
  auto m = shard({.capacity_bytes = 64, .joined_gates = 0});
  s.thread("publisher", [m] {
    Teller publisher(*m);
    for (std::uint64_t number = 1; number <= 3; ++number)
      require(publisher.publish(number) == ClaimStatus::ok, "a joiner holds nobody back for ever");
  });
  s.thread("joiner", [m] {
    (void)log::join_at_tail(m->ring, m->lot, m->gate().value);
    log::leave_gate(m->lot, m->gate());
  });
}

/// A joiner that stays, where that leaves room: it may have tried a position below before.
void late_joiner(Scenario& s) {
  auto m = shard({.capacity_bytes = 64, .joined_gates = 0});
  s.thread("publisher", [m] {
    Teller publisher(*m);
    for (std::uint64_t number = 1; number <= 3; ++number)
      require(publisher.publish(number) == ClaimStatus::ok, "what a joiner only tried holds nobody back");
  });
  s.thread("joiner", [m] {
    const std::uint64_t joined = log::join_at_tail(m->ring, m->lot, m->gate().value);
    if (joined < 64) log::leave_gate(m->lot, m->gate());
  });
}

struct SharedCursor {
  explicit SharedCursor(std::uint64_t records, std::uint64_t capacity_bytes = 64)
      : shard({.capacity_bytes = capacity_bytes, .gates = 2, .cursors = 1, .joined_gates = 0}) {
    shard.cursor().position.store(0, std::memory_order_relaxed);
    fill(shard, records);
  }
  log::SpanReader<Policy> reader(std::uint32_t gate) {
    return {shard.ring, shard.lot, shard.cursor(), shard.gate(gate)};
  }
  ShardModel shard;
};

/// One reader takes the record; another only looks, announcing a gate where the cursor stood, and withdraws
/// it.
void announced_and_withdrawn(Scenario& s) {
  auto m = std::make_shared<SharedCursor>(1);
  s.thread("publisher", [m] {
    require(Teller(m->shard).publish(9) == ClaimStatus::ok, "a look holds nobody back for ever");
  });
  s.thread("reader", [m] {
    auto reader = m->reader(0);
    const log::SpanResult won = reader.claim([](std::uint64_t at) { return at + 32; });
    require(won.status == log::SpanStatus::claimed && read_number(m->shard, 0) == 1, "the record is its own");
    reader.withdraw();
  });
  s.thread("looker", [m] {
    auto reader = m->reader(1);
    (void)log::unread_at_cursor(reader, [](std::uint32_t) { return true; });
  });
}

/// A reader that announces a gate where the cursor stood, and then claims further on, keeping its gate there.
void announced_and_moved_up(Scenario& s) {
  auto m = std::make_shared<SharedCursor>(3, 128);
  s.thread("publisher", [m] {
    require(Teller(m->shard).publish(9) == ClaimStatus::ok, "the first record's place is free in the end");
  });
  for (const std::uint32_t gate : {0u, 1u}) {
    s.thread("reader" + std::to_string(gate), [m, gate] {
      auto reader = m->reader(gate);
      const log::SpanResult won = reader.claim([](std::uint64_t at) { return at + 32; });
      require(won.status == log::SpanStatus::claimed, "there is a record for each");
      // One of them works on the second record for longer than this model lasts.
      if (gate == 0 || won.span.begin == 0) reader.withdraw();
    });
  }
}

/// A queue group's member works through a span.
void group_member(Scenario& s) {
  auto m = std::make_shared<SharedCursor>(1);
  auto shared = std::make_shared<log::GroupShared<Policy>>();
  s.thread("publisher",
           [m] { require(Teller(m->shard).publish(9) == ClaimStatus::ok, "the member moves on"); });
  s.thread("member", [m, shared] {
    log::GroupMember<Policy> member(m->shard.ring, m->shard.lot, m->shard.table, *shared, m->shard.cursor(),
                                    m->shard.gate(0));
    const log::SpanResult won = member.claim(1, 64, [](std::uint32_t) { return true; });
    require(won.status == log::SpanStatus::claimed && read_number(m->shard, 0) == 1, "a span of one");
    require(member.advance(0, 32, std::true_type{}), "nobody takes it away");
  });
}

/// A copy under way protects what its span no longer does.
void copy_gate(Scenario& s) {
  auto m = std::make_shared<SharedCursor>(1);
  m->shard.cursor().position.store(32, std::memory_order_relaxed);
  m->shard.gate(0).value.store(log::gate_value(0, log::GatePhase::working), std::memory_order_relaxed);
  s.thread("publisher",
           [m] { require(Teller(m->shard).publish(9) == ClaimStatus::ok, "the copy is made in the end"); });
  s.thread("member", [m] {
    log::CopyGate<Policy> copy(m->shard.lot, m->shard.gate(0), m->shard.gate(1));
    if (!copy.protect(0)) return;
    require(read_number(m->shard, 0) == 1, "the copy is whole");
    copy.release();
  });
  s.thread("adopter", [m] {
    // It took the span over, and is done with it.
    m->shard.gate(0).value.store(log::kNoGate, std::memory_order_release);
    m->shard.lot.space_freed();
  });
}

}  // namespace

std::vector<Model> space_models() {
  return {
      {.name = "space: a single producer and a sleeper wake each other in a ring of one record",
       .setup = [](Scenario& s) { one_record_at_a_time(s, Producers::single); }},
      {.name = "space: one of several producers and a sleeper wake each other in a ring of one record",
       .setup = [](Scenario& s) { one_record_at_a_time(s, Producers::multi); }},
      {.name = "space: two publishers that wait at once both go on",
       .options = {.preemptions = 1},
       .setup = two_wait},
      {.name = "space: room that another gained and could not use is told on", .setup = raised_by_another},
      {.name = "space: a sleeper that wants nothing of it holds no single producer back",
       .setup = [](Scenario& s) { unwanted(s, 64, 3, Producers::single); }},
      {.name = "space: a sleeper that wants nothing of it holds no publisher back",
       .setup = [](Scenario& s) { unwanted(s, 64, 3, Producers::multi); }},
      {.name = "space: a sleeper moves its gate as soon as a claim below is closed",
       .options = {.preemptions = 1},
       .setup = unwanted_behind_a_claim},
      {.name = "space: a claim that is committed makes room",
       .setup =
           [](Scenario& s) {
             open_claim(s, [](Teller& slow, const Reservation& open) { slow.commit(open); });
           }},
      {.name = "space: a claim that is aborted makes room",
       .setup =
           [](Scenario& s) {
             open_claim(s, [](Teller& slow, const Reservation& open) { slow.abort(open); });
           }},
      {.name = "space: a subscriber that leaves makes room", .setup = leaver},
      {.name = "space: a joiner that tries and goes makes room", .setup = joiner},
      {.name = "space: a joiner that comes too late and joins further on makes room", .setup = late_joiner},
      {.name = "space: a gate that was announced below its claim makes room",
       .setup = announced_and_moved_up},
      {.name = "space: a gate that was announced and withdrawn makes room", .setup = announced_and_withdrawn},
      {.name = "space: a group's member that finishes its span makes room", .setup = group_member},
      {.name = "space: a copy that is made makes room", .setup = copy_gate},
      {.name = "space: drawn schedules of a longer stream that nobody wants",
       .options = {.stale_reads = 3, .spurious_wakes = 1, .random_schedules = 2'000},
       .setup = [](Scenario& s) { unwanted(s, 128, 8, Producers::multi); }},
  };
}

}  // namespace sluice::model
