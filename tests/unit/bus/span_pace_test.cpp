#include "sluice/bus/detail/span_pace.hpp"

#include <gtest/gtest.h>

namespace sluice::detail {
namespace {

/// A member that handles full spans at so much per event, one after the other.
class Handling {
 public:
  void spans(int count, std::int64_t ns_per_event) {
    for (int i = 0; i < count; ++i) {
      now_ns_ += pace.events() * ns_per_event;
      pace.finish(pace.events(), [this] { return now_ns_; });
    }
  }
  void idles(std::int64_t ns) {
    pace.pause();
    now_ns_ += ns;
  }

  SpanPace pace;

 private:
  std::int64_t now_ns_ = 1'000;
};

TEST(SpanPace, takes_32_until_it_knows_better) {
  Handling member;
  EXPECT_EQ(member.pace.events(), 32U);
  member.spans(1, 10);
  EXPECT_EQ(member.pace.events(), 32U) << "when that span began is not known";
}

TEST(SpanPace, of_quick_handlers_grows_to_256) {
  Handling member;
  member.spans(20, 10);
  EXPECT_EQ(member.pace.events(), SpanPace::kMostEvents);
}

TEST(SpanPace, of_slow_handlers_shrinks_to_one) {
  Handling member;
  member.spans(20, 1'000'000);
  EXPECT_EQ(member.pace.events(), 1U);
}

TEST(SpanPace, settles_where_a_span_takes_between_20_and_100_us) {
  for (const std::int64_t ns_per_event : {100, 700, 1'000, 5'000, 90'000}) {
    Handling member;
    member.spans(40, ns_per_event);
    const std::int64_t span_ns = member.pace.events() * ns_per_event;
    EXPECT_GE(span_ns, SpanPace::kShortNs) << ns_per_event;
    EXPECT_LE(span_ns, SpanPace::kLongNs) << ns_per_event;
  }
}

TEST(SpanPace, follows_a_handler_that_changes) {
  Handling member;
  member.spans(20, 1'000'000);
  member.spans(20, 10);
  EXPECT_EQ(member.pace.events(), SpanPace::kMostEvents);
  member.spans(20, 1'000'000);
  EXPECT_EQ(member.pace.events(), 1U);
}

TEST(SpanPace, does_not_count_the_time_between_polls) {
  Handling member;
  for (int i = 0; i < 20; ++i) {
    member.idles(1'000'000'000);
    member.spans(2, 1'000);
  }
  EXPECT_EQ(member.pace.events(), 32U);
}

TEST(SpanPace, does_not_read_the_clock_for_a_span_that_is_not_full) {
  SpanPace pace;
  pace.finish(31, []() -> std::int64_t {
    ADD_FAILURE() << "read the clock";
    return 0;
  });
  EXPECT_EQ(pace.events(), 32U);
}

}  // namespace
}  // namespace sluice::detail
