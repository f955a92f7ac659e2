// What the base layer's pieces cost: clocks, ids, histogram.
#include <cstdint>

#include <benchmark/benchmark.h>

#include "sluice/base/clock.hpp"
#include "sluice/base/event_id.hpp"
#include "sluice/base/histogram.hpp"

namespace sluice {
namespace {

void Clock_reader(benchmark::State& state) {
  ClockReader reader;
  for (auto _ : state) benchmark::DoNotOptimize(reader.now_ns());
}
BENCHMARK(Clock_reader);

void Clock_system(benchmark::State& state) {
  const SystemClock clock;
  for (auto _ : state) benchmark::DoNotOptimize(clock.now_ns());
}
BENCHMARK(Clock_system);

void EventId_from_position(benchmark::State& state) {
  std::uint64_t position = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(EventId::from_position(0x0123'4567'89ab'cdef, 3, position));
    position += 32;
  }
}
BENCHMARK(EventId_from_position);

void EventId_to_string(benchmark::State& state) {
  const EventId id = EventId::from_position(0x0123'4567'89ab'cdef, 3, 4'096);
  for (auto _ : state) benchmark::DoNotOptimize(id.to_string());
}
BENCHMARK(EventId_to_string);

void Histogram_record(benchmark::State& state) {
  Histogram histogram;
  std::uint64_t value = 1;
  for (auto _ : state) {
    value = value * 6364136223846793005U + 1442695040888963407U;
    histogram.record(value >> 44);  // up to a million, as latencies in nanoseconds are
  }
  benchmark::DoNotOptimize(histogram.count());
}
BENCHMARK(Histogram_record);

}  // namespace
}  // namespace sluice
