// Publishing from inside a handler: an error where waiting could never end, and never a hang.
#include <chrono>
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

struct HandlerCase {
  Overload overload;
  std::string group;
  std::string name;
};
class OwnShard : public testing::TestWithParam<HandlerCase> {};
INSTANTIATE_TEST_SUITE_P(Policies, OwnShard,
                         testing::Values(HandlerCase{Overload::block, "", "block"},
                                         HandlerCase{Overload::block, "g", "block_in_a_group"},
                                         HandlerCase{Overload::evict, "", "evict"},
                                         HandlerCase{Overload::evict, "g", "evict_in_a_group"}),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(OwnShard, a_handler_that_fills_it_gets_would_deadlock_and_never_hangs) {
  Bus bus = test::open_small_bus({.publish_deadline = 1h});
  const test::NoRescues no_rescues(bus);
  Subscription mine =
      bus.subscribe(
             {.group = GetParam().group, .overload = GetParam().overload, .evict_after = 1h, .name = "mine"})
          .value();
  NumberPublisher publisher = numbers(bus);
  NumberPublisher feed = numbers(bus, "feed");
  ASSERT_TRUE(feed.publish(0));
  ASSERT_TRUE(feed.publish(1));
  PublishResult result;
  std::uint64_t published = 0;
  mine.poll([&](const EventView&) {
    if (!result) return;
    while ((result = publisher.publish(published))) ++published;
  });
  EXPECT_EQ(result.status, PublishStatus::would_deadlock);
  expect_error(publisher.last_error(), ErrorCode::would_deadlock,
               {"\"a\"", "this very thread", "another thread", "capacity_bytes", "try_publish"});
  EXPECT_GT(published, kSmallRingEvents / 2) << "most of the ring is there to be used";
  Numbers rest = take(mine);
  EXPECT_EQ(mine.received(), published + 2) << "what was published is delivered";
}

TEST(OwnShard, drop_oldest_never_fails_from_its_own_handler) {
  Bus bus = test::open_small_bus({.publish_deadline = 0ns});
  Subscription mine = bus.subscribe({.overload = Overload::drop_oldest}).value();
  NumberPublisher publisher = numbers(bus);
  ASSERT_TRUE(publisher.publish(0));
  std::uint64_t handled = 0;
  mine.poll(
      [&](const EventView&) {
        ++handled;
        for (std::uint64_t i = 0; i < 500; ++i) ASSERT_TRUE(publisher.publish(i));
      },
      1);
  EXPECT_EQ(handled, 1U);
  const std::size_t rest = take(mine).size();
  EXPECT_EQ(1 + rest + mine.lost(), 501U);
}

TEST(OwnShard, an_open_claim_of_the_same_thread_is_would_deadlock_too) {
  Bus bus = test::open_small_bus({.publish_deadline = 1h});
  Publisher claimer = bus.publisher("claims", {.name = "claimer"}).value();
  NumberPublisher publisher = numbers(bus);
  Claim claim = claimer.claim(8).value();
  PublishResult result;
  do result = publisher.publish(1);
  while (result);
  EXPECT_EQ(result.status, PublishStatus::would_deadlock);
  expect_error(publisher.last_error(), ErrorCode::would_deadlock, {"claim that it has open"});
  EXPECT_EQ(publisher.try_publish(1).status, PublishStatus::would_block);
  expect_error(publisher.last_error(), ErrorCode::would_block, {"an open claim of publisher \"claimer\""});
  claim.abort();
  EXPECT_TRUE(publisher.publish(1));
}

TEST(OwnShard, a_nested_polls_outer_subscription_counts_as_well) {
  Bus bus = test::open_small_bus({.publish_deadline = 1h});
  Subscription outer = bus.subscribe({.topic = "outer"}).value();
  Subscription inner = bus.subscribe({.topic = "inner"}).value();
  NumberPublisher publisher = numbers(bus);
  ASSERT_TRUE(bus.publish("outer", "x"));
  ASSERT_TRUE(bus.publish("inner", "x"));
  PublishStatus status = PublishStatus::ok;
  outer.poll([&](const EventView&) {
    inner.poll([&](const EventView&) {
      PublishResult result;
      do result = publisher.publish(1);
      while (result);
      status = result.status;
    });
  });
  EXPECT_EQ(status, PublishStatus::would_deadlock);
}

TEST(EachOthersShards, two_handlers_that_fill_them_get_an_error_and_never_hang) {
  for (const Overload overload : {Overload::block, Overload::evict}) {
    SCOPED_TRACE(to_string(overload));
    Bus bus = test::open_small_bus({.publish_deadline = 5ms, .pinned = {{.pattern = "a"}, {.pattern = "b"}}});
    const test::NoRescues no_rescues(bus);
    const auto subscribe = [&](std::string topic) {
      return bus.subscribe({.topic = std::move(topic), .overload = overload, .evict_after = 1h}).value();
    };
    Subscription of_a = subscribe("a");
    Subscription of_b = subscribe("b");
    test::Door a_in;
    test::Door b_in;
    test::Door a_failed;
    test::Door b_failed;
    const auto handler = [&bus](std::string_view to, test::Door& in, test::Door& other_in, test::Door& failed,
                                test::Door& other_failed) {
      return [&, to, first = true](const EventView&) mutable {
        if (!std::exchange(first, false)) return;
        in.open();
        other_in.pass();
        Result<EventId> result = EventId();
        while ((result = bus.publish(to, "x"))) {
        }
        EXPECT_TRUE(result.error().code == ErrorCode::timed_out ||
                    result.error().code == ErrorCode::would_deadlock)
            << result.error();
        EXPECT_NE(result.error().message.find("\"" + std::string(to) + "\""), std::string::npos);
        failed.open();
        other_failed.pass();  // so that neither is helped by the other's going on
      };
    };
    Runner run_a = bus.run(of_a, handler("b", a_in, b_in, a_failed, b_failed)).value();
    Runner run_b = bus.run(of_b, handler("a", b_in, a_in, b_failed, a_failed)).value();
    ASSERT_TRUE(bus.publish("a", "start"));
    ASSERT_TRUE(bus.publish("b", "start"));
    a_failed.pass();
    b_failed.pass();
    EXPECT_TRUE(bus.drain(1h).drained) << "and they go on";
    EXPECT_TRUE(bus.publish("a", "x"));
    EXPECT_TRUE(bus.publish("b", "x"));
  }
}

}  // namespace
}  // namespace sluice
