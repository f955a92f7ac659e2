// What names cost: look-ups among few and many topics, filters and patterns.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "sluice/topic/pattern.hpp"
#include "sluice/topic/table.hpp"

namespace sluice {
namespace {

constexpr std::uint32_t kMany = 100'000;

/// A table with `topics` topics, and their names.
struct Filled {
  explicit Filled(std::uint32_t topics) : table({}, ShardMap(1, {})) {
    for (std::uint32_t i = 0; i < topics; ++i) {
      names.push_back("market.instrument_" + std::to_string(i));
      table.intern(names.back()).value();
    }
  }
  TopicTable table;
  std::vector<std::string> names;
};

Filled& many() {
  static Filled filled(kMany);  // shared, because making it takes longer than a smoke run may
  return filled;
}

/// The same name each time: table and name stay in the cache.
void Topic_find_hot(benchmark::State& state) {
  Filled& filled = many();
  for (auto _ : state) benchmark::DoNotOptimize(filled.table.find(filled.names[4'711]));
}
BENCHMARK(Topic_find_hot);

/// Names far apart: every look-up misses.
void Topic_find_cold(benchmark::State& state) {
  Filled& filled = many();
  std::size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(filled.table.find(filled.names[at]));
    at = (at + 40'503) % kMany;  // shares no factor with kMany, so it visits all
  }
}
BENCHMARK(Topic_find_cold);

void Topic_by_id_cold(benchmark::State& state) {
  Filled& filled = many();
  std::uint32_t id = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(filled.table.by_id(id)->shard());
    id = (id + 40'503) % kMany;
  }
}
BENCHMARK(Topic_by_id_cold);

void Filter_matches(benchmark::State& state, const char* pattern) {
  Filled filled(1'000);
  const auto filter = filled.table.add_filter(Pattern::parse(pattern).value(), 0).value();
  std::uint32_t id = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(filter->matches(id));
    id = id == 999 ? 0 : id + 1;
  }
}
BENCHMARK_CAPTURE(Filter_matches, firehose, ">");
BENCHMARK_CAPTURE(Filter_matches, topic, "market.instrument_7");
BENCHMARK_CAPTURE(Filter_matches, pattern, "market.*");

void Pattern_matches(benchmark::State& state, const char* text) {
  const Pattern pattern = Pattern::parse(text).value();
  const std::string topic = "market.fx.EURUSD.quotes";
  for (auto _ : state) benchmark::DoNotOptimize(pattern.matches(topic));
}
BENCHMARK_CAPTURE(Pattern_matches, rest, "market.>");
BENCHMARK_CAPTURE(Pattern_matches, tokens, "market.*.*.quotes");
BENCHMARK_CAPTURE(Pattern_matches, mismatch, "orders.>");

}  // namespace
}  // namespace sluice
