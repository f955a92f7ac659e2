// What one publish of 64 bytes costs its thread: everything is counted, a round's share of raising the
// ring's limit and the loop around the call included. Subscribers are polled while nothing is counted.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "instructions/cases.hpp"

namespace sluice::bench {

namespace {

constexpr auto nothing = [] {};
constexpr auto first_word = [](const EventView& event) { return event.as<Payload64>().words[0]; };

struct Setting {
  Producers producers = Producers::single;
  Timestamps timestamps = Timestamps::caller;
  std::size_t subscribers = 0;
};

void typed(Meter& meter, const Scale& scale, const Setting& setting) {
  Bus bus = open_bus(setting.producers, setting.timestamps);
  std::vector<Subscription> subscriptions;
  for (std::size_t i = 0; i < setting.subscribers; ++i) {
    subscriptions.push_back(bus.subscribe(to_topic("bench.typed")).value());
  }
  auto publisher = bus.publisher<Payload64>("bench.typed").value();
  Payload64 payload;
  const auto publish = [&] {
    for (std::uint64_t i = 0; i < kRound; ++i) {
      ++payload.words[0];
      require(publisher.publish(payload));
    }
  };
  bool published = false;
  std::uint64_t sum = 0;
  count_rounds(meter, scale, publish, [&] {
    if (published) {
      for (Subscription& each : subscriptions) sum += drain_round(each, first_word);
    }
    published = true;
  });
  if (!subscriptions.empty() && sum == 0) throw std::runtime_error("nothing was received");
}

void raw(Meter& meter, const Scale& scale, Producers producers) {
  Bus bus = open_bus(producers);
  Publisher publisher = bus.publisher("bench.raw").value();
  Payload64 payload;
  const auto bytes = std::as_bytes(std::span(&payload, 1));
  count_rounds(
      meter, scale,
      [&] {
        for (std::uint64_t i = 0; i < kRound; ++i) {
          ++payload.words[0];
          require(publisher.publish(bytes));
        }
      },
      nothing);
}

void batch_of_32(Meter& meter, const Scale& scale, Producers producers, Timestamps timestamps) {
  Bus bus = open_bus(producers, timestamps);
  auto publisher = bus.publisher<Payload64>("bench.batch").value();
  std::array<Payload64, 32> payloads;
  static_assert(kRound % std::tuple_size_v<decltype(payloads)> == 0);
  count_rounds(
      meter, scale,
      [&] {
        for (std::uint64_t i = 0; i < kRound; i += payloads.size()) {
          ++payloads[0].words[0];
          require(publisher.publish_batch(payloads));
        }
      },
      nothing);
}

void claimed(Meter& meter, const Scale& scale, Producers producers) {
  Bus bus = open_bus(producers);
  Publisher publisher = bus.publisher("bench.claim").value();
  count_rounds(
      meter, scale,
      [&] {
        for (std::uint64_t i = 0; i < kRound; ++i) {
          Claim claim = publisher.claim(64).value();
          claim.payload()[0] = std::byte{1};
          require(claim.commit());
        }
      },
      nothing);
}

std::string nth_topic(std::uint32_t n) {
  return "bench.topic_" + std::to_string(n);
}

Bus open_with_topics(Producers producers, std::uint32_t topics, Timestamps timestamps = Timestamps::caller) {
  Bus bus = open_bus(producers, timestamps);
  for (std::uint32_t i = 0; i < topics; ++i) (void)bus.topic(nth_topic(i)).value();
  return bus;
}

void held_one_of(Meter& meter, const Scale& scale, std::uint32_t topics) {
  Bus bus = open_with_topics(Producers::single, topics);
  auto publisher = bus.publisher<Payload64>(nth_topic(topics / 2)).value();
  Payload64 payload;
  count_rounds(
      meter, scale,
      [&] {
        for (std::uint64_t i = 0; i < kRound; ++i) {
          ++payload.words[0];
          require(publisher.publish(payload));
        }
      },
      nothing);
}

void by_name_one_of(Meter& meter, const Scale& scale, std::uint32_t topics,
                    Timestamps timestamps = Timestamps::caller) {
  Bus bus = open_with_topics(Producers::multi, topics, timestamps);
  const std::string name = nth_topic(topics / 2);
  Payload64 payload;
  const auto bytes = std::as_bytes(std::span(&payload, 1));
  std::uint64_t failures = 0;
  count_rounds(
      meter, scale,
      [&] {
        for (std::uint64_t i = 0; i < kRound; ++i) {
          ++payload.words[0];
          failures += bus.publish(name, bytes).has_value() ? 0U : 1U;
        }
      },
      nothing);
  if (failures != 0) throw std::runtime_error("a publish by name failed");
}

std::string name_of(Producers producers) {
  return producers == Producers::single ? "publish_single_" : "publish_multi_";
}

}  // namespace

std::vector<Case> publish_cases() {
  std::vector<Case> cases;
  const auto add = [&](std::string name, auto run, auto... settings) {
    cases.push_back(
        {std::move(name), [=](Meter& meter, const Scale& scale) { run(meter, scale, settings...); }});
  };
  for (const Producers producers : {Producers::single, Producers::multi}) {
    const std::string kind = name_of(producers);
    add(kind + "typed", typed, Setting{.producers = producers});
    add(kind + "raw", raw, producers);
    add(kind + "batch_32", batch_of_32, producers, Timestamps::caller);
    add(kind + "claim", claimed, producers);
    add(kind + "time_per_event", typed, Setting{.producers = producers, .timestamps = Timestamps::per_event});
    add(kind + "time_per_batch_32", batch_of_32, producers, Timestamps::per_batch);
    for (const std::size_t subscribers : {1U, 2U, 4U, 8U}) {
      add(kind + "gates_" + std::to_string(subscribers), typed,
          Setting{.producers = producers, .subscribers = subscribers});
    }
  }
  const auto many = [&](std::string name, auto run) {
    cases.push_back({name + "_of_1", [=](Meter& meter, const Scale& scale) { run(meter, scale, 1U); }});
    cases.push_back({name + "_of_100000",
                     [=](Meter& meter, const Scale& scale) { run(meter, scale, scale.many_topics); }});
  };
  many("publish_held_topic", held_one_of);
  many("publish_by_name", [](auto&&... given) { by_name_one_of(given...); });
  add("publish_by_name_time_per_event", by_name_one_of, 1U, Timestamps::per_event);
  return cases;
}

}  // namespace sluice::bench
