#include "trading_server/pace.hpp"

#include <gtest/gtest.h>

#include "sluice/base/clock.hpp"

namespace trading {
namespace {

using namespace std::chrono_literals;

bool never() noexcept {
  return false;
}
bool at_once() noexcept {
  return true;
}

TEST(Pace, flat_out_asks_to_stop_within_256_events) {
  Pace pace(0, 0s, at_once);
  int events = 0;
  while (pace.next()) ++events;
  EXPECT_LT(events, 256);
  EXPECT_TRUE(pace.was_stopped());
}

TEST(Pace, flat_out_ends_when_the_time_is_up) {
  Pace pace(0, 2ms, never);
  while (pace.next()) {
  }
  EXPECT_GE(pace.now_ns() - pace.start_ns(), 2'000'000);
  EXPECT_FALSE(pace.was_stopped());
}

TEST(Pace, lets_no_event_go_before_it_is_due) {
  Pace pace(10'000, 0s, never);
  for (std::int64_t event = 0; event < 30; ++event) {
    ASSERT_TRUE(pace.next());
    ASSERT_GE(sluice::monotonic_ns() - pace.start_ns(), event * 100'000);
  }
}

TEST(Pace, stops_while_it_waits_for_an_event_that_is_far_away) {
  Pace pace(1, 5ms, never);
  EXPECT_TRUE(pace.next()) << "the first event is due at once";
  EXPECT_FALSE(pace.next()) << "the second would be due after the time is up";
  EXPECT_FALSE(pace.was_stopped());

  Pace stopped(1, 0s, at_once);
  EXPECT_FALSE(stopped.next());
  EXPECT_TRUE(stopped.was_stopped());
}

}  // namespace
}  // namespace trading
