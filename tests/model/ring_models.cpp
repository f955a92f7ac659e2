#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/catalogue.hpp"
#include "model/support.hpp"

/// Claiming, committing and raising in rings of two to four records.
namespace sluice::model {
namespace {

using Numbers = std::vector<std::uint64_t>;

/// A payload that a reader who strays into it takes for a committed record.
constexpr std::uint64_t kLikeAWord = CommitWord::committed(RecordKind::data, 32).bits();

std::string show(const Numbers& numbers) {
  std::string text;
  for (const std::uint64_t number : numbers) text += (text.empty() ? "" : " ") + std::to_string(number);
  return text;
}

std::string named(const std::string& name, Producers producers) {
  return "ring: " + name + (producers == Producers::single ? ", one producer" : ", several allowed");
}

void read_in_order(RingModel& m, const Numbers& numbers) {
  GateReader reader(m);
  for (const std::uint64_t number : numbers)
    require(reader.next().number == number, "in order, none missing or seen twice");
}

/// Takes the short way first, as publishers do, and says whether the record fits where it was put.
bool try_publish_within(RingModel& m, Publisher& producer, std::uint64_t number, std::uint32_t bytes) {
  Reservation space = m.ring.reserve_within(producer.cache(), bytes);
  if (space.status != ClaimStatus::ok) space = m.ring.try_reserve(producer.cache(), bytes);
  if (space.status != ClaimStatus::ok) return false;
  const std::uint64_t offset = space.position % m.ring.capacity_bytes();
  require(offset + bytes <= m.ring.capacity_bytes(), "no record crosses the ring's end");
  producer.write(space.position, bytes, number);
  producer.commit(space);
  return true;
}

// ---- one producer, one reader, in a ring of either kind -------------------------------------------------

Model lapped(Producers producers) {
  return {.name = named("a reader gets all in order while it is lapped", producers),
          .setup = [producers](Scenario& s) {
            auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 64, .producers = producers});
            s.thread("producer", [m] {
              Publisher producer(*m);
              for (std::uint64_t number = 1; number <= 3; ++number) producer.publish(number);
            });
            s.thread("reader", [m] { read_in_order(*m, {1, 2, 3}); });
            s.finally([m] { require(m->ring.tail() == 96, "three records were claimed"); });
          }};
}

Model wrapped(Producers producers) {
  return {.name = named("what would cross the end begins anew behind padding", producers),
          .setup = [producers](Scenario& s) {
            auto m = std::make_shared<RingModel>(
                RingSetup{.capacity_bytes = 128, .producers = producers, .start_position = 96});
            s.thread("producer", [m] {
              Publisher producer(*m);
              producer.publish(1, 64);
              producer.publish(2, 64);
            });
            s.thread("reader", [m] {
              GateReader reader(*m, 0, 96);
              const GateReader::Record first = reader.next();
              require(first.number == 1 && first.position == 128, "the first stands at the ring's beginning");
              const GateReader::Record second = reader.next();
              require(second.number == 2 && second.position == 192, "the second follows it");
            });
          }};
}

/// The word behind the padding is the ring's first, where a record of the lap before begins.
Model padded_over_old_records(Producers producers) {
  return {.name = named("behind padding no record of an earlier lap is met", producers),
          .setup = [producers](Scenario& s) {
            auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 128, .producers = producers});
            s.thread("producer", [m] {
              Publisher producer(*m);
              producer.publish(1, 64);
              producer.publish(2, 32);
              producer.publish(3, 64);
            });
            s.thread("reader", [m] { read_in_order(*m, {1, 2, 3}); });
          }};
}

/// The second lap's records end where the first lap's payload lies.
Model over_old_payload(Producers producers) {
  return {.name = named("payload of an earlier lap is never taken for a record", producers),
          .setup = [producers](Scenario& s) {
            auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 128, .producers = producers});
            s.thread("producer", [m] {
              Publisher producer(*m);
              producer.publish(kLikeAWord, 64);
              producer.publish(kLikeAWord, 64);
              producer.publish(3, 32);
            });
            s.thread("reader", [m] {
              read_in_order(*m, {kLikeAWord, kLikeAWord, 3});
              require(!m->ring.word(160).is_committed(), "nothing follows the last record");
            });
          }};
}

