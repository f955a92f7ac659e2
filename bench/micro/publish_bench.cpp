// Every way to publish 64 bytes to a topic that nobody subscribes to.
#include <array>
#include <span>

#include <benchmark/benchmark.h>

#include "micro/bus_fixture.hpp"

namespace sluice::bench {
namespace {

constexpr auto kSingle = Producers::single;
constexpr auto kMulti = Producers::multi;

void Publish_typed(benchmark::State& state, Producers producers, Timestamps timestamps) {
  Bus bus = open_bus(producers, timestamps);
  auto publisher = bus.publisher<Payload64>("bench.typed").value();
  Payload64 payload;
  for (auto _ : state) {
    ++payload.words[0];
    require(publisher.publish(payload));
  }
}
BENCHMARK_CAPTURE(Publish_typed, single, kSingle, Timestamps::caller);
BENCHMARK_CAPTURE(Publish_typed, multi, kMulti, Timestamps::caller);
BENCHMARK_CAPTURE(Publish_typed, single_tsc, kSingle, Timestamps::per_event);
BENCHMARK_CAPTURE(Publish_typed, multi_tsc, kMulti, Timestamps::per_event);

void Publish_raw(benchmark::State& state, Producers producers) {
  Bus bus = open_bus(producers);
  Publisher publisher = bus.publisher("bench.raw").value();
  Payload64 payload;
  const auto bytes = std::as_bytes(std::span(&payload, 1));
  for (auto _ : state) {
    ++payload.words[0];
    require(publisher.publish(bytes));
  }
}
BENCHMARK_CAPTURE(Publish_raw, single, kSingle);
BENCHMARK_CAPTURE(Publish_raw, multi, kMulti);

void Publish_claim(benchmark::State& state, Producers producers) {
  Bus bus = open_bus(producers);
  Publisher publisher = bus.publisher("bench.claim").value();
  for (auto _ : state) {
    Claim claim = publisher.claim(64).value();
    claim.payload()[0] = std::byte{1};
    require(claim.commit());
  }
}
BENCHMARK_CAPTURE(Publish_claim, single, kSingle);
BENCHMARK_CAPTURE(Publish_claim, multi, kMulti);

/// Per event, in batches of 32.
void Publish_batch(benchmark::State& state, Producers producers) {
  Bus bus = open_bus(producers);
  auto publisher = bus.publisher<Payload64>("bench.batch").value();
  std::array<Payload64, 32> payloads;
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(payloads.size()))) {
    ++payloads[0].words[0];
    require(publisher.publish_batch(payloads));
  }
}
BENCHMARK_CAPTURE(Publish_batch, single, kSingle);
BENCHMARK_CAPTURE(Publish_batch, multi, kMulti);

void Publish_with_metadata(benchmark::State& state) {
  Bus bus = open_bus(kMulti);
  Publisher publisher = bus.publisher("bench.metadata").value();
  PublishOptions options;
  options.metadata = {{"customer", "42"}, {"region", "eu"}};
  const Payload64 payload;
  for (auto _ : state) require(publisher.publish(std::as_bytes(std::span(&payload, 1)), options));
}
BENCHMARK(Publish_with_metadata);

void Publish_by_name(benchmark::State& state) {
  Bus bus = open_bus(kMulti);
  const Payload64 payload;
  const auto bytes = std::as_bytes(std::span(&payload, 1));
  for (auto _ : state) benchmark::DoNotOptimize(bus.publish("bench.by_name", bytes).value());
}
BENCHMARK(Publish_by_name);

}  // namespace
}  // namespace sluice::bench
