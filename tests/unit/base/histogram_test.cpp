#include "sluice/base/histogram.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr std::uint64_t kHourNs = 3'600'000'000'000;

TEST(Histogram, is_all_zero_when_nothing_was_counted) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.min(), 0U);
  EXPECT_EQ(histogram.max(), 0U);
  EXPECT_EQ(histogram.mean(), 0.0);
  EXPECT_EQ(histogram.percentile(50), 0U);
}

TEST(Histogram, counts_small_values_exactly) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 200; ++value) histogram.record(value);
  EXPECT_EQ(histogram.count(), 200U);
  EXPECT_EQ(histogram.min(), 1U);
  EXPECT_EQ(histogram.max(), 200U);
  EXPECT_DOUBLE_EQ(histogram.mean(), 100.5);
  EXPECT_EQ(histogram.percentile(0), 1U);
  EXPECT_EQ(histogram.percentile(50), 100U);
  EXPECT_EQ(histogram.percentile(99), 198U);
  EXPECT_EQ(histogram.percentile(99.5), 199U);
  EXPECT_EQ(histogram.percentile(100), 200U);
}

TEST(Histogram, takes_the_nearer_end_for_a_percentage_out_of_range) {
  Histogram histogram;
  histogram.record(5);
  histogram.record(9);
  EXPECT_EQ(histogram.percentile(-1), 5U);
  EXPECT_EQ(histogram.percentile(250), 9U);
  EXPECT_EQ(histogram.percentile(std::nan("")), 5U);
}

TEST(Histogram, is_within_half_a_percent_from_nanoseconds_to_hours) {
  for (double exact = 1; exact < 5.0 * static_cast<double>(kHourNs); exact *= 1.37) {
    Histogram histogram;
    const auto value = static_cast<std::uint64_t>(exact);
    histogram.record(1);
    histogram.record(value);
    histogram.record(value);
    histogram.record(std::numeric_limits<std::uint64_t>::max());
    const auto median = static_cast<double>(histogram.percentile(50));
    EXPECT_NEAR(median, static_cast<double>(value), 0.004 * static_cast<double>(value)) << value;
  }
}

TEST(Histogram, takes_the_largest_values_there_are) {
  constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
  Histogram histogram;
  histogram.record(kLargest);
  histogram.record(kLargest);
  EXPECT_EQ(histogram.max(), kLargest);
  EXPECT_EQ(histogram.percentile(50), kLargest);
  EXPECT_DOUBLE_EQ(histogram.mean(), static_cast<double>(kLargest));
}

TEST(Histogram, adds_the_values_that_a_stall_kept_from_being_measured) {
  Histogram histogram;
  histogram.record_corrected(100, 30);  // And 70 and 40, but not 10: that one would have been in time.
  EXPECT_EQ(histogram.count(), 3U);
  EXPECT_EQ(histogram.min(), 40U);
  EXPECT_DOUBLE_EQ(histogram.mean(), 70.0);
  EXPECT_EQ(histogram.percentile(50), 70U);
}

TEST(Histogram, corrects_down_to_one_interval_and_no_further) {
  Histogram histogram;
  histogram.record_corrected(90, 30);  // And 60 and 30.
  EXPECT_EQ(histogram.count(), 3U);
  EXPECT_EQ(histogram.min(), 30U);
}

TEST(Histogram, corrects_nothing_that_was_in_time_or_has_no_interval) {
  Histogram histogram;
  histogram.record_corrected(59, 30);
  histogram.record_corrected(1000, 0);
  histogram.record_corrected(0, 7);
  EXPECT_EQ(histogram.count(), 3U);
}

TEST(Histogram, corrects_an_hour_in_steps_of_a_nanosecond_at_once) {
  // Value by value this would take longer than the test may.
  Histogram histogram;
  histogram.record_corrected(kHourNs, 1);
  EXPECT_EQ(histogram.count(), kHourNs);
  EXPECT_NEAR(histogram.mean(), static_cast<double>(kHourNs) / 2, 1.0);
  EXPECT_NEAR(static_cast<double>(histogram.percentile(90)), 0.9 * static_cast<double>(kHourNs),
              0.004 * static_cast<double>(kHourNs));
}

TEST(Histogram, merged_is_as_if_all_had_been_counted_in_one) {
  Histogram left;
  Histogram right;
  Histogram both;
  for (std::uint64_t n = 1; n <= 300; ++n) {
    const std::uint64_t value = n * n * n;
    (n % 3 == 0 ? left : right).record(value);
    both.record(value);
  }
  left.merge(right);
  EXPECT_EQ(left.count(), both.count());
  EXPECT_EQ(left.min(), both.min());
  EXPECT_EQ(left.max(), both.max());
  EXPECT_DOUBLE_EQ(left.mean(), both.mean());
  for (double percent = 0; percent <= 100; percent += 2.5) {
    EXPECT_EQ(left.percentile(percent), both.percentile(percent)) << percent;
  }
}

TEST(Histogram, merged_with_an_empty_one_stays_as_it_is) {
  Histogram histogram;
  histogram.record(7);
  histogram.merge(Histogram());
  EXPECT_EQ(histogram.count(), 1U);
  EXPECT_EQ(histogram.min(), 7U);
  Histogram empty;
  empty.merge(histogram);
  EXPECT_EQ(empty.min(), 7U);
  EXPECT_EQ(empty.percentile(50), 7U);
}

TEST(Histogram, forgets_everything_when_it_is_reset) {
  Histogram histogram;
  histogram.record(1'000'000);
  histogram.reset();
  EXPECT_EQ(histogram.count(), 0U);
  histogram.record(3);
  EXPECT_EQ(histogram.min(), 3U);
  EXPECT_EQ(histogram.max(), 3U);
  EXPECT_EQ(histogram.percentile(99), 3U);
  EXPECT_DOUBLE_EQ(histogram.mean(), 3.0);
}

}  // namespace
}  // namespace sluice