Model aborted(Producers producers) {
  return {.name = named("an aborted claim is stepped over", producers), .setup = [producers](Scenario& s) {
            auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 64, .producers = producers});
            s.thread("producer", [m] {
              Publisher producer(*m);
              Reservation space;
              await([&] { return (space = producer.claim(1)).status == ClaimStatus::ok; });
              producer.abort(space);
              producer.publish(2);
              producer.publish(3);
            });
            s.thread("reader", [m] { read_in_order(*m, {2, 3}); });
          }};
}

Model committed_short(Producers producers) {
  return {.name = named("a short commit leaves padding", producers), .setup = [producers](Scenario& s) {
            auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 128, .producers = producers});
            s.thread("producer", [m] {
              Publisher producer(*m);
              Reservation space;
              // The claim writes its number all over the 64 bytes: what the padding's word covers is payload
              // before.
              await([&] { return (space = producer.claim(kLikeAWord, 64)).status == ClaimStatus::ok; });
              producer.commit(space, 32);
              producer.publish(2);
              producer.publish(3);
            });
            s.thread("reader", [m] {
              GateReader reader(*m);
              const std::vector<std::pair<std::uint64_t, std::uint64_t>> wanted{
                  {kLikeAWord, 0}, {2, 64}, {3, 96}};
              for (const auto& [number, position] : wanted) {
                const GateReader::Record record = reader.next();
                require(record.number == number && record.position == position, "in order, at its place");
              }
            });
          }};
}

Model batched(Producers producers) {
  return {.name = named("a batch is seen whole or not at all", producers), .setup = [producers](Scenario& s) {
            auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 128, .producers = producers});
            s.thread("producer", [m] {
              Publisher producer(*m);
              producer.publish(kLikeAWord, 64);
              producer.publish(2, 64);
              Reservation space;
              await([&] { return (space = producer.claim(1, 64)).status == ClaimStatus::ok; });
              producer.write(space.position, 32, 3);
              producer.write(space.position + 32, 32, 4);
              m->ring.place(space.position + 32, CommitWord::committed(RecordKind::data, 32));
              m->ring.commit_batch(space, CommitWord::committed(RecordKind::data, 32), 64);
            });
            s.thread("reader", [m] {
              GateReader reader(*m);
              require(reader.next().number == kLikeAWord, "the first");
              require(reader.next().number == 2, "the second");
              require(reader.next().number == 3, "the first record of the batch");
              const auto second = reader.try_next();
              require(second.has_value() && second->number == 4, "the others are there with the first");
            });
          }};
}

/// As publishers write batches: through a `Place`, which keeps the ring's own fields out of the loop.
Model batched_by_place(Producers producers) {
  return {
      .name = named("a batch written in place that uses less than it claimed", producers),
      .setup = [producers](Scenario& s) {
        auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 128, .producers = producers});
        s.thread("producer", [m] {
          Publisher producer(*m);
          const Reservation space = m->ring.try_reserve(producer.cache(), 96);
          require(space.status == ClaimStatus::ok, "the ring is empty");
          auto place = m->ring.place_at(space.position);
          producer.write(space.position, 32, 1);
          producer.write(space.position + 32, 32, 2);
          place.place(32, CommitWord::committed(RecordKind::data, 32));
          m->ring.commit_batch(space, CommitWord::committed(RecordKind::data, 32), 64);
          Reservation next;
          await([&] { return (next = m->ring.try_reserve(producer.cache(), 32)).status == ClaimStatus::ok; });
          producer.write(next.position, 32, 3);
          m->ring.place_at(next.position).commit(CommitWord::committed(RecordKind::data, 32));
        });
        s.thread("reader", [m] {
          GateReader reader(*m);
          require(reader.next().number == 1, "the first record of the batch");
          const auto second = reader.try_next();
          require(second.has_value() && second->number == 2, "the second came with it");
          const GateReader::Record third = reader.next();
          require(third.number == 3 && third.position == 96, "what was not used is stepped over");
        });
      }};
}

