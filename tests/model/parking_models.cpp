#include <array>
#include <iterator>
#include <span>
#include <string>

#include "sluice/log/span_reader.hpp"

#include "model/catalogue.hpp"
#include "model/sleepers.hpp"

/// Sleeping until there is something to read (log/parking.hpp, log/sleep.hpp). What must not happen is the
/// same in all of these: that somebody sleeps on for whom there is an event. Since no sleep has a timeout,
/// that is a deadlock, which the checker reports.
namespace sluice::model {

// The rest of the area, each in a file of its own name.
std::vector<Model> eventfd_models();
std::vector<Model> space_models();

namespace {

constexpr std::uint32_t kWanted = 1;
constexpr std::uint32_t kUnwanted = 2;

std::shared_ptr<ShardModel> shard(const RingSetup& setup = {}, std::vector<Wish> wishes = {{0, kWanted}}) {
  return std::make_shared<ShardModel>(setup, std::move(wishes));
}

/// Records how often a slot was woken.
void count_wakes(Scenario& s, const std::shared_ptr<ShardModel>& m, std::uint32_t slot = 0) {
  s.finally([m, slot] {
    outcome({static_cast<std::int64_t>(m->waiter(slot).wakes.load(std::memory_order_relaxed))});
  });
}

/// A sleeper that wants one record after the other of a single publisher.
void one_after_the_other(Scenario& s, Producers producers, std::uint64_t records) {
  auto m = shard({.producers = producers});
  s.thread("publisher", [m, records] {
    Teller publisher(*m);
    for (std::uint64_t number = 1; number <= records; ++number) (void)publisher.publish(number);
  });
  s.thread("sleeper", [m, records] {
    Sleeper sleeper(*m);
    for (std::uint64_t number = 1; number <= records; ++number)
      require(sleeper.next_number() == number, "every record wakes, in order");
  });
  count_wakes(s, m);
}

/// Two publishers of which the sleeper wants one, so that it may find itself behind the other's open claim.
void beside_unwanted(Scenario& s, std::uint64_t wanted) {
  auto m = shard();
  s.thread("unwanted", [m] { (void)Teller(*m).publish(9, kUnwanted); });
  s.thread("wanted", [m, wanted] {
    Teller publisher(*m);
    for (std::uint64_t number = 1; number <= wanted; ++number) (void)publisher.publish(number, kWanted);
  });
  s.thread("sleeper", [m, wanted] {
    Sleeper sleeper(*m);
    for (std::uint64_t number = 1; number <= wanted; ++number)
      require(sleeper.next_number() == number, "what it wants comes, and nothing else");
  });
  count_wakes(s, m);
}

/// The wanted record lies behind a claim that was opened before anybody ran, and that `close_claim` closes.
template <class CloseClaim>
void behind_an_open_claim(Scenario& s, CloseClaim close_claim) {
  auto m = shard();
  auto slow = std::make_shared<Teller>(*m);
  const Reservation open = slow->try_claim(9, kUnwanted);
  auto quick = std::make_shared<Teller>(*m);
  const Reservation behind = quick->try_claim(1, kWanted);
  s.thread("slow", [slow, open, close_claim] { close_claim(*slow, open); });
  s.thread("quick", [quick, behind] { quick->commit(behind, kWanted); });
  s.thread("sleeper", [m] {
    require(Sleeper(*m).next_number() == 1, "it is woken by whatever uncovers what it wants");
  });
  count_wakes(s, m);
}

/// Who reads everything, as a persistence does: `committed` records, by whoever published them.
void any_commit(Scenario& s, std::uint64_t records) {
  auto m = shard({}, {});
  for (std::uint64_t number = 1; number <= records; ++number) {
    s.thread("publisher" + std::to_string(number),
             [m, number] { (void)Teller(*m).publish(number, kUnwanted); });
  }
  s.thread("reader of everything", [m, records] {
    GateReader reader(*m);
    const std::span lots(&m->lot, 1);
    for (std::uint64_t seen = 0; seen < records;) {
      if (reader.try_next()) {
        ++seen;
        continue;
      }
      log::Nap<Policy> nap(m->waiter());
      const auto ready = [&] { return m->ring.word(reader.position()).is_committed(); };
      if (log::fall_asleep_for_any<Policy>(lots, 0, ready)) nap.sleep(kForEver);
      log::rise(lots, 0);
    }
  });
  count_wakes(s, m);
}

/// A sleeper on two shards that is woken on either.
void two_shards(Scenario& s) {
  auto first = shard();
  auto second = std::make_shared<ShardModel>(RingSetup{}, std::vector<Wish>{{0, kWanted}}, &first->waiter());
  s.thread("publisher on the first", [first] { (void)Teller(*first).publish(1); });
  s.thread("publisher on the second", [second] { (void)Teller(*second).publish(2); });
  s.thread("sleeper", [first, second] {
    Sleeper sleeper({{first.get()}, {second.get()}}, 0);
    const std::uint64_t one = sleeper.next_number();
    const std::uint64_t other = sleeper.next_number();
    require(one + other == 3, "one of each");
    outcome({static_cast<std::int64_t>(one)});
  });
}

/// Three publishers, two of them on one shard, and two sleepers on both.
void many(Scenario& s) {
  const std::vector<Wish> wishes{{0, kWanted}, {1, kUnwanted}};
  const RingSetup setup{.gates = 2, .waiters = 2, .joined_gates = 2};
  auto first = std::make_shared<ShardModel>(setup, wishes);
  auto second = std::make_shared<ShardModel>(setup, wishes, &first->waiter());
  const auto publish = [&](const std::shared_ptr<ShardModel>& to, std::vector<std::uint32_t> topics) {
    s.thread("publisher", [to, topics = std::move(topics)] {
      Teller publisher(*to);
      for (const std::uint32_t topic : topics) (void)publisher.publish(topic, topic);
    });
  };
  publish(first, {kWanted, kUnwanted, kWanted, kUnwanted});
  publish(first, {kUnwanted, kUnwanted, kWanted});
  publish(second, {kWanted, kUnwanted, kUnwanted, kUnwanted, kWanted});
  for (const std::uint32_t slot : {0u, 1u}) {
    s.thread("sleeper" + std::to_string(slot), [first, second, slot] {
      Sleeper sleeper({{first.get(), slot}, {second.get(), slot}}, slot);
      const int events = slot == 0 ? 5 : 7;
      for (int i = 0; i < events; ++i) require(sleeper.next_number() == slot + 1, "its own topic's");
    });
  }
}

/// Two sleepers that want different things.
void two_sleepers(Scenario& s) {
  auto m = shard({.gates = 2, .waiters = 2, .joined_gates = 2}, {{0, kWanted}, {1, kUnwanted}});
  s.thread("publisher", [m] {
    Teller publisher(*m);
    (void)publisher.publish(1, kWanted);
    (void)publisher.publish(2, kUnwanted);
  });
  for (const std::uint32_t slot : {0u, 1u}) {
    s.thread("sleeper" + std::to_string(slot),
             [m, slot] { require(Sleeper(*m, slot, slot).next_number() == slot + 1, "its own"); });
  }
}

/// A lot of 65 slots, the last of which stands alone in a word of bits.
void high_slot(Scenario& s, std::uint32_t slot) {
  auto m = shard({.waiters = 64}, {{slot, kWanted}});
  s.thread("publisher", [m] {
    Teller publisher(*m);
    (void)publisher.publish(9, kUnwanted);
    (void)publisher.publish(1, kWanted);
  });
  s.thread("sleeper", [m, slot] { require(Sleeper(*m, slot).next_number() == 1, "what it wants"); });
  count_wakes(s, m, slot);
}

/// The slot changes hands while a publisher may be about to wake its former owner.
void next_owner(Scenario& s) {
  auto m = shard();
  s.thread("publisher", [m] {
    Teller publisher(*m);
    (void)publisher.publish(1);
    (void)publisher.publish(2);
  });
  s.thread("owners", [m] {
    std::uint64_t position = 0;
    {
      // The first one is about to sleep when it is told to leave.
      Sleeper leaving(*m);
      (void)leaving.fall_asleep();
      leaving.rise();
      position = leaving.position();
    }
    // The next one finds the slot's waiter as the last left it, maybe with a wake under way.
    Sleeper joined(*m, 0, 0, position);
    for (std::uint64_t number = position / 32 + 1; number <= 2; ++number)
      require(joined.next_number() == number, "a wake that was meant for another takes nothing away");
  });
}

/// Something other than an event ends a sleep: its reason is stored, then the waiter is woken.
void woken_for_a_reason(Scenario& s) {
  struct Told {
    explicit Told() { reason.name("reason"); }
    ShardModel shard{RingSetup{}};
    Policy::Atomic<std::uint32_t> reason{0};
  };
  auto m = std::make_shared<Told>();
  s.thread("publisher", [m] { (void)Teller(m->shard).publish(9, kUnwanted); });
  s.thread("teller", [m] {
    m->reason.store(1, std::memory_order_relaxed);  // released by the wake
    m->shard.waiter().wake();
  });
  s.thread("sleeper", [m] {
    Sleeper sleeper(m->shard);
    sleeper.stops_when([&] { return m->reason.load(std::memory_order_relaxed) != 0; });
    require(!sleeper.next().has_value(), "there is no event for it");
  });
}

/// A sleeper whose position is a cursor that the raiser, or other members, may move too.
void at_a_cursor(Scenario& s) {
  auto m = shard({.gates = 1, .cursors = 1, .joined_gates = 0});
  m->cursor().position.store(0, std::memory_order_relaxed);
  s.thread("unwanted", [m] { (void)Teller(*m).publish(9, kUnwanted); });
  s.thread("wanted", [m] { (void)Teller(*m).publish(1, kWanted); });
  s.thread("sleeper", [m] {
    struct Place {
      ShardModel* shard;
      log::SpanReader<Policy>* reader;
      [[nodiscard]] ModelLot& lot() const { return shard->lot; }
      [[nodiscard]] std::uint64_t tail() const { return shard->ring.tail(); }
      [[nodiscard]] std::uint64_t position() const { return reader->cursor_position(); }
      /// Steps over what is not wanted.
      [[nodiscard]] bool ready() const {
        if (reader->cursor_position() == tail()) return false;
        bool wanted = false;
        const log::SpanResult unwanted = reader->claim([&](std::uint64_t at) {
          for (wanted = false;;) {
            const CommitWord word = shard->ring.word(at);
            if (!word.is_committed()) return at;
            wanted = shard->wants(0, shard->ring.topic_at(at));
            if (wanted) return at;
            at += word.stride();
          }
        });
        if (unwanted.status == log::SpanStatus::claimed) reader->withdraw();
        return wanted;
      }
    };
    log::SpanReader<Policy> reader(m->ring, m->lot, m->cursor(), m->gate());
    std::array places{Place{m.get(), &reader}};
    while (!places[0].ready()) {
      log::Nap<Policy> nap(m->waiter());
      if (log::fall_asleep<Policy>(places, 0)) nap.sleep(kForEver);
      (void)m->lot.rise(0);
    }
    std::uint64_t at = 0;
    const log::SpanResult won = reader.claim([&](std::uint64_t from) { return (at = from) + 32; });
    require(won.status == log::SpanStatus::claimed && read_number(*m, at) == 1, "it stands at what it wants");
    reader.withdraw();
  });
}

}  // namespace

std::vector<Model> parking_models() {
  std::vector<Model> models{
      {.name = "park: a sleeper is woken by each event of a single producer",
       .setup = [](Scenario& s) { one_after_the_other(s, Producers::single, 2); },
       .must_occur = {"0", "1", "2"}},
      {.name = "park: a sleeper is woken by each event of one of several producers",
       .setup = [](Scenario& s) { one_after_the_other(s, Producers::multi, 2); },
       .must_occur = {"0", "1", "2"}},
      {.name = "park: a futex may let a sleeper go for no reason",
       .options = {.spurious_wakes = 1},
       .setup = [](Scenario& s) { one_after_the_other(s, Producers::multi, 2); },
       .must_occur = {"0", "1", "2"}},
      {.name = "park: events that a sleeper does not want may lie before the one it wants",
       .setup = [](Scenario& s) { beside_unwanted(s, 1); },
       .must_occur = {"0", "1"}},
      {.name = "park: a commit of an unwanted event that uncovers a wanted one wakes",
       .setup =
           [](Scenario& s) {
             behind_an_open_claim(
                 s, [](Teller& slow, const Reservation& open) { slow.commit(open, kUnwanted); });
           },
       .must_occur = {"0", "1", "2"}},
      {.name = "park: an abort that uncovers a wanted event wakes",
       .setup =
           [](Scenario& s) {
             behind_an_open_claim(s, [](Teller& slow, const Reservation& open) { slow.abort(open); });
           },
       .must_occur = {"0", "1", "2"}},
      {.name = "park: who reads everything is woken by any commit",
       .setup = [](Scenario& s) { any_commit(s, 2); },
       .must_occur = {"0", "1", "2"}},
      {.name = "park: a sleeper on two shards is woken on either",
       .setup = two_shards,
       .must_occur = {"1", "2"}},
      {.name = "park: two sleepers are each woken by what they want", .setup = two_sleepers},
      {.name = "park: the last of the first sixty four slots is woken",
       .setup = [](Scenario& s) { high_slot(s, 63); },
       .must_occur = {"0", "1", "2"}},
      {.name = "park: slots beyond the first sixty four are woken as well",
       .setup = [](Scenario& s) { high_slot(s, 64); },
       .must_occur = {"0", "1", "2"}},
      {.name = "park: a wake of a slot that has just changed hands takes nothing away", .setup = next_owner},
      {.name = "park: a reason that is stored before a wake is seen behind it", .setup = woken_for_a_reason},
      {.name = "park: a sleeper at a cursor is woken past what it does not want",
       .options = {.preemptions = 1},
       .setup = at_a_cursor},
      {.name = "park: drawn schedules of three publishers and two sleepers on two shards",
       .options = {.stale_reads = 3, .spurious_wakes = 1, .random_schedules = 2'000},
       .setup = many},
  };
  for (const auto more : {eventfd_models, space_models}) {
    std::vector<Model> others = more();
    models.insert(models.end(), std::make_move_iterator(others.begin()),
                  std::make_move_iterator(others.end()));
  }
  return models;
}

}  // namespace sluice::model
