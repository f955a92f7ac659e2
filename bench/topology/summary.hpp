#pragma once

#include <vector>

#include "topology/suite.hpp"

namespace sluice::bench {

/// A measurement, and how far apart the cores were around it.
struct Probed {
  Reading reading;
  double half_round_trip_ns = 0;
};

/// What the repetitions of one case in one regime say together; there is at least one.
[[nodiscard]] Outcome summarize(const Case& one, Regime regime, const std::vector<Probed>& repetitions);

}  // namespace sluice::bench