Model held(Producers producers) {
  return {.name = named("what a gate holds is never overwritten", producers),
          .setup =
              [producers](Scenario& s) {
                auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 64, .producers = producers});
                s.thread("producer", [m] {
                  Publisher producer(*m);
                  std::int64_t published = 0;
                  for (std::uint64_t number = 1; number <= 3; ++number)
                    published += producer.try_publish(number) ? 1 : 0;
                  // One record less than fits: the word at the limit stays free.
                  require(published == 1 || published == 2,
                          "there is room for one, and one more if it is read");
                  outcome({published});
                });
                s.thread("reader", [m] {
                  // Looks twice at the first record and lets nothing go in between.
                  if (!m->ring.word(0).is_committed()) return;
                  require(read_number(*m, 0) == 1, "the first record");
                  require(read_number(*m, 0) == 1, "still the first record");
                  m->gate().value.store(32, std::memory_order_release);
                });
              },
          .must_occur = {"1", "2"}};
}

Model two_gates(Producers producers) {
  return {.name = named("the lowest of two gates holds", producers),
          .setup =
              [producers](Scenario& s) {
                auto m = std::make_shared<RingModel>(
                    RingSetup{.capacity_bytes = 64, .producers = producers, .gates = 2, .joined_gates = 2});
                auto first = std::make_shared<Publisher>(*m);
                require(first->try_publish(1), "the ring is empty");
                s.thread("producer", [m, first] {
                  const bool done = first->try_publish(2);
                  require(!done || (m->gate(0).value.load(std::memory_order_relaxed) == 32 &&
                                    m->gate(1).value.load(std::memory_order_relaxed) == 32),
                          "there is room once both have read");
                  outcome({done ? 1 : 0});
                });
                for (const std::uint32_t slot : {0u, 1u}) {
                  s.thread("reader" + std::to_string(slot), [m, slot] {
                    require(GateReader(*m, slot).next().number == 1, "the first record, unharmed");
                  });
                }
              },
          .must_occur = {"0", "1"}};
}

/// A producer that asks first: what it was told holds, for nobody else takes the room.
Model asked_for_room(Producers producers) {
  return {.name = named("who was told that there is room gets it", producers),
          .setup =
              [producers](Scenario& s) {
                auto m = std::make_shared<RingModel>(
                    RingSetup{.capacity_bytes = 128, .producers = producers, .start_position = 32});
                s.thread("producer", [m] {
                  Publisher producer(*m);
                  std::int64_t refused = 0;
                  for (std::uint64_t number = 1; number <= 3; ++number) {
                    if (!m->ring.has_room(producer.cache(), 64)) {
                      ++refused;
                      await([&] { return m->ring.has_room(producer.cache(), 64); });
                    }
                    require(producer.try_publish(number, 64), "it was told that there is room");
                  }
                  outcome({refused});
                });
                s.thread("reader", [m] {
                  GateReader reader(*m, 0, 32);
                  for (std::uint64_t number = 1; number <= 3; ++number)
                    require(reader.next().number == number, "in order, none missing or seen twice");
                });
              },
          .must_occur = {"1", "2"}};
}

/// What a producer remembers of the limit ends with the lap: beyond it, a claim may need padding.
Model short_way(Producers producers) {
  return {
      .name = named("the short way to claim never skips padding", producers),
      .options = {.preemptions = 1},
      .setup = [producers](Scenario& s) {
        auto m = std::make_shared<RingModel>(RingSetup{
            .capacity_bytes = 256, .producers = producers, .raise_chunk_bytes = 256, .start_position = 192});
        s.thread("producer", [m] {
          Publisher producer(*m);
          require(try_publish_within(*m, producer, 1, 32), "the ring is empty");
          require(try_publish_within(*m, producer, 2, 64), "half of the ring is free");
          require(try_publish_within(*m, producer, 3, 32), "a record more than half of it, still");
          await([&] { return try_publish_within(*m, producer, 4, 96); });
        });
        s.thread("reader", [m] {
          GateReader reader(*m, 0, 192);
          for (std::uint64_t number = 1; number <= 4; ++number)
            require(reader.next().number == number, "in order, none missing or seen twice");
          require(reader.position() == 448, "one padding of 32 bytes");
        });
      }};
}

