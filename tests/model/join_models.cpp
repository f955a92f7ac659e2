#include <algorithm>
#include <iterator>

#include "sluice/log/join.hpp"

#include "model/catalogue.hpp"
#include "model/support.hpp"

/// How gates come to hold producers back, and how they stop: `join.hpp`, and the raiser's half of it. Records
/// say where they stand (`number_at`), so one that was overwritten is known by its number, if not by the
/// race.
namespace sluice::model {

// The rest of the area, in a file of its own name: cursors that others move.
std::vector<Model> cursor_models();

namespace {

/// Joins with gate `slot`, and returns where.
std::uint64_t join(RingModel& m, std::uint32_t slot = 0) {
  m.table.use_gates_up_to(slot);
  return log::join_at_tail<Policy>(m.ring, m.lot, m.gate(slot).value);
}

/// What stands where somebody has joined is not of another lap, if anything does.
void require_held(RingModel& m, std::uint64_t joined) {
  if (m.ring.word(joined).is_committed()) require_in_place(m, joined);
}

/// A ring of two records that nobody reads yet.
std::shared_ptr<RingModel> unread_ring(Producers producers = Producers::multi) {
  return std::make_shared<RingModel>(
      RingSetup{.capacity_bytes = 64, .producers = producers, .joined_gates = 0, .unused_gates = 1});
}

/// Joins behind gate `slot` while others publish, and reads up to `end`, or to where the log ended when it
/// had joined: nothing from its position on is missing, or of another lap.
void join_and_read(RingModel& m, std::uint32_t slot, std::uint64_t end = 0) {
  GateReader reader(m, slot, join(m, slot));
  outcome({static_cast<std::int64_t>(reader.position())});
  end = std::max(end, m.ring.tail());
  while (reader.position() < end) {
    const GateReader::Record record = reader.next();
    require(record.number == number_at(record.position), "what comes next is read next");
  }
}

/// Two records fit, four are published, and nobody else holds the producer back: whoever joins at any moment
/// reads all that is published from then on.
void joins_while_a_producer_laps(Scenario& s, Producers producers) {
  auto m = unread_ring(producers);
  publishes(s, m, 4);
  s.thread("joiner", [m] { join_and_read(*m, 0, 128); });
}

/// The same with two producers: the one that raises need not be the one that writes.
void joins_while_two_producers_lap(Scenario& s) {
  auto m = unread_ring();
  Publisher(*m).publish_in_turn();
  for (const char* name : {"producer1", "producer2"}) tries_to_publish(s, m, 1, name);
  s.thread("joiner", [m] { join_and_read(*m, 0); });
}

/// One try to join at a position that is given: a joiner that is told "in time" is never overwritten, and one
/// that is told "too late" has read nothing and holds nobody up.
void a_try_to_join_is_answered_truly(Scenario& s) {
  auto m = unread_ring();
  Publisher(*m).publish_in_turn();
  publishes(s, m, 3);
  s.thread("joiner", [m] {
    m->table.use_gates_up_to(0);
    m->ring.raiser().join_at(32);
    m->gate().value.store(32, std::memory_order_release);
    const bool in_time = m->ring.raiser().joined_at(32);
    outcome({in_time ? 1 : 0});
    if (in_time) {
      GateReader reader(*m, 0, 32);
      for (std::uint64_t number = 2; number <= 3; ++number)
        require(reader.next().number == number, "it reads from where it joined");
    }
    log::leave_gate<Policy>(m->lot, m->gate());
  });
}

/// A claim is open when somebody joins at the tail: the gate stands above it, and until it is committed no
/// producer may lap it all the same.
void a_claim_that_is_open_below_a_joiner_is_not_lapped(Scenario& s) {
  auto m = unread_ring();
  has_an_open_claim(s, m);
  counts_what_it_publishes(s, m, 2, "quick");
  s.thread("joiner", [m] { require_held(*m, join(*m)); });
  s.finally([m] { require_free_at_the_tail(*m); });
}

/// Nobody reads when somebody joins, and one producer stalls in the midst of its claim: the stalled claim,
/// not a gate, is what the joiner and the other producer must respect.
void joins_beside_a_stalled_claim(Scenario& s) {
  auto m = unread_ring();
  s.thread("stalled", [m] {
    Publisher producer(*m);
    const Reservation space = producer.claim(1);
    if (space.status != ClaimStatus::ok) return;
    const std::uint64_t number = number_at(space.position);
    producer.write(space.position, 32, number, static_cast<std::uint32_t>(number));
    producer.commit(space);
  });
  tries_to_publish(s, m, 2, "quick");
  s.thread("joiner", [m] { require_held(*m, join(*m)); });
  s.finally([m] { require_free_at_the_tail(*m); });
}

/// Two may join, one after the other as the registry's lock has it, while a producer laps.
void two_join_in_turn(Scenario& s) {
  auto m = std::make_shared<RingModel>(
      RingSetup{.capacity_bytes = 64, .gates = 2, .joined_gates = 0, .unused_gates = 2});
  publishes(s, m, 4);
  s.thread("joiner", [m] {
    GateReader first(*m, 0, join(*m, 0));
    GateReader second(*m, 1, join(*m, 1));
    require(second.position() >= first.position(), "who joins later reads later");
    for (GateReader* reader : {&second, &first}) {
      if (const auto record = reader->try_next())
        require(record->number == number_at(record->position), "both are held for");
      log::leave_gate<Policy>(m->lot, m->gate(reader == &first ? 0 : 1));
    }
  });
}

/// What a leaver has read is read before its space is reused, however it leaves.
void leaves_while_a_producer_waits(Scenario& s) {
  auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 64});
  Publisher(*m).publish_in_turn();
  publishes(s, m, 2);
  s.thread("leaver", [m] {
    require_in_place(*m, 0);
    log::leave_gate<Policy>(m->lot, m->gate());
  });
}

