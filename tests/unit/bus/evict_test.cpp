// A slow subscriber that is evicted.
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "unit/bus/support.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using test::expect_error;
using test::kSmallRingEvents;
using test::NumberPublisher;
using test::Numbers;
using test::numbers;
using test::take;

TEST(Evict, that_stops_polling_is_named_and_gone_after_its_deadline_and_producers_go_on) {
  const test::Notices notices;
  Bus bus = test::open_small_bus({.publish_deadline = 1h, .on_notice = notices.collector()});
  const test::NoRescues no_rescues(bus);
  Subscription lazy =
      bus.subscribe({.overload = Overload::evict, .evict_after = 1ms, .name = "lazy"}).value();
  Subscription fine = bus.subscribe({.overload = Overload::drop_oldest}).value();
  NumberPublisher publisher = numbers(bus);
  for (std::uint64_t i = 0; i < 1'000; ++i) ASSERT_TRUE(publisher.publish(i));
  EXPECT_EQ(lazy.poll([](const EventView&) { ADD_FAILURE() << "evicted"; }).status, PollStatus::evicted);
  expect_error(lazy.next(-1ns), ErrorCode::evicted, {"lazy", "held publishers back", "subscribe again"});
  EXPECT_TRUE(lazy.wait(-1ns));
  const std::vector<Notice> told = notices.await_count(1);
  EXPECT_EQ(told[0].code, ErrorCode::evicted);
  EXPECT_EQ(told[0].subscription, "lazy");
  EXPECT_NE(told[0].message.find("evict_after is 1 ms"), std::string::npos) << told[0].message;
  EXPECT_NE(told[0].message.find("subscribe again"), std::string::npos) << told[0].message;
  EXPECT_EQ(bus.metrics().evictions, 1U);
  EXPECT_EQ(notices.all().size(), 1U) << "told once";
}

TEST(Evict, what_it_left_unread_is_counted) {
  Bus bus = test::open_small_bus({.publish_deadline = 1h});
  Subscription lazy = bus.subscribe({.overload = Overload::evict, .evict_after = 1ms}).value();
  NumberPublisher publisher = numbers(bus);
  for (std::uint64_t i = 0; i <= kSmallRingEvents; ++i) ASSERT_TRUE(publisher.publish(i));
  EXPECT_EQ(lazy.poll([](const EventView&) {}).status, PollStatus::evicted);
  // The publish that got through when it was evicted may or may not be among what it left.
  EXPECT_GE(lazy.unfinished(), kSmallRingEvents);
}

TEST(Evict, while_nobody_is_held_back_it_may_be_as_slow_as_it_likes) {
  const test::Notices notices;
  Bus bus = test::open_small_bus({.on_notice = notices.collector()});
  Subscription lazy = bus.subscribe({.overload = Overload::evict, .evict_after = 1ms}).value();
  NumberPublisher publisher = numbers(bus);
  for (std::uint64_t i = 0; i < 50; ++i) ASSERT_TRUE(publisher.publish(i));
  const std::int64_t later_ns = monotonic_ns() + 5'000'000;  // five times its deadline
  test::await([&] { return monotonic_ns() > later_ns; });
  for (std::uint64_t i = 0; i < 50; ++i) ASSERT_TRUE(publisher.publish(i)) << "there is room";
  EXPECT_EQ(take(lazy).size(), 100U);
  EXPECT_TRUE(notices.all().empty());
  EXPECT_EQ(bus.metrics().evictions, 0U);
}

TEST(Evict, stuck_in_its_handler_producers_go_on_and_its_event_stays_whole) {
  const test::Notices notices;
  Bus bus = test::open_small_bus({.publish_deadline = 1h, .on_notice = notices.collector()});
  const test::NoRescues no_rescues(bus);
  test::Door inside;
  test::Door go_on;
  std::atomic<int> handled{0};
  Subscription stuck =
      bus.subscribe({.overload = Overload::evict, .evict_after = 1ms, .name = "stuck"}).value();
  Runner runner = bus.run(stuck,
                          [&](const EventView& event) {
                            ++handled;
                            inside.open();
                            go_on.pass();
                            EXPECT_EQ(event.as<std::uint64_t>(), 77U);
                          })
                      .value();
  NumberPublisher publisher = numbers(bus);
  ASSERT_TRUE(publisher.publish(77));
  inside.pass();
  for (std::uint64_t i = 0; i < 1'000; ++i) ASSERT_TRUE(publisher.publish(i));
  EXPECT_EQ(notices.await_count(1)[0].subscription, "stuck");
  go_on.open();
  runner.join();
  EXPECT_EQ(handled, 1) << "nothing more is delivered to it";
  EXPECT_EQ(stuck.poll([](const EventView&) {}).status, PollStatus::evicted);
}

TEST(Evict, a_members_span_goes_to_another_and_its_event_at_hand_is_delivered_again_marked) {
  const test::Notices notices;
  Bus bus = test::open_small_bus({.on_notice = notices.collector()});
  const test::NoRescues no_rescues(bus);
  const auto member = [&](std::string name) {
    // Long, because the member that does its work must never be slow for so long.
    return bus
        .subscribe({.group = "g", .overload = Overload::evict, .evict_after = 200ms, .name = std::move(name)})
        .value();
  };
  Subscription stuck = member("stuck");
  Subscription works = member("works");
  NumberPublisher publisher = numbers(bus);
  std::uint64_t published = 0;
  for (; published < 60; ++published) ASSERT_TRUE(publisher.publish(published));

  test::Door inside;
  test::Door go_on;
  std::optional<std::uint64_t> at_hand;
  Runner runner = bus.run(stuck,
                          [&](const EventView& event) {
                            at_hand = event.as<std::uint64_t>();
                            inside.open();
                            go_on.pass();
                          })
                      .value();
  inside.pass();

  Numbers seen;
  Numbers again;
  const auto work = [&] {
    return works
        .poll([&](const EventView& event) {
          (event.redelivered() ? again : seen).push_back(event.as<std::uint64_t>());
        })
        .events;
  };
  while (notices.all().empty()) {
    if (publisher.try_publish(published)) ++published;
    work();
  }
  while (work() != 0) {
  }
  EXPECT_EQ(notices.all()[0].subscription, "stuck");
  go_on.open();
  runner.join();
  EXPECT_EQ(again, Numbers{*at_hand}) << "once more, and marked";
  EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), seen.size()) << "every other exactly once";
  EXPECT_EQ(seen.size() + 1, published);
}

