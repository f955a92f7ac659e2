#include <algorithm>

#include "sluice/log/join.hpp"

#include "model/catalogue.hpp"
#include "model/support.hpp"

/// How gates and cursors come to hold producers back, and how they stop: `join.hpp`, and the raiser's half of
/// it. Records say where they stand (`number_at`), so one that was overwritten is known by its number, if
/// not by the race.
namespace sluice::model {
namespace {

using log::RecordFilter;
using log::SpanReader;

/// Joins behind gate `slot` while others publish, and reads up to `end`, or to where the log ended when it
/// had joined: nothing from its position on is missing, or of another lap.
void join_and_read(RingModel& m, std::uint32_t slot, std::uint64_t end = 0) {
  m.table.use_gates_up_to(slot);
  GateReader reader(m, slot, log::join_at_tail<Policy>(m.ring, m.lot, m.gate(slot).value));
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
  auto m = std::make_shared<RingModel>(
      RingSetup{.capacity_bytes = 64, .producers = producers, .joined_gates = 0, .unused_gates = 1});
  s.thread("producer", [m] {
    Publisher producer(*m);
    for (int i = 0; i < 4; ++i) producer.publish_in_turn();
  });
  s.thread("joiner", [m] { join_and_read(*m, 0, 128); });
}

/// The same with two producers: the one that raises need not be the one that writes.
void joins_while_two_producers_lap(Scenario& s) {
  auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 64, .joined_gates = 0, .unused_gates = 1});
  Publisher first(*m);
  first.publish_in_turn();
  for (const char* name : {"producer1", "producer2"}) {
    s.thread(name, [m] { (void)Publisher(*m).try_publish_in_turn(); });
  }
  s.thread("joiner", [m] { join_and_read(*m, 0); });
}

/// One try to join at a position that is given: a joiner that is told "in time" is never overwritten, and one
/// that is told "too late" has read nothing and holds nobody up.
void a_try_to_join_is_answered_truly(Scenario& s) {
  auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 64, .joined_gates = 0, .unused_gates = 1});
  Publisher first(*m);
  first.publish_in_turn();
  s.thread("producer", [m] {
    Publisher producer(*m);
    for (int i = 0; i < 3; ++i) producer.publish_in_turn();
  });
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

enum class JoinsAs : std::uint8_t { gate, cursor };

/// A claim is open when somebody joins at the tail: the gate, or a cursor, stands above it, and until it is
/// committed no producer may lap it all the same.
void a_claim_that_is_open_below_a_joiner_is_not_lapped(Scenario& s, JoinsAs place) {
  auto m = std::make_shared<RingModel>(RingSetup{
      .capacity_bytes = 64, .cursors = 1, .joined_gates = 0, .unused_gates = 1, .unused_cursors = 1});
  auto slow = std::make_shared<Publisher>(*m);
  const Reservation open = slow->claim(1);
  s.thread("slow", [m, slow, open] {
    // Written once more: a producer that laps this claim writes the same bytes, which is a race.
    slow->write(open.position, 32, 1);
    slow->commit(open);
  });
  s.thread("quick", [m] {
    Publisher producer(*m);
    int published = 0;
    for (int i = 0; i < 2; ++i) published += producer.try_publish_in_turn() ? 1 : 0;
    outcome({published});
  });
  s.thread("joiner", [m, place] {
    m->table.use_gates_up_to(0);
    m->table.use_cursors_up_to(0);
    auto& taken = place == JoinsAs::gate ? m->gate().value : m->cursor().position;
    const std::uint64_t at = log::join_at_tail<Policy>(m->ring, m->lot, taken);
    if (m->ring.word(at).is_committed()) require_in_place(*m, at);
  });
  s.finally([m] { require_free_at_the_tail(*m); });
}

