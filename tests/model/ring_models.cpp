#include <cstdint>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "model/catalogue.hpp"
#include "model/ring_kinds.hpp"
#include "model/support.hpp"

/// What is committed in rings of two to four records, and what a reader sees of it: all of it, in order, and
/// nothing of earlier laps.
namespace sluice::model {

// The rest of the area, each in a file of its own name.
std::vector<Model> room_models();
std::vector<Model> producers_models();
std::vector<Model> raise_models();

namespace {

/// A payload that a reader who strays into it takes for a committed record.
constexpr std::uint64_t kLikeAWord = CommitWord::committed(RecordKind::data, 32).bits();

Model lapped(Producers producers) {
  return {.name = "a reader gets all in order while it is lapped", .setup = [producers](Scenario& s) {
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
  return {.name = "what would cross the end begins anew behind padding", .setup = [producers](Scenario& s) {
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
  return {.name = "behind padding no record of an earlier lap is met", .setup = [producers](Scenario& s) {
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
  return {.name = "payload of an earlier lap is never taken for a record", .setup = [producers](Scenario& s) {
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
  return {.name = "an aborted claim is stepped over", .setup = [producers](Scenario& s) {
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
  return {.name = "a short commit leaves padding", .setup = [producers](Scenario& s) {
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
  return {.name = "a batch is seen whole or not at all", .setup = [producers](Scenario& s) {
            auto m = std::make_shared<RingModel>(RingSetup{.capacity_bytes = 128, .producers = producers});
            s.thread("producer", [m] {
              Publisher producer(*m);
              producer.publish(kLikeAWord, 64);
              producer.publish(2, 64);
              Reservation space;
              await([&] { return (space = producer.claim(1, 64)).status == ClaimStatus::ok; });
              producer.write(space.position, 32, 3);
              producer.write(space.position + 32, 32, 4);
              auto place = m->ring.place_at(space.position);
              place.place(32, CommitWord::committed(RecordKind::data, 32));
              place.commit(CommitWord::committed(RecordKind::data, 32));
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

}  // namespace

std::vector<Model> ring_models() {
  std::vector<Model> models = of_either_kind(
      {lapped, wrapped, padded_over_old_records, over_old_payload, aborted, committed_short, batched});
  for (const auto more : {room_models, producers_models, raise_models}) {
    std::vector<Model> others = more();
    models.insert(models.end(), std::make_move_iterator(others.begin()),
                  std::make_move_iterator(others.end()));
  }
  return models;
}

}  // namespace sluice::model