/// Laps the ring on the short way alone: the limit that it remembers must be one that was raised to.
Model short_way_lapped(Producers producers) {
  return {.name = named("the short way to claim laps nobody", producers),
          .options = {.preemptions = 2},
          .setup = [producers](Scenario& s) {
            auto m = std::make_shared<RingModel>(
                RingSetup{.capacity_bytes = 128, .producers = producers, .raise_chunk_bytes = 64});
            s.thread("producer", [m] {
              Publisher producer(*m);
              for (std::uint64_t number = 1; number <= 5; ++number)
                await([&] { return try_publish_within(*m, producer, number, 32); });
            });
            s.thread("reader", [m] { read_in_order(*m, {1, 2, 3, 4, 5}); });
          }};
}

/// A claim that is open while nobody reads: the ring's own frontier holds, not a gate.
Model unread(Producers producers) {
  return {.name = named("without gates the ring is lapped freely and its end is whole", producers),
          .setup = [producers](Scenario& s) {
            auto m = std::make_shared<RingModel>(
                RingSetup{.capacity_bytes = 64, .producers = producers, .gates = 0, .joined_gates = 0});
            s.thread("producer", [m] {
              Publisher producer(*m);
              for (std::uint64_t number = 1; number <= 4; ++number)
                require(producer.try_publish(number), "nobody holds it back");
            });
            s.thread("onlooker", [m] {
              // Whoever joins reads on from the tail: the word there is free, or of a later claim.
              const std::uint64_t tail = m->ring.tail();
              require(tail % 32 == 0 && tail <= 128, "the tail stands where a claim ended");
            });
            s.finally([m] {
              require(m->ring.tail() == 128, "four were claimed");
              require(!m->ring.word(128).is_committed(), "nothing follows the last record");
            });
          }};
}

// ---- several producers ----------------------------------------------------------------------------------

Model two_producers() {
  return {.name = "ring: two producers lose nothing and keep their own order",
          .setup =
              [](Scenario& s) {
                auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 128});
                for (const std::uint64_t first : {10u, 20u}) {
                  s.thread("producer" + std::to_string(first), [m, first] {
                    Publisher producer(*m);
                    producer.publish(first);
                    if (first == 10) producer.publish(first + 1);
                  });
                }
                s.thread("reader", [m] {
                  GateReader reader(*m);
                  Numbers seen;
                  for (int i = 0; i < 3; ++i) seen.push_back(reader.next().number);
                  const std::string order = show(seen);
                  require(order == "10 11 20" || order == "10 20 11" || order == "20 10 11",
                          "each producer's own order is kept");
                  outcome(order);
                });
              },
          .must_occur = {"10 11 20", "10 20 11", "20 10 11"}};
}

Model full_ring() {
  return {.name = "ring: two producers share a full ring behind one reader",
          .options = {.preemptions = 1},
          .setup =
              [](Scenario& s) {
                auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 64});
                for (const std::uint64_t number : {1u, 2u}) {
                  s.thread("producer" + std::to_string(number),
                           [m, number] { Publisher(*m).publish(number); });
                }
                s.thread("reader", [m] {
                  GateReader reader(*m);
                  Numbers seen;
                  for (int i = 0; i < 2; ++i) seen.push_back(reader.next().number);
                  require(seen[0] + seen[1] == 3, "each comes once");
                  outcome(show(seen));
                });
              },
          .must_occur = {"1 2", "2 1"}};
}

