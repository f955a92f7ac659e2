#pragma once

#include <array>
#include <vector>

#include "sluice/base/histogram.hpp"

namespace sluice::bench {

/// The points of a latency curve.
inline constexpr std::array<double, 15> kCurvePercents{0,  10,   25,   50,    75,    90,     95, 98,
                                                       99, 99.5, 99.9, 99.95, 99.99, 99.999, 100};

/// The values at `kCurvePercents`.
[[nodiscard]] inline std::vector<double> curve_of(const Histogram& histogram) {
  std::vector<double> curve;
  for (const double percent : kCurvePercents) {
    curve.push_back(static_cast<double>(histogram.percentile(percent)));
  }
  return curve;
}

[[nodiscard]] inline double at_percent(const Histogram& histogram, double percent) {
  return static_cast<double>(histogram.percentile(percent));
}

}  // namespace sluice::bench