TEST(Evict, when_all_members_sleep_the_whole_group_goes) {
  const test::Notices notices;
  Bus bus = test::open_small_bus({.publish_deadline = 1h, .on_notice = notices.collector()});
  const SubscribeOptions options{.group = "g", .overload = Overload::evict, .evict_after = 1ms};
  Subscription one = bus.subscribe(options).value();
  Subscription two = bus.subscribe(options).value();
  NumberPublisher publisher = numbers(bus);
  for (std::uint64_t i = 0; i < 500; ++i) ASSERT_TRUE(publisher.publish(i));
  EXPECT_EQ(notices.await_count(2).size(), 2U);
  EXPECT_EQ(one.poll([](const EventView&) {}).status, PollStatus::evicted);
  EXPECT_EQ(two.poll([](const EventView&) {}).status, PollStatus::evicted);
  EXPECT_GE(one.unfinished() + two.unfinished(), kSmallRingEvents);
  EXPECT_TRUE(bus.subscribe(options)) << "a new group of that name";
}

TEST(Evict, one_that_was_evicted_may_subscribe_again) {
  Bus bus = test::open_small_bus({.publish_deadline = 1h});
  const SubscribeOptions options{.overload = Overload::evict, .evict_after = 1ms};
  Subscription lazy = bus.subscribe(options).value();
  NumberPublisher publisher = numbers(bus);
  for (std::uint64_t i = 0; i < 200; ++i) ASSERT_TRUE(publisher.publish(i));
  lazy = bus.subscribe(options).value();
  ASSERT_TRUE(publisher.publish(7));
  EXPECT_EQ(take(lazy), Numbers{7});
}

}  // namespace
}  // namespace sluice
