#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "topology/options.hpp"
#include "topology/placement.hpp"

namespace sluice::bench {

/// What one measurement says: a figure for each of its case's metrics, and how long the measured part took.
struct Reading {
  std::vector<double> figures;
  double busy_ns = 0;
  /// What its threads lacked of their cores' time (see `Team::starved`); 1 where nobody knows.
  double starved = 1;
  std::vector<double> curve{};  ///< latencies at `kCurvePercents`, where there are any
};

/// How much a case measures at a time.
enum class Amount : std::uint8_t {
  calibrated,  ///< as much as the run's time for one measurement allows, found by a first try
  given,       ///< what `first_amount` says, each time
};

/// One thing to measure beside others of the same topology.
struct Case {
  std::string topology;  ///< such as `fan_out_4`
  std::string peer;      ///< what is measured: `sluice`, `bare_ring`, ...
  std::size_t payload_bytes = 0;
  std::size_t batch = 1;             ///< messages per publishing call
  std::size_t threads = 1;           ///< that are busy at once
  std::int64_t every_ns = 0;         ///< time between two messages, where they have a fixed rate
  std::vector<std::string> metrics;  ///< what the figures are: `mps`; or `p50_ns`, `p99_ns`; ...
  std::uint64_t first_amount = 0;    ///< how much the first try measures
  Amount amount = Amount::calibrated;
  std::function<Reading(std::uint64_t amount)> measure;
};

/// Median and range of one metric over the repetitions of one regime.
struct Summary {
  std::string metric;
  double median = 0;
  double low = 0;
  double high = 0;
};

/// A case's figures in one regime. A case that saw several has several results, never one over both.
struct Outcome {
  std::string topology;
  std::string peer;
  std::size_t payload_bytes = 0;
  std::size_t batch = 1;
  std::size_t threads = 1;
  std::int64_t every_ns = 0;
  Regime regime = Regime::mixed;
  std::size_t repetitions = 0;
  double half_round_trip_ns = 0;  ///< of a bare cache line, around its measurements; 0: there is one core
  std::vector<Summary> summaries;
  std::vector<double> curve;  ///< medians of the latencies at `kCurvePercents`, or nothing

  /// The median of `metric`; 0 where it was not measured.
  [[nodiscard]] double median_of(const std::string& metric) const;
};

/// Runs the cases of one topology: every repetition visits every case once, so that what drifts hits all of
/// them alike, and the placement is probed before and after each measurement. No repetition begins after
/// `until`, but the first always does.
[[nodiscard]] std::vector<Outcome> run_interleaved(const std::vector<Case>& cases, const Options& options,
                                                   std::chrono::steady_clock::time_point until);

}  // namespace sluice::bench
