#include "topology/suite.hpp"

#include <algorithm>
#include <cstdio>
#include <map>

#include <unistd.h>

#include "topology/summary.hpp"

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
  const auto wanted_ns = static_cast<double>(options.measurement.count());
  if (one.every_ns != 0) return 1 + static_cast<std::uint64_t>(wanted_ns / static_cast<double>(one.every_ns));
  const std::uint64_t first = std::max<std::uint64_t>(1, one.first_amount / options.first_try_divisor);
  // The faster of two: whoever was interrupted in its only try would be measured for far too short a time.
  const double busy_ns = std::min(one.measure(first).busy_ns, one.measure(first).busy_ns);
  return 1 + static_cast<std::uint64_t>(static_cast<double>(first) * wanted_ns / std::max(busy_ns, 1.0));
}

constexpr double kDisturbedShare = 0.05;

/// The placement now and at the last look: what stands after one measurement stands before the next.
class Placement {
 public:
  struct Around {
    Regime regime;
    double half_round_trip_ns;
  };

  Around look_again() {
    const Probe before = last_;
    last_ = probe();
    return {before.regime == last_.regime ? last_.regime : Regime::mixed,
            (before.half_round_trip_ns + last_.half_round_trip_ns) / 2};
  }

 private:
  Probe last_ = probe();
};

}  // namespace

std::vector<Outcome> run_interleaved(const std::vector<Case>& cases, const Options& options,
                                     std::chrono::steady_clock::time_point until) {
  const ProgressLine progress;
  std::vector<std::uint64_t> amounts;
  for (const Case& one : cases) {
    progress.say(one, 0, options.repetitions);
    amounts.push_back(calibrate(one, options));
  }

  std::vector<std::map<Regime, std::vector<Probed>>> readings(cases.size());
  Placement placement;
  for (std::size_t repetition = 0; repetition < options.repetitions; ++repetition) {
    if (repetition != 0 && std::chrono::steady_clock::now() > until) break;
    for (std::size_t i = 0; i < cases.size(); ++i) {
      progress.say(cases[i], repetition, options.repetitions);
      const Neighbours neighbours;
      const Reading reading = cases[i].measure(amounts[i]);
      // The system's count of others is coarse, so our own threads have to have missed something too.
      const bool disturbed = neighbours.share() > kDisturbedShare && reading.starved > kDisturbedShare / 2;
      auto [regime, half_ns] = placement.look_again();
      // What others do in a millisecond can't be told, and its figures mean nothing anyway.
      if (disturbed && options.pace != Pace::smoke) regime = Regime::disturbed;
      readings[i][regime].push_back({reading, half_ns});
    }
  }

  std::vector<Outcome> outcomes;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    for (const auto& [regime, of_regime] : readings[i]) {
      outcomes.push_back(summarize(cases[i], regime, of_regime));
    }
  }
  // The regimes apart, the peers of each together: only those may be compared.
  std::stable_sort(outcomes.begin(), outcomes.end(), [](const Outcome& a, const Outcome& b) {
    return a.payload_bytes != b.payload_bytes ? a.payload_bytes < b.payload_bytes : a.regime < b.regime;
  });
  return outcomes;
}

}  // namespace sluice::bench
