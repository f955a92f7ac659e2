#include "topology/suite.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include <unistd.h>

namespace sluice::bench {

namespace {

/// One line on a terminal that is written over, and nothing anywhere else.
class ProgressLine {
 public:
  ProgressLine() : shown_(::isatty(STDERR_FILENO) != 0) {}
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() {
    if (shown_) std::fprintf(stderr, "\r\033[K");
  }

  void say(const Case& now, std::size_t repetition, std::size_t repetitions) const {
    if (!shown_) return;
    std::fprintf(stderr, "\r\033[K%s: %s, %zu of %zu", now.topology.c_str(), now.peer.c_str(), repetition + 1,
                 repetitions);
    std::fflush(stderr);
  }

 private:
  bool shown_;
};

/// How much to measure at a time so that it takes what the options say.
std::uint64_t calibrate(const Case& one, const Options& options) {
  if (one.amount == Amount::given) return one.first_amount;
  const std::uint64_t first = std::max<std::uint64_t>(1, one.first_amount / options.first_try_divisor);
  const Reading reading = one.measure(first);
  const double scale = static_cast<double>(options.measurement.count()) / std::max(reading.busy_ns, 1.0);
  return std::max(first, static_cast<std::uint64_t>(static_cast<double>(first) * scale));
}

double median_of(std::vector<double>& sorted) {
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

constexpr double kDisturbedShare = 0.05;

using Readings = std::vector<std::vector<double>>;

Outcome summarize(const Case& one, Regime regime, const Readings& readings) {
  Outcome outcome{one.topology, one.peer, one.payload_bytes, one.batch, regime, readings.size(), {}};
  for (std::size_t metric = 0; metric < one.metrics.size(); ++metric) {
    std::vector<double> figures;
    for (const std::vector<double>& reading : readings) figures.push_back(reading[metric]);
    const double median = median_of(figures);
    outcome.summaries.push_back({one.metrics[metric], median, figures.front(), figures.back()});
  }
  return outcome;
}

}  // namespace

std::vector<Outcome> run_interleaved(const std::vector<Case>& cases, const Options& options) {
  const ProgressLine progress;
  std::vector<std::uint64_t> amounts;
  for (const Case& one : cases) {
    progress.say(one, 0, options.repetitions);
    amounts.push_back(calibrate(one, options));
  }

  std::vector<std::map<Regime, Readings>> readings(cases.size());
  for (std::size_t repetition = 0; repetition < options.repetitions; ++repetition) {
    for (std::size_t i = 0; i < cases.size(); ++i) {
      progress.say(cases[i], repetition, options.repetitions);
      const Regime before = probe_regime();
      const Neighbours neighbours;
      const Reading reading = cases[i].measure(amounts[i]);
      const bool disturbed = neighbours.share() > kDisturbedShare;
      const Regime after = probe_regime();
      Regime regime = before == after ? before : Regime::mixed;
      // What others do in a millisecond can't be told, and its figures mean nothing anyway.
      if (disturbed && options.pace != Pace::smoke) regime = Regime::disturbed;
      readings[i][regime].push_back(reading.figures);
    }
  }

  std::vector<Outcome> outcomes;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    for (const auto& [regime, of_regime] : readings[i]) {
      outcomes.push_back(summarize(cases[i], regime, of_regime));
    }
  }
  // The regimes apart, the peers of each together: only those may be compared.
  std::stable_sort(outcomes.begin(), outcomes.end(),
                   [](const Outcome& a, const Outcome& b) { return a.regime < b.regime; });
  return outcomes;
}

}  // namespace sluice::bench