Model open_claim() {
  return {.name = "ring: an open claim hides what follows until it is closed",
          .setup =
              [](Scenario& s) {
                auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 128});
                // Claimed before anybody runs, so that the other producer's record is always the second.
                auto first = std::make_shared<Publisher>(*m);
                const Reservation open = first->claim(1);
                s.thread("slow", [first, open] { first->commit(open); });
                s.thread("quick", [m] {
                  require(Publisher(*m).try_publish(2), "there is room behind an open claim");
                });
                s.thread("reader", [m] {
                  GateReader reader(*m);
                  const auto record = reader.try_next();
                  require(!record || record->number == 1, "nobody sees the second before the first");
                  outcome({record ? 1 : 0});
                });
              },
          .must_occur = {"0", "1"}};
}

Model stalled_claim() {
  return {.name = "ring: without gates an open claim is never lapped",
          .setup =
              [](Scenario& s) {
                auto m = std::make_shared<RingModel>(
                    RingSetup{.capacity_bytes = 64, .gates = 0, .joined_gates = 0});
                s.thread("slow", [m] {
                  Publisher producer(*m);
                  const Reservation space = producer.claim(1);
                  if (space.status != ClaimStatus::ok) return;
                  // Written once more: a producer that laps this claim writes the same bytes, which is a
                  // race.
                  producer.write(space.position, 32, 1);
                  producer.commit(space);
                });
                s.thread("quick", [m] {
                  Publisher producer(*m);
                  std::int64_t published = 0;
                  for (std::uint64_t number = 2; number <= 4; ++number)
                    published += producer.try_publish(number) ? 1 : 0;
                  outcome({published});
                });
              },
          // Alone it laps the ring freely; behind the open claim it is told to wait.
          .must_occur = {"3", "0"}};
}

/// A reader has joined above an open claim: its gate does not stand for what lies below.
Model stalled_below_a_gate() {
  return {.name = "ring: an open claim below a gate that joined later is never lapped",
          .setup =
              [](Scenario& s) {
                auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 64, .joined_gates = 0});
                auto first = std::make_shared<Publisher>(*m);
                const Reservation open = first->claim(1);
                // As join_at_tail does, behind the open claim.
                m->ring.raiser().join_at(32);
                m->gate().value.store(32, std::memory_order_release);
                s.thread("slow", [first, open] {
                  first->write(open.position, 32, 1);
                  first->commit(open);
                });
                s.thread("quick", [m] { outcome({Publisher(*m).try_publish(2) ? 1 : 0}); });
              },
          .must_occur = {"0", "1"}};
}

// ---- raising --------------------------------------------------------------------------------------------

Model preempted_raiser() {
  return {.name = "ring: a preempted raiser holds nobody up that finds room", .setup = [](Scenario& s) {
            auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 128});
            s.thread("raiser", [m] { (void)m->ring.raiser().try_raise(0); });
            s.thread("producer", [m] {
              Publisher producer(*m);
              require(producer.try_publish(1) && producer.try_publish(2), "the ring is empty: there is room");
              producer.publish(3);
            });
            s.thread("reader", [m] { read_in_order(*m, {1, 2, 3}); });
          }};
}

Model two_raisers() {
  return {
      .name = "ring: two raisers at once zero nothing that is committed", .setup = [](Scenario& s) {
        auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 64, .gates = 0, .joined_gates = 0});
        for (const std::uint64_t first : {10u, 20u}) {
          s.thread("producer" + std::to_string(first), [m, first] {
            Publisher producer(*m);
            (void)producer.try_publish(first);
            (void)producer.try_publish(first + 1);
          });
        }
        s.finally([m] {
          // Nobody reads: the newest record is the one below the tail, and it is still there.
          const std::uint64_t tail = m->ring.tail();
          require(tail >= 32, "somebody gets on");
          require(m->ring.word(tail - 32).is_committed(), "the last record is whole");
          require(m->ring.limit() >= tail && m->ring.limit() <= tail + 32, "the limit stays within the ring");
        });
      }};
}

