// Events whose time to live is over when a subscription comes to them.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

struct Reader {
  const char* name;
  SubscribeOptions options;
};

/// However a subscription gets at its records.
class TimeToLive : public testing::TestWithParam<Reader> {
 protected:
  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(1'000'000);
  Bus bus_ = test::open_bus({.clock = clock_});

  void publish(const std::string& text, std::chrono::nanoseconds ttl) {
    ASSERT_TRUE(bus_.publish("a", text, {.ttl = ttl}));
  }
};

TEST_P(TimeToLive, over_hides_an_event_from_who_comes_late_and_counts_it) {
  Subscription late = bus_.subscribe(GetParam().options).value();
  publish("for ever", 0s);
  publish("a second", 1s);
  publish("an hour", 1h);
  publish("two seconds", 2s);
  clock_->advance(std::chrono::nanoseconds(1s).count());
  EXPECT_EQ(test::texts(late), (Texts{"for ever", "an hour", "two seconds"}));
  EXPECT_EQ(bus_.metrics().subscriptions.at(0).expired, 1U);
  EXPECT_EQ(late.received(), 3U);
}

TEST_P(TimeToLive, over_for_all_of_them_leaves_nothing_to_wait_for) {
  Subscription late = bus_.subscribe(GetParam().options).value();
  for (int i = 0; i < 100; ++i) publish(std::to_string(i), 1ns);
  clock_->advance(1);
  EXPECT_EQ(test::texts(late), Texts{});
  publish("fresh", 1h);
  EXPECT_EQ(test::texts(late), Texts{"fresh"});
  EXPECT_EQ(bus_.metrics().subscriptions.at(0).expired, 100U);
  EXPECT_EQ(bus_.metrics().subscriptions.at(0).lag_bytes, 0U);
}

TEST_P(TimeToLive, is_by_the_clock_and_not_by_timestamps) {
  Subscription late = bus_.subscribe(GetParam().options).value();
  ASSERT_TRUE(bus_.publish("a", "from long ago", {.timestamp_ns = 1, .ttl = 1s}));
  EXPECT_EQ(test::texts(late), Texts{"from long ago"});
}

INSTANTIATE_TEST_SUITE_P(Readers, TimeToLive,
                         testing::Values(Reader{"in_place", {}}, Reader{"group", {.group = "g"}},
                                         Reader{"copies", {.overload = Overload::drop_oldest}},
                                         Reader{"copies_in_a_group",
                                                {.group = "g", .overload = Overload::drop_oldest}}),
                         [](const auto& reader) { return std::string(reader.param.name); });

}  // namespace
}  // namespace sluice
