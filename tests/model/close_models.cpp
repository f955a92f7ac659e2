#include <bit>
#include <string>

#include "sluice/log/span_reader.hpp"

#include "model/catalogue.hpp"
#include "model/sleepers.hpp"

/// Coming to rest: closing (log/final_tail.hpp) against both kinds of producer, and draining. What must not
/// happen: a publish that succeeds and is not read, a record at or above the final tail, somebody who sleeps
/// on beyond the end.
namespace sluice::model {
namespace {

struct Closing {
  explicit Closing(const RingSetup& setup) : shard(setup) {}

  void publish(Teller& publisher, std::uint64_t number) {
    if (publisher.publish(number) == ClaimStatus::ok) published |= 1u << number;
  }
  /// Reads to the end.
  void read() {
    Sleeper sleeper(shard);
    while (const auto record = sleeper.next()) {
      require((read_numbers >> record->number & 1) == 0, "nothing comes twice");
      read_numbers |= 1u << record->number;
      require(record->position < shard.final_tail.position(), "nothing lies at or above the final tail");
    }
    require(sleeper.position() >= shard.final_tail.position(), "a reader ends at the final tail");
  }

  ShardModel shard;
  std::uint64_t published = 0;  ///< the bits of the numbers; of one thread each
  std::uint64_t read_numbers = 0;
};

void all_is_read(Scenario& s, const std::shared_ptr<Closing>& m) {
  s.finally([m] {
    require(m->published == m->read_numbers, "what was published is read, and nothing else");
    outcome({std::popcount(m->published)});
  });
}

/// Publishers, a closer and a reader that sleeps.
void close_and_read(Scenario& s, const RingSetup& setup, std::uint64_t records,
                    std::uint64_t publishers = 1) {
  auto m = std::make_shared<Closing>(setup);
  for (std::uint64_t first = 0; first < records * publishers; first += records) {
    s.thread("publisher" + std::to_string(first), [m, first, records] {
      Teller publisher(m->shard);
      for (std::uint64_t number = 1; number <= records; ++number) m->publish(publisher, first + number);
    });
  }
  s.thread("closer", [m] { m->shard.close(); });
  s.thread("reader", [m] { m->read(); });
  all_is_read(s, m);
}

void close_two_publishers(Scenario& s) {
  auto m = std::make_shared<Closing>(RingSetup{});
  for (const std::uint64_t number : {1u, 2u}) {
    s.thread("publisher" + std::to_string(number), [m, number] {
      Teller publisher(m->shard);
      m->publish(publisher, number);
    });
  }
  s.thread("closer", [m] { m->shard.close(); });
  // Without a reader, which has its own models: the ring itself shows what is there.
  s.finally([m] {
    std::uint64_t position = 0;
    for (; position < m->shard.final_tail.position(); position += 32)
      m->read_numbers |= 1u << read_number(m->shard, position);
    require(position == m->shard.ring.tail(), "nothing was claimed above the final tail");
  });
  all_is_read(s, m);
}

/// A claim that was open when the shard was closed is still to come: the reader waits for it.
template <class CloseClaim>
void close_over_an_open_claim(Scenario& s, Producers producers, std::uint64_t is_published,
                              CloseClaim close_claim) {
  auto m = std::make_shared<Closing>(RingSetup{.producers = producers});
  auto slow = std::make_shared<Teller>(m->shard);
  const Reservation open = slow->try_claim(1);
  m->published = is_published << 1;
  s.thread("publisher", [slow, open, close_claim] { close_claim(*slow, open); });
  s.thread("closer", [m] { m->shard.close(); });
  s.thread("reader", [m] { m->read(); });
  all_is_read(s, m);
}

/// Readers that look at any time after the shard was closed find the same end.
void close_twice(Scenario& s, Producers producers) {
  auto m = std::make_shared<Closing>(RingSetup{.producers = producers});
  s.thread("publisher", [m] {
    Teller publisher(m->shard);
    m->publish(publisher, 1);
    m->publish(publisher, 2);
  });
  s.thread("closer", [m] {
    m->shard.close();
    const std::uint64_t end = m->shard.final_tail.position();
    m->shard.close();
    require(m->shard.final_tail.position() == end, "closing again changes nothing");
  });
  s.finally([m] { outcome({std::popcount(m->published)}); });
}

/// A publisher that sleeps for room which nobody will make.
void close_while_waiting(Scenario& s, Producers producers, std::uint64_t publishers) {
  auto m = std::make_shared<Closing>(RingSetup{.capacity_bytes = 64, .producers = producers});
  // The publisher's own: of a single producer the same thread has claimed all.
  auto first = std::make_shared<Teller>(m->shard);
  first->commit(first->try_claim(1));
  for (std::uint64_t i = 0; i < publishers; ++i) {
    s.thread("publisher" + std::to_string(i), [m] {
      require(Teller(m->shard).publish(2) == ClaimStatus::closed, "it hears of the end, and nothing else");
    });
  }
  s.thread("closer", [m] { m->shard.close(); });
}

/// Who drains waits until the gate stands at the tail of the call: then all handlers of what lies below are
/// done.
void drain_in_place(Scenario& s) {
  struct Drained {
    ShardModel shard{RingSetup{}};
    Var<std::uint64_t> handled{0};
  };
  auto m = std::make_shared<Drained>();
  s.thread("publisher", [m] {
    Teller publisher(m->shard);
    (void)publisher.publish(1);
    (void)publisher.publish(2);
  });
  s.thread("runner", [m] {
    std::uint64_t at = 0;
    while (at < 64) {
      await([&] { return m->shard.ring.word(at).is_committed(); });
      m->handled.set(m->handled.get() + 1);
      at += 32;
      // SYNC gate: what the handler did.
      m->shard.gate().value.store(at, std::memory_order_release);
    }
  });
  s.thread("drainer", [m] {
    const std::uint64_t target = m->shard.ring.tail();
    // SYNC gate: see above.
    await([&] { return m->shard.gate().value.load(std::memory_order_acquire) >= target; });
    if (target == 64) require(m->handled.get() == 2, "all below the target is handled");
    outcome({static_cast<std::int64_t>(target)});
  });
}

/// The same of a reader that copies: between the cursor's move and the handler's end, the event in hand is
/// what a drain waits for.
void drain_copies(Scenario& s) {
  struct Drained {
    Drained() {
      shard.cursor().position.store(0, std::memory_order_relaxed);
      in_hand.name("in_hand");
    }
    ShardModel shard{{.gates = 1, .cursors = 1, .joined_gates = 0}};
    Policy::Atomic<std::uint64_t> in_hand{log::kNoGate};
    Var<std::uint64_t> handled{0};
  };
  auto m = std::make_shared<Drained>();
  s.thread("publisher", [m] { (void)Teller(m->shard).publish(1); });
  s.thread("runner", [m] {
    log::SpanReader<Policy> reader(m->shard.ring, m->shard.lot, m->shard.cursor(), m->shard.gate());
    await([&] { return m->shard.ring.word(0).is_committed(); });
    const log::SpanResult won = reader.claim([&](std::uint64_t at) {
      // Before the cursor moves: a drain that sees it beyond a record must see the record in hand.
      m->in_hand.store(at, std::memory_order_relaxed);
      return at + 32;
    });
    require(won.status == log::SpanStatus::claimed, "nobody else takes it");
    reader.withdraw();
    m->handled.set(1);
    // SYNC in-hand: what the handler did.
    m->in_hand.store(log::kNoGate, std::memory_order_release);
  });
  s.thread("drainer", [m] {
    const std::uint64_t target = m->shard.ring.tail();
    await([&] {
      // SYNC cursor: what was taken from the cursor shows in `in_hand`. SYNC in-hand: see above.
      return m->shard.cursor().position.load(std::memory_order_acquire) >= target &&
             m->in_hand.load(std::memory_order_acquire) >= target;
    });
    if (target == 32) require(m->handled.get() == 1, "what is below the target is handled");
    outcome({static_cast<std::int64_t>(target)});
  });
}

}  // namespace

std::vector<Model> close_models() {
  const auto commits = [](Teller& slow, const Reservation& open) { slow.commit(open); };
  const auto aborts = [](Teller& slow, const Reservation& open) { slow.abort(open); };
  return {
      {.name = "close: what a single producer published is read to the end, and nothing comes after",
       .setup = [](Scenario& s) { close_and_read(s, {.producers = Producers::single}, 1); },
       .must_occur = {"0", "1"}},
      {.name = "close: what one of several producers published is read to the end, and nothing comes after",
       .setup = [](Scenario& s) { close_and_read(s, {}, 1); },
       .must_occur = {"0", "1"}},
      {.name = "close: two publishers and the closer agree on where the end is",
       .setup = close_two_publishers,
       .must_occur = {"0", "1", "2"}},
      {.name = "close: a single producer that waits for room may get it, or hear of the end",
       .setup =
           [](Scenario& s) { close_and_read(s, {.capacity_bytes = 64, .producers = Producers::single}, 2); },
       .must_occur = {"0", "1", "2"}},
      {.name = "close: a publisher that waits for room may get it, or hear of the end",
       .options = {.preemptions = 1},
       .setup = [](Scenario& s) { close_and_read(s, {.capacity_bytes = 64}, 2); },
       .must_occur = {"0", "1", "2"}},
      {.name = "close: a reader waits for a claim that was open",
       .setup = [=](Scenario& s) { close_over_an_open_claim(s, Producers::multi, 1, commits); }},
      {.name = "close: a reader waits for a single producers claim that was open",
       .setup = [=](Scenario& s) { close_over_an_open_claim(s, Producers::single, 1, commits); }},
      {.name = "close: a reader comes to the end past a claim that was open and is aborted",
       .setup = [=](Scenario& s) { close_over_an_open_claim(s, Producers::multi, 0, aborts); }},
      {.name = "close: closing again changes nothing",
       .setup = [](Scenario& s) { close_twice(s, Producers::multi); },
       .must_occur = {"0", "1", "2"}},
      {.name = "close: closing again changes nothing for a single producer",
       .setup = [](Scenario& s) { close_twice(s, Producers::single); },
       .must_occur = {"0", "1", "2"}},
      {.name = "close: a single producer that sleeps for room wakes",
       .setup = [](Scenario& s) { close_while_waiting(s, Producers::single, 1); }},
      {.name = "close: publishers that sleep for room wake",
       .setup = [](Scenario& s) { close_while_waiting(s, Producers::multi, 2); }},
      {.name = "drain: what lies below the tail is handled when a reader in place stands there",
       .setup = drain_in_place,
       .must_occur = {"0", "32", "64"}},
      {.name = "drain: an event in hand is waited for", .setup = drain_copies, .must_occur = {"0", "32"}},
      {.name = "close: drawn schedules of three publishers",
       .options = {.stale_reads = 3, .spurious_wakes = 1, .random_schedules = 2'000},
       .setup = [](Scenario& s) { close_and_read(s, {}, 3, 3); }},
      {.name = "close: drawn schedules of a longer stream",
       .options = {.stale_reads = 3, .spurious_wakes = 1, .random_schedules = 2'000},
       .setup = [](Scenario& s) { close_and_read(s, {.producers = Producers::single}, 6); }},
  };
}

}  // namespace sluice::model