/// One lap has been read when they begin, so that both find something to raise.
Model raisers_behind_a_reader() {
  return {.name = "ring: raisers at once keep what is committed, and zero what is free",
          .options = {.preemptions = 2},
          .setup = [](Scenario& s) {
            auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 64, .start_position = 0});
            auto first = std::make_shared<Publisher>(*m);
            first->publish(1);
            m->gate().value.store(32, std::memory_order_relaxed);
            s.thread("raiser", [m] { (void)m->ring.raiser().try_raise(0); });
            s.thread("producer", [m] { Publisher(*m).publish(2); });
            s.thread("reader", [m] {
              GateReader reader(*m, 0, 32);
              require(reader.next().number == 2, "it is there");
            });
            s.finally([m] {
              require(m->ring.limit() <= 96 + 32, "the limit stays below the gate's lap");
              require(!m->ring.word(64).is_committed(), "nothing follows the last record");
            });
          }};
}

/// One raise that gains two places, and all of them claimed at once: a second raiser that knew of none of
/// this would zero a record inside the batch.
Model late_raiser() {
  return {.name = "ring: a raiser goes on from where the last one left the limit",
          .setup =
              [](Scenario& s) {
                auto m = std::make_shared<RingModel>(
                    RingSetup{.capacity_bytes = 128, .raise_chunk_bytes = 64, .start_position = 64});
                auto producer = std::make_shared<Publisher>(*m);
                require(producer->try_publish(1) && producer->try_publish(2), "the ring is empty");
                m->gate().value.store(128, std::memory_order_relaxed);
                s.thread("producer", [m, producer] {
                  const Reservation space = m->ring.try_reserve(producer->cache(), 96);
                  outcome({space.status == ClaimStatus::ok ? 1 : 0});
                  if (space.status != ClaimStatus::ok) return;
                  producer->write(space.position, 32, 3);
                  for (const std::uint64_t at : {32u, 64u}) {
                    producer->write(space.position + at, 32, 3 + at);
                    m->ring.place(space.position + at, CommitWord::committed(RecordKind::data, 32));
                  }
                  m->ring.commit_batch(space, CommitWord::committed(RecordKind::data, 32), 96);
                });
                s.thread("raiser", [m] { (void)m->ring.raiser().try_raise(0); });
                s.finally([m] {
                  require(m->ring.limit() == 224, "as far as the gate lets it go, and never back");
                  if (m->ring.tail() == 128) return;
                  for (const std::uint64_t at : {128u, 160u, 192u})
                    require(m->ring.word(at).is_committed(), "nobody zeroes what is committed");
                });
              },
          .must_occur = {"0", "1"}};
}

Model drawn() {
  return {.name = "ring: two producers and two readers, in drawn schedules",
          .options = {.stale_reads = 3, .random_schedules = 3'000},
          .setup = [](Scenario& s) {
            auto m =
                std::make_shared<RingModel>(RingSetup{.capacity_bytes = 128, .gates = 2, .joined_gates = 2});
            for (const std::uint64_t first : {10u, 20u}) {
              s.thread("producer" + std::to_string(first), [m, first] {
                Publisher producer(*m);
                for (std::uint64_t number = first; number < first + 3; ++number) producer.publish(number);
              });
            }
            auto seen = std::make_shared<std::vector<Numbers>>(2);
            for (const std::uint32_t slot : {0u, 1u}) {
              s.thread("reader" + std::to_string(slot), [m, seen, slot] {
                GateReader reader(*m, slot);
                for (int i = 0; i < 6; ++i) (*seen)[slot].push_back(reader.next().number);
              });
            }
            s.finally([seen] { require((*seen)[0] == (*seen)[1], "both readers see one order"); });
          }};
}

}  // namespace

std::vector<Model> ring_models() {
  std::vector<Model> models;
  for (const auto of :
       {lapped, wrapped, padded_over_old_records, over_old_payload, aborted, committed_short, batched,
        batched_by_place, held, two_gates, asked_for_room, short_way, short_way_lapped, unread}) {
    for (const Producers producers : {Producers::single, Producers::multi}) models.push_back(of(producers));
  }
  for (const auto of : {two_producers, full_ring, open_claim, stalled_claim, stalled_below_a_gate,
                        preempted_raiser, two_raisers, raisers_behind_a_reader, late_raiser, drawn}) {
    models.push_back(of());
  }
  return models;
}

}  // namespace sluice::model
