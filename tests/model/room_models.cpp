#include <cstdint>
#include <memory>
#include <string>

#include "model/catalogue.hpp"
#include "model/ring_kinds.hpp"
#include "model/support.hpp"

/// Who finds room in a ring of two to eight records: whoever has it, and nobody at a reader's expense.
namespace sluice::model {
namespace {

Model held(Producers producers) {
  return {.name = "what a gate holds is never overwritten",
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
  return {.name = "the lowest of two gates holds",
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
  return {.name = "who was told that there is room gets it",
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
                s.thread("reader", [m] { read_in_order(*m, {1, 2, 3}, 32); });
              },
          .must_occur = {"1", "2"}};
}

/// What a producer remembers of the limit ends with the lap: beyond it, a claim may need padding.
Model short_way(Producers producers) {
  return {
      .name = "the short way to claim never skips padding", .setup = [producers](Scenario& s) {
        auto m = std::make_shared<RingModel>(RingSetup{
            .capacity_bytes = 256, .producers = producers, .raise_chunk_bytes = 256, .start_position = 192});
        s.thread("producer", [m] {
          Publisher producer(*m);
          require(producer.try_publish(1, 32), "the ring is empty");
          require(producer.try_publish(2, 64), "half of the ring is free");
          require(producer.try_publish(3, 32), "a record more than half of it, still");
          producer.publish(4, 96);
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
  return {.name = "the short way to claim laps nobody",
          .options = {.preemptions = 2},
          .setup = [producers](Scenario& s) {
            auto m = std::make_shared<RingModel>(
                RingSetup{.capacity_bytes = 128, .producers = producers, .raise_chunk_bytes = 64});
            s.thread("producer", [m] {
              Publisher producer(*m);
              for (std::uint64_t number = 1; number <= 5; ++number) producer.publish(number);
            });
            s.thread("reader", [m] { read_in_order(*m, {1, 2, 3, 4, 5}); });
          }};
}

/// A producer that comes when others have been at work knows of the room that they left, and of no more.
Model newcomer(Producers producers) {
  return {.name = "a newcomer waits for room like everybody",
          .setup =
              [producers](Scenario& s) {
                auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 64, .producers = producers});
                require(Publisher(*m).try_publish(1), "the ring is empty");
                s.thread("newcomer", [m] {
                  Publisher producer(*m, m->ring.newcomer());
                  outcome({producer.try_publish(2) ? 1 : 0});
                });
                s.thread("reader", [m] {
                  GateReader reader(*m);
                  require(reader.next().number == 1, "the first record");
                  const auto second = reader.try_next();
                  if (!second) return;
                  require(second->number == 2, "the second record");
                  require(!reader.try_next(), "nothing of the lap before is met behind it");
                });
              },
          .must_occur = {"0", "1"}};
}

Model newcomer_at_the_end(Producers producers) {
  return {.name = "a newcomer's first record does not cross the ring's end",
          .setup = [producers](Scenario& s) {
            auto m = std::make_shared<RingModel>(
                RingSetup{.capacity_bytes = 256, .producers = producers, .start_position = 224});
            s.thread("newcomer", [m] {
              Publisher producer(*m, m->ring.newcomer());
              require(producer.try_publish(1, 64), "the ring is empty");
            });
            s.thread("reader", [m] {
              const GateReader::Record record = GateReader(*m, 0, 224).next();
              require(record.number == 1 && record.position == 256, "it begins anew behind padding");
            });
          }};
}

/// A claim that is open while nobody reads: the ring's own frontier holds, not a gate.
Model unread(Producers producers) {
  return {.name = "without gates the ring is lapped freely and its end is whole",
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

}  // namespace

std::vector<Model> room_models() {
  return of_either_kind(
      {held, two_gates, asked_for_room, short_way, short_way_lapped, newcomer, newcomer_at_the_end, unread});
}

}  // namespace sluice::model
