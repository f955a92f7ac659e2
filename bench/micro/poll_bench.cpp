// What an event costs its reader, and the whole way on one thread. Publishing is not timed where the name
// says `Poll`; a thousand events are published at a time, so that the pauses of the timer weigh nothing.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "micro/bus_fixture.hpp"

namespace sluice::bench {
namespace {

constexpr std::uint64_t kEvents = 1'000;

void publish_all(TypedPublisher<Payload64>& publisher, Payload64& payload) {
  for (std::uint64_t i = 0; i < kEvents; ++i) {
    ++payload.words[0];
    require(publisher.publish(payload));
  }
}

/// Drains the subscription with `read(event)`; the number of events, through a sum that is checked.
template <class Read>
bool drain(Subscription& subscription, Read read) {
  std::uint64_t events = 0;
  std::uint64_t sum = 0;
  while (const std::size_t found =
             subscription.poll([&](const EventView& event) { sum += read(event); }).events) {
    events += found;
  }
  benchmark::DoNotOptimize(sum);
  return events == kEvents;
}

constexpr auto kByType = [](const EventView& event) { return event.as<Payload64>().words[0]; };
constexpr auto kByBytes = [](const EventView& event) {
  return std::to_integer<std::uint64_t>(event.payload().front());
};

/// Per event: the time is given by hand, since the timer's own pauses are dearer than a poll.
template <class Read>
void Poll(benchmark::State& state, const SubscribeOptions& options, Read read) {
  Bus bus = open_bus(Producers::single);
  Subscription subscription = bus.subscribe(options).value();
  auto publisher = bus.publisher<Payload64>("bench.poll").value();
  Payload64 payload;
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(kEvents))) {
    publish_all(publisher, payload);
    const auto began = std::chrono::steady_clock::now();
    const bool complete = drain(subscription, read);
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    if (!complete) {
      state.SkipWithError("not every event arrived");
      return;
    }
  }
}
BENCHMARK_CAPTURE(Poll, block_firehose, to_topic(""), kByBytes)->UseManualTime();
BENCHMARK_CAPTURE(Poll, block_firehose_typed, to_topic(""), kByType)->UseManualTime();
BENCHMARK_CAPTURE(Poll, block_topic_typed, to_topic("bench.poll"), kByType)->UseManualTime();
BENCHMARK_CAPTURE(Poll, block_pattern_typed, to_topic("bench.*"), kByType)->UseManualTime();
BENCHMARK_CAPTURE(Poll, group_typed, to_topic("bench.*", Overload::block, "group"), kByType)->UseManualTime();
BENCHMARK_CAPTURE(Poll, drop_oldest_typed, to_topic("bench.*", Overload::drop_oldest), kByType)
    ->UseManualTime();

/// Payload lengths of a stream's events, in turn.
using Lengths = std::vector<std::size_t>;

Lengths drawn_lengths() {
  Lengths lengths(kEvents);
  std::minstd_rand random(1);
  for (std::size_t& length : lengths) length = random() % 2 == 0 ? 64 : 8;
  return lengths;
}

/// Per event: readers guess that the next record is as long as the last one.
void Poll_of_lengths(benchmark::State& state, const Lengths& lengths) {
  Bus bus = open_bus(Producers::single);
  Subscription subscription = bus.subscribe(to_topic("bench.poll")).value();
  Publisher publisher = bus.publisher("bench.poll").value();
  const std::array<std::byte, 64> payload{};
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(kEvents))) {
    for (std::uint64_t i = 0; i < kEvents; ++i) {
      require(publisher.publish(std::span(payload).first(lengths[i % lengths.size()])));
    }
    const auto began = std::chrono::steady_clock::now();
    const bool complete = drain(subscription, kByBytes);
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    if (!complete) {
      state.SkipWithError("not every event arrived");
      return;
    }
  }
}
BENCHMARK_CAPTURE(Poll_of_lengths, one, {64})->UseManualTime();
BENCHMARK_CAPTURE(Poll_of_lengths, alternating, {8, 64})->UseManualTime();
BENCHMARK_CAPTURE(Poll_of_lengths, drawn, drawn_lengths())->UseManualTime();

/// Per event: publish a thousand, poll a thousand, on one thread. The target is 15 ns.
void Publish_and_poll_on_one_thread(benchmark::State& state, Producers producers, Timestamps timestamps) {
  Bus bus = open_bus(producers, timestamps);
  Subscription subscription = bus.subscribe(to_topic("bench.poll")).value();
  auto publisher = bus.publisher<Payload64>("bench.poll").value();
  Payload64 payload;
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(kEvents))) {
    publish_all(publisher, payload);
    if (!drain(subscription, kByType)) {
      state.SkipWithError("not every event arrived");
      return;
    }
  }
}
BENCHMARK_CAPTURE(Publish_and_poll_on_one_thread, single, Producers::single, Timestamps::caller);
BENCHMARK_CAPTURE(Publish_and_poll_on_one_thread, multi, Producers::multi, Timestamps::caller);
BENCHMARK_CAPTURE(Publish_and_poll_on_one_thread, multi_tsc, Producers::multi, Timestamps::per_event);

void Poll_of_nothing(benchmark::State& state) {
  Bus bus = open_bus(Producers::single);
  Subscription subscription = bus.subscribe(to_topic("bench.*")).value();
  for (auto _ : state) benchmark::DoNotOptimize(subscription.poll([](const EventView&) {}).events);
}
BENCHMARK(Poll_of_nothing);

}  // namespace
}  // namespace sluice::bench