/// Nobody reads when somebody joins, and one producer stalls in the midst of its claim: the stalled claim,
/// not a gate, is what the joiner and the other producer must respect.
void joins_beside_a_stalled_claim(Scenario& s) {
  auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 64, .joined_gates = 0, .unused_gates = 1});
  s.thread("stalled", [m] {
    Publisher producer(*m);
    const Reservation space = producer.claim(1);
    if (space.status != ClaimStatus::ok) return;
    const std::uint64_t number = number_at(space.position);
    producer.write(space.position, 32, number, static_cast<std::uint32_t>(number));
    producer.commit(space);
  });
  s.thread("quick", [m] {
    Publisher producer(*m);
    for (int i = 0; i < 2; ++i) (void)producer.try_publish_in_turn();
  });
  s.thread("joiner", [m] {
    m->table.use_gates_up_to(0);
    const std::uint64_t at = log::join_at_tail<Policy>(m->ring, m->lot, m->gate().value);
    if (m->ring.word(at).is_committed()) require_in_place(*m, at);
  });
  s.finally([m] { require_free_at_the_tail(*m); });
}

/// Two may join, one after the other as the registry's lock has it, while a producer laps.
void two_join_in_turn(Scenario& s) {
  auto m = std::make_shared<RingModel>(
      RingSetup{.capacity_bytes = 64, .gates = 2, .joined_gates = 0, .unused_gates = 2});
  s.thread("producer", [m] {
    Publisher producer(*m);
    for (int i = 0; i < 4; ++i) producer.publish_in_turn();
  });
  s.thread("joiner", [m] {
    m->table.use_gates_up_to(0);
    GateReader first(*m, 0, log::join_at_tail<Policy>(m->ring, m->lot, m->gate(0).value));
    m->table.use_gates_up_to(1);
    GateReader second(*m, 1, log::join_at_tail<Policy>(m->ring, m->lot, m->gate(1).value));
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
  Publisher first(*m);
  first.publish_in_turn();
  s.thread("producer", [m] {
    Publisher producer(*m);
    for (int i = 0; i < 2; ++i) producer.publish_in_turn();
  });
  s.thread("leaver", [m] {
    require_in_place(*m, 0);
    log::leave_gate<Policy>(m->lot, m->gate());
  });
}

/// A larger one, for drawn schedules: two producers lap a ring of four records again and again, while a
/// subscriber joins, reads a little and leaves, three times.
void joins_again_and_again(Scenario& s) {
  auto m = std::make_shared<RingModel>(RingSetup{.gates = 2, .joined_gates = 0, .unused_gates = 2});
  for (const char* name : {"producer1", "producer2"}) {
    s.thread(name, [m] {
      Publisher producer(*m);
      for (int i = 0; i < 5; ++i) producer.publish_in_turn();
    });
  }
  s.thread("subscriber", [m] {
    for (const std::uint32_t slot : {0u, 1u, 0u}) {
      m->table.use_gates_up_to(slot);
      GateReader reader(*m, slot, log::join_at_tail<Policy>(m->ring, m->lot, m->gate(slot).value));
      for (int i = 0; i < 2; ++i) {
        if (const auto record = reader.try_next())
          require(record->number == number_at(record->position), "what comes next is read next");
      }
      log::leave_gate<Policy>(m->lot, m->gate(slot));
    }
  });
  s.finally([m] { require_free_at_the_tail(*m); });
}

// ---- cursors that others move -------------------------------------------------------------------------

/// A filter that is made before it is lent, and destroyed after it was taken back: who asks it outside of
/// that time races with the one or the other.
class MortalFilter final : public RecordFilter {
 public:
  [[nodiscard]] bool wants(std::uint32_t) const noexcept override {
    require(alive_.get(), "a filter is asked while it lives");
    return true;
  }
  void make() { alive_.set(true); }
  void destroy() { alive_.set(false); }

 private:
  Var<bool> alive_{false};
};

struct LossyModel : RingModel {
  using RingModel::RingModel;

  /// Gate 0 is the owner's, gate 1 the spare one of whoever ends it.
  [[nodiscard]] SpanReader<Policy> reader(std::uint32_t gate) {
    return {ring, lot, cursor(), this->gate(gate)};
  }
  [[nodiscard]] std::int64_t lost() const {
    return static_cast<std::int64_t>(table.cursor(0).lost.load(std::memory_order_relaxed));
  }

  MortalFilter filter;
  MortalFilter next_filter;
};

std::shared_ptr<LossyModel> lossy_model(std::uint64_t capacity_bytes) {
  return std::make_shared<LossyModel>(
      RingSetup{.capacity_bytes = capacity_bytes, .gates = 2, .cursors = 1, .joined_gates = 0});
}

constexpr auto kEverything = [](std::uint32_t) { return true; };

/// A lossy subscriber leaves while a raise may be asking its filter: once it has that back it is gone.
void a_filter_is_destroyed_after_it_was_taken_back(Scenario& s) {
  auto m = lossy_model(64);
  m->filter.make();
  log::lend_filter(m->cursor(), m->filter);
  m->cursor().position.store(0, std::memory_order_relaxed);
  Publisher first(*m);
  first.publish_in_turn();
  auto left = std::make_shared<std::int64_t>(0);
  auto lost = std::make_shared<std::int64_t>(0);
  s.thread("producer", [m] {
    Publisher producer(*m);
    for (int i = 0; i < 2; ++i) producer.publish_in_turn();
  });
  s.thread("leaver", [m, left, lost] {
    SpanReader<Policy> reader = m->reader(0);
    *left = static_cast<std::int64_t>(log::withdraw_cursor(reader, kEverything));
    log::take_filter_back<Policy>(m->ring, m->cursor());
    m->filter.destroy();
    *lost = m->lost();
  });
  s.finally([m, left, lost] {
    require(*lost == m->lost(), "what was lost is known once the filter is back");
    outcome({m->lost(), *left});
    require(m->lost() + *left >= 1 && m->lost() + *left <= 3, "no record is lost and left unread at once");
  });
}

/// A lossy subscriber joins while a producer laps, and reads nothing: what is dropped lies between where it
/// joined and where its cursor is, each record once.
void a_lossy_cursor_joins_while_a_producer_laps(Scenario& s) {
  auto m = lossy_model(64);
  auto joined = std::make_shared<std::uint64_t>(log::kNoGate);
  s.thread("producer", [m] {
    Publisher producer(*m);
    for (int i = 0; i < 4; ++i) producer.publish_in_turn();
  });
  s.thread("joiner", [m, joined] {
    m->table.use_cursors_up_to(0);
    m->filter.make();
    log::lend_filter(m->cursor(), m->filter);
    *joined = log::join_at_tail<Policy>(m->ring, m->lot, m->cursor().position);
    SpanReader<Policy> reader = m->reader(0);
    const log::SpanResult claimed = reader.claim([&](std::uint64_t at) {
      require(at >= *joined, "a cursor goes up only");
      return m->ring.word(at).is_committed() ? at + 32 : at;
    });
    if (claimed.status != log::SpanStatus::claimed) return;
    require_in_place(*m, claimed.span.begin);
    reader.withdraw();
  });
  s.finally([m, joined] {
    const std::uint64_t at = m->cursor().position.load(std::memory_order_relaxed);
    require(at != log::kNoGate && at >= *joined && at <= m->ring.tail(), "the cursor stands in the log");
    require(m->ring.tail() - at <= 64, "and within the ring");
    outcome({static_cast<std::int64_t>(*joined)});
  });
}

/// A lossy cursor is tried at a position that was overwritten long ago, in the midst of a record by now: a
/// raiser that sees it there reads nothing from it.
void a_lossy_cursor_that_is_too_late_is_left_alone(Scenario& s) {
  auto m = lossy_model(128);
  m->filter.make();
  log::lend_filter(m->cursor(), m->filter);
  Publisher first(*m);
  for (const std::uint32_t bytes : {32u, 32u, 64u}) first.publish(1, bytes);
  s.thread("producer1", [m] { (void)Publisher(*m).try_publish(2, 64); });  // lies over position 32
  s.thread("producer2", [m] { (void)Publisher(*m).try_publish(3); });
  s.thread("joiner", [m] {
    m->cursor().position.store(32, std::memory_order_release);
    require(!m->ring.raiser().joined_at(32), "that is too late");
    m->cursor().position.store(log::kNoGate, std::memory_order_release);
  });
  s.finally([m] { require(m->lost() == 0, "nothing was lost that could have been read"); });
}

/// A subscriber leaves and its cursor goes to the next, who lends it a filter of its own: the first one's is
/// asked no more, and the next sees nothing of before it joined.
void a_cursor_is_used_again(Scenario& s) {
  auto m = lossy_model(64);
  m->filter.make();
  log::lend_filter(m->cursor(), m->filter);
  m->cursor().position.store(0, std::memory_order_relaxed);
  Publisher first(*m);
  first.publish_in_turn();
  s.thread("producer", [m] {
    Publisher producer(*m);
    for (int i = 0; i < 2; ++i) producer.publish_in_turn();
  });
  s.thread("registry", [m] {
    SpanReader<Policy> reader = m->reader(0);
    (void)log::withdraw_cursor(reader, kEverything);
    log::take_filter_back<Policy>(m->ring, m->cursor());
    m->filter.destroy();
    m->next_filter.make();
    log::lend_filter(m->cursor(), m->next_filter);
    const std::uint64_t at = log::join_at_tail<Policy>(m->ring, m->lot, m->cursor().position);
    const log::SpanResult claimed = reader.claim([&](std::uint64_t from) {
      require(from >= at, "the next owner sees nothing of before it joined");
      return m->ring.word(from).is_committed() ? from + 32 : from;
    });
    if (claimed.status != log::SpanStatus::claimed) return;
    require_in_place(*m, claimed.span.begin);
    reader.withdraw();
  });
}

/// Readers share a cursor that an evictor withdraws: each record is read by one, or counted as left, or lies
/// where nobody got to before the withdrawal.
void each_record_has_one_owner_while_a_cursor_is_withdrawn(Scenario& s) {
  auto m = lossy_model(128);
  m->cursor().position.store(0, std::memory_order_relaxed);
  Publisher first(*m);
  for (int i = 0; i < 3; ++i) first.publish_in_turn();
  auto read = std::make_shared<std::int64_t>(0);
  auto left = std::make_shared<std::int64_t>(0);
  s.thread("reader", [m, read] {
    SpanReader<Policy> reader = m->reader(0);
    for (int i = 0; i < 2; ++i) {
      const log::SpanResult claimed =
          reader.claim([m](std::uint64_t at) { return m->ring.word(at).is_committed() ? at + 32 : at; });
      if (claimed.status != log::SpanStatus::claimed) return;
      require_in_place(*m, claimed.span.begin);
      ++*read;
      reader.withdraw();
    }
  });
  s.thread("evictor", [m, left] {
    SpanReader<Policy> reader = m->reader(1);
    *left = static_cast<std::int64_t>(log::withdraw_cursor(reader, kEverything));
  });
  s.thread("producer", [m] { (void)Publisher(*m).try_publish_in_turn(); });
  s.finally([m, read, left] {
    const std::int64_t published = static_cast<std::int64_t>(m->ring.tail() / 32);
    require(*read + *left >= 3 && *read + *left <= published, "each of the three has one owner");
    outcome({*read});
  });
}

}  // namespace

std::vector<Model> join_models() {
  const auto laps = [](Producers producers) {
    return [producers](Scenario& s) { joins_while_a_producer_laps(s, producers); };
  };
  return {
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
       .setup = [](Scenario& s) { a_claim_that_is_open_below_a_joiner_is_not_lapped(s, JoinsAs::gate); },
       .must_occur = {"0", "1", "2"}},
      {.name = "join: a claim that is open below a cursor is not lapped",
       .setup = [](Scenario& s) { a_claim_that_is_open_below_a_joiner_is_not_lapped(s, JoinsAs::cursor); },
       .must_occur = {"0", "1", "2"}},
      {.name = "join: a joiner beside a stalled claim, and no gates at all",
       .setup = joins_beside_a_stalled_claim},
      {.name = "join: two that join in turn are both held for", .setup = two_join_in_turn},
      {.name = "join: again and again, in drawn schedules",
       .options = {.stale_reads = 3, .random_schedules = 3'000},
       .setup = joins_again_and_again},
      {.name = "leave: what a leaver has read is read before its space is reused",
       .setup = leaves_while_a_producer_waits},
      {.name = "leave: a filter is destroyed after it was taken back",
       .setup = a_filter_is_destroyed_after_it_was_taken_back,
       .must_occur = {"0 1", "1 2"}},
      {.name = "join: a lossy cursor joins while a producer laps",
       .setup = a_lossy_cursor_joins_while_a_producer_laps},
      {.name = "join: a lossy cursor that is too late is left alone",
       .setup = a_lossy_cursor_that_is_too_late_is_left_alone},
      {.name = "leave: a cursor and the next owner's filter", .setup = a_cursor_is_used_again},
      {.name = "leave: each record has one owner while a cursor is withdrawn",
       .setup = each_record_has_one_owner_while_a_cursor_is_withdrawn},
  };
}

}  // namespace sluice::model
