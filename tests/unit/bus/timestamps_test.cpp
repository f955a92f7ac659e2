#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/base/clock.hpp"

#include "unit/bus/support.hpp"

namespace sluice {
namespace {

/// Every reading is one nanosecond later than the one before: so readings can be counted.
class CountingClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_ns() const noexcept override {
    return now_ns_.fetch_add(1, std::memory_order_relaxed);
  }

 private:
  mutable std::atomic<std::int64_t> now_ns_{1'000};
};

using Times = std::vector<std::int64_t>;

class Timed : public testing::Test {
 protected:
  Bus bus_ = test::open_bus({.clock = std::make_shared<CountingClock>()});
  Subscription all_ = bus_.subscribe({}).value();

  Times times() {
    Times seen;
    all_.poll([&](const EventView& event) { seen.push_back(event.timestamp_ns()); });
    return seen;
  }
};

TEST_F(Timed, per_event_reads_the_clock_for_each_event_of_a_batch_too) {
  auto numbers = bus_.publisher<int>("a").value();
  ASSERT_TRUE(numbers.publish(1));
  ASSERT_TRUE(numbers.publish_batch(std::vector{1, 2, 3}));
  EXPECT_EQ(times(), (Times{1'000, 1'001, 1'002, 1'003}));
}

TEST_F(Timed, per_batch_reads_the_clock_once_per_batch) {
  auto numbers = bus_.publisher<int>("a", {.timestamps = Timestamps::per_batch}).value();
  ASSERT_TRUE(numbers.publish_batch(std::vector{1, 2, 3}));
  ASSERT_TRUE(numbers.publish(1));
  EXPECT_EQ(times(), (Times{1'000, 1'000, 1'000, 1'001}));
}

TEST_F(Timed, caller_keeps_what_was_set_zero_included) {
  auto numbers = bus_.publisher<int>("a", {.timestamps = Timestamps::caller}).value();
  ASSERT_TRUE(numbers.publish(1));
  numbers.set_timestamp_ns(77);
  ASSERT_TRUE(numbers.publish(2));
  ASSERT_TRUE(numbers.publish_batch(std::vector{3, 4}));
  ASSERT_TRUE(numbers.publish(5, {}));
  EXPECT_EQ(times(), (Times{0, 77, 77, 77, 77}));
}

TEST_F(Timed, an_events_own_time_wins_and_zero_means_now) {
  Publisher publisher = bus_.publisher("a").value();
  ASSERT_TRUE(publisher.publish({}, {.timestamp_ns = 5}));
  ASSERT_TRUE(publisher.publish({}, {.timestamp_ns = 0}));
  ASSERT_TRUE(publisher.publish({}, {.timestamp_ns = -9})) << "before 1970";
  ASSERT_TRUE(bus_.publish("a", "x", {.timestamp_ns = 6}));
  ASSERT_TRUE(bus_.publish("a", "x"));
  EXPECT_EQ(times(), (Times{5, 1'000, -9, 6, 1'001}));
}

TEST_F(Timed, set_timestamp_has_no_effect_unless_the_caller_gives_the_time) {
  Publisher publisher = bus_.publisher("a").value();
  publisher.set_timestamp_ns(77);
  ASSERT_TRUE(publisher.publish("x"));
  EXPECT_EQ(times(), Times{1'000});
}

TEST_F(Timed, a_claim_has_the_time_of_the_claim) {
  Publisher publisher = bus_.publisher("a").value();
  Claim claim = publisher.claim(8).value();
  ASSERT_TRUE(publisher.publish("later"));
  ASSERT_TRUE(claim.commit());
  EXPECT_EQ(times(), (Times{1'000, 1'001}));
}

TEST(Timestamps, the_buses_choice_is_every_publishers_default) {
  Bus bus = test::open_bus({.timestamps = Timestamps::caller, .clock = std::make_shared<CountingClock>()});
  Subscription all = bus.subscribe({}).value();
  Publisher own = bus.publisher("a", {.timestamps = Timestamps::per_event}).value();
  ASSERT_TRUE(bus.publish("a", "x"));
  ASSERT_TRUE(own.publish("y"));
  Times seen;
  all.poll([&](const EventView& event) { seen.push_back(event.timestamp_ns()); });
  EXPECT_EQ(seen, (Times{0, 1'000}));
}

TEST(Timestamps, without_a_clock_of_its_own_the_bus_tells_the_systems_time) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  const std::int64_t before = SystemClock().now_ns();
  ASSERT_TRUE(bus.publish("a", "x"));
  std::int64_t seen = 0;
  all.poll([&](const EventView& event) { seen = event.timestamp_ns(); });
  const std::int64_t after = SystemClock().now_ns();
  constexpr std::int64_t kDrift = 1'000'000'000;  // far more than the counter may be off
  EXPECT_GT(seen, before - kDrift);
  EXPECT_LT(seen, after + kDrift);
}

}  // namespace
}  // namespace sluice
