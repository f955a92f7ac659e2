#include "sluice/bus/detail/span_pace.hpp"

#include <gtest/gtest.h>

namespace sluice::detail {
namespace {

/// Handles `count` spans of records of 32 bytes, as many in each as the pace allows and `limit` does, and
/// times those that are to be timed.
void handle_spans(SpanPace& pace, int count, std::int64_t record_ns, std::uint32_t limit = 256) {
  for (int i = 0; i < count; ++i) {
    const std::uint32_t records = std::min(pace.records(), limit);
    if (pace.is_to_be_timed(records * log::kAlignment)) pace.took(records, records * record_ns);
  }
}

constexpr int kMany = 16 * SpanPace::kShortOnes;

TEST(SpanPace, takes_32_until_it_knows_better) {
  EXPECT_EQ(SpanPace().records(), 32U);
}

TEST(SpanPace, of_quick_handlers_grows_to_256) {
  SpanPace pace;
  handle_spans(pace, kMany, 10);
  EXPECT_EQ(pace.records(), SpanPace::kMostRecords);
}

TEST(SpanPace, of_slow_handlers_is_one_record) {
  SpanPace pace;
  handle_spans(pace, kMany, 1'000'000);
  EXPECT_EQ(pace.records(), 1U);
}

TEST(SpanPace, of_others_is_what_fits_into_50_us) {
  for (const std::int64_t record_ns : {200, 1'000, 5'000, 20'000}) {
    SpanPace pace;
    handle_spans(pace, kMany, record_ns);
    EXPECT_EQ(pace.records(), SpanPace::kSpanNs / record_ns);
  }
}

TEST(SpanPace, shrinks_to_a_quarter_with_each_long_span_that_is_slow) {
  SpanPace pace;
  handle_spans(pace, kMany, 10);
  for (const std::uint32_t records : {64U, 16U}) {
    handle_spans(pace, 1, 1'000'000);
    EXPECT_EQ(pace.records(), records);
  }
  handle_spans(pace, kMany, 1'000'000);
  EXPECT_EQ(pace.records(), 1U);
}

TEST(SpanPace, recovers_from_one_that_was_interrupted) {
  SpanPace pace;
  handle_spans(pace, kMany, 10);
  handle_spans(pace, 1, 1'000'000);
  handle_spans(pace, 2, 10);
  EXPECT_EQ(pace.records(), SpanPace::kMostRecords);
}

TEST(SpanPace, also_learns_where_polls_ask_for_little) {
  SpanPace pace;
  handle_spans(pace, kMany, 1'000'000, 4);
  EXPECT_EQ(pace.records(), 1U);
}

TEST(SpanPace, times_every_long_span_and_one_of_eight_short_ones) {
  SpanPace pace;
  int timed = 0;
  for (std::uint32_t i = 0; i < 10 * SpanPace::kShortOnes; ++i) timed += pace.is_to_be_timed(32) ? 1 : 0;
  EXPECT_EQ(timed, 10);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(pace.is_to_be_timed(SpanPace::kLongBytes));
}

TEST(SpanPace, of_records_that_take_no_time_at_all_grows) {
  SpanPace pace;
  pace.took(32, 0);
  EXPECT_EQ(pace.records(), 64U);
}

}  // namespace
}  // namespace sluice::detail
