#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sluice/base/histogram.hpp"

namespace sluice {
namespace {

rc::Gen<std::uint64_t> any_value() {
  return rc::gen::map(rc::gen::pair(rc::gen::arbitrary<std::uint64_t>(), rc::gen::inRange(0U, 64U)),
                      [](const auto& drawn) { return drawn.first >> drawn.second; });
}

std::uint64_t exact_percentile(std::vector<std::uint64_t> values, unsigned percent) {
  std::sort(values.begin(), values.end());
  const std::size_t rank = std::max<std::size_t>((values.size() * percent + 99) / 100, 1);
  return values[rank - 1];
}

RC_GTEST_PROP(HistogramProperty, percentiles_are_within_0_4_percent_of_the_sorted_values, ()) {
  const auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::uint64_t>>(any_value()));
  const unsigned percent = *rc::gen::element(0U, 1U, 25U, 50U, 75U, 100U);
  Histogram histogram;
  for (const std::uint64_t value : values) histogram.record(value);
  const auto exact = static_cast<double>(exact_percentile(values, percent));
  const auto found = static_cast<double>(histogram.percentile(percent));
  RC_ASSERT(std::abs(found - exact) <= 0.004 * exact);
}

RC_GTEST_PROP(HistogramProperty, a_correction_is_the_same_as_recording_each_missing_value, ()) {
  const auto value = *rc::gen::inRange<std::uint64_t>(0, 200'000);
  const auto interval = *rc::gen::inRange<std::uint64_t>(1, 5'000);
  Histogram corrected;
  corrected.record_corrected(value, interval);
  Histogram one_by_one;
  one_by_one.record(value);
  for (std::uint64_t left = value; left >= 2 * interval;) {
    left -= interval;
    one_by_one.record(left);
  }
  RC_ASSERT(corrected.count() == one_by_one.count());
  RC_ASSERT(corrected.min() == one_by_one.min());
  RC_ASSERT(corrected.max() == one_by_one.max());
  RC_ASSERT(corrected.mean() == one_by_one.mean());
  for (const double percent : {10.0, 33.0, 50.0, 90.0}) {
    RC_ASSERT(corrected.percentile(percent) == one_by_one.percentile(percent));
  }
}

}  // namespace
}  // namespace sluice
