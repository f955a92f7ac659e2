#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/catalogue.hpp"
#include "model/support.hpp"

/// Several producers on one ring: each keeps its own order, and an open claim holds back whoever would read
/// or lap it.
namespace sluice::model {
namespace {

std::string show(const Numbers& numbers) {
  std::string text;
  for (const std::uint64_t number : numbers) text += (text.empty() ? "" : " ") + std::to_string(number);
  return text;
}

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
                has_an_open_claim(s, m);
                // As join_at_tail does, behind the open claim.
                m->ring.raiser().join_at(32);
                m->gate().value.store(32, std::memory_order_release);
                s.thread("quick", [m] { outcome({Publisher(*m).try_publish(2) ? 1 : 0}); });
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

std::vector<Model> producers_models() {
  return {two_producers(), full_ring(), open_claim(), stalled_claim(), stalled_below_a_gate(), drawn()};
}

}  // namespace sluice::model
