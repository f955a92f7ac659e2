#include <cstdint>
#include <memory>
#include <string>

#include "model/catalogue.hpp"
#include "model/support.hpp"

/// Raising the limit: who may do it is decided by a lock that nobody waits for, and what it zeroes is
/// nobody's.
namespace sluice::model {
namespace {

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
                  auto place = m->ring.place_at(space.position);
                  producer->write(space.position, 32, 3);
                  for (const std::uint64_t at : {32u, 64u}) {
                    producer->write(space.position + at, 32, 3 + at);
                    place.place(at, CommitWord::committed(RecordKind::data, 32));
                  }
                  place.commit(CommitWord::committed(RecordKind::data, 32));
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

}  // namespace

std::vector<Model> raise_models() {
  return {preempted_raiser(), two_raisers(), raisers_behind_a_reader(), late_raiser()};
}

}  // namespace sluice::model