/// A larger one, for drawn schedules: two producers lap a ring of four records again and again, while a
/// subscriber joins, reads a little and leaves, three times.
void joins_again_and_again(Scenario& s) {
  auto m = std::make_shared<RingModel>(RingSetup{.gates = 2, .joined_gates = 0, .unused_gates = 2});
  for (const char* name : {"producer1", "producer2"}) publishes(s, m, 5, name);
  s.thread("subscriber", [m] {
    for (const std::uint32_t slot : {0u, 1u, 0u}) {
      GateReader reader(*m, slot, join(*m, slot));
      for (int i = 0; i < 2; ++i) {
        if (const auto record = reader.try_next())
          require(record->number == number_at(record->position), "what comes next is read next");
      }
      log::leave_gate<Policy>(m->lot, m->gate(slot));
    }
  });
  s.finally([m] { require_free_at_the_tail(*m); });
}

}  // namespace

std::vector<Model> join_models() {
  const auto laps = [](Producers producers) {
    return [producers](Scenario& s) { joins_while_a_producer_laps(s, producers); };
  };
  std::vector<Model> models{
      {.name = "join: whoever joins while a producer laps reads all from there on",
       .setup = laps(Producers::multi),
       .must_occur = {"0", "32", "64", "96", "128"}},
      {.name = "join: whoever joins while a single producer laps reads all from there on",
       .setup = laps(Producers::single),
       .must_occur = {"0", "32", "64", "96", "128"}},
      {.name = "join: whoever joins while two producers lap reads all from there on",
       .setup = joins_while_two_producers_lap},
      {.name = "join: a try to join is answered truly",
       .setup = a_try_to_join_is_answered_truly,
       .must_occur = {"0", "1"}},
      {.name = "join: a claim that is open below a joiner is not lapped",
       .setup = a_claim_that_is_open_below_a_joiner_is_not_lapped,
       .must_occur = {"0", "1", "2"}},
      {.name = "join: a joiner beside a stalled claim, and no gates at all",
       .setup = joins_beside_a_stalled_claim},
      {.name = "join: two that join in turn are both held for", .setup = two_join_in_turn},
      {.name = "join: again and again, in drawn schedules",
       .options = {.stale_reads = 3, .random_schedules = 3'000},
       .setup = joins_again_and_again},
      {.name = "leave: what a leaver has read is read before its space is reused",
       .setup = leaves_while_a_producer_waits},
  };
  std::vector<Model> others = cursor_models();
  models.insert(models.end(), std::make_move_iterator(others.begin()), std::make_move_iterator(others.end()));
  return models;
}

}  // namespace sluice::model
