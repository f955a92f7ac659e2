#include "topology/summary.hpp"

#include <algorithm>

#include "topology/percentiles.hpp"

namespace sluice::bench {

namespace {

double median_of(std::vector<double>& figures) {
  if (figures.empty()) return 0;
  std::sort(figures.begin(), figures.end());
  const std::size_t middle = figures.size() / 2;
  return figures.size() % 2 == 1 ? figures[middle] : (figures[middle - 1] + figures[middle]) / 2;
}

/// `pick(one)` of each repetition.
template <class Pick>
std::vector<double> column(const std::vector<Probed>& repetitions, Pick pick) {
  std::vector<double> figures;
  for (const Probed& one : repetitions) figures.push_back(pick(one));
  return figures;
}

}  // namespace

double Outcome::median_of(const std::string& metric) const {
  for (const Summary& summary : summaries) {
    if (summary.metric == metric) return summary.median;
  }
  return 0;
}

Outcome summarize(const Case& one, Regime regime, const std::vector<Probed>& repetitions) {
  Outcome outcome{.topology = one.topology,
                  .peer = one.peer,
                  .payload_bytes = one.payload_bytes,
                  .batch = one.batch,
                  .threads = one.threads,
                  .every_ns = one.every_ns,
                  .regime = regime,
                  .repetitions = repetitions.size(),
                  .half_round_trip_ns = 0,
                  .summaries = {},
                  .curve = {}};
  for (std::size_t metric = 0; metric < one.metrics.size(); ++metric) {
    auto figures = column(repetitions, [&](const Probed& probed) { return probed.reading.figures[metric]; });
    const double median = median_of(figures);
    outcome.summaries.push_back({one.metrics[metric], median, figures.front(), figures.back()});
  }
  auto half_ns = column(repetitions, [](const Probed& probed) { return probed.half_round_trip_ns; });
  outcome.half_round_trip_ns = median_of(half_ns);
  for (std::size_t i = 0; i < repetitions.front().reading.curve.size(); ++i) {
    auto points = column(repetitions, [&](const Probed& probed) { return probed.reading.curve[i]; });
    outcome.curve.push_back(median_of(points));
  }
  return outcome;
}

}  // namespace sluice::bench
