#include "sluice/bus/metrics.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "unit/bus/support.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr auto kIgnore = [](const EventView&) {};

TEST(Metrics, count_what_was_published_by_those_that_are_gone_too) {
  Bus bus = test::open_bus();
  {
    Publisher gone = bus.publisher("a").value();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(gone.publish("x"));
  }
  Publisher here = bus.publisher("a", {.name = "here"}).value();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(here.publish("x"));
  ASSERT_TRUE(bus.publish("b", "x"));
  const BusMetrics metrics = bus.metrics();
  EXPECT_EQ(metrics.published, 6U);
  EXPECT_EQ(metrics.topics, 2U);
  EXPECT_EQ(metrics.evictions, 0U);
  EXPECT_EQ(metrics.rescues, 0U);
  ASSERT_EQ(metrics.publishers.size(), 1U);
  EXPECT_EQ(metrics.publishers[0].name, "here");
  EXPECT_EQ(metrics.publishers[0].topic, "a");
  EXPECT_EQ(metrics.publishers[0].published, 2U);
}

TEST(Metrics, say_of_each_shard_what_it_is) {
  Bus bus = test::open_bus(
      {.pinned = {{.pattern = "fast", .producers = Producers::single, .capacity_bytes = std::size_t{8192}}},
       .capacity_bytes = 4096});
  const BusMetrics metrics = bus.metrics();
  ASSERT_EQ(metrics.shards.size(), 2U);
  EXPECT_EQ(metrics.shards[0].shard, 0U);
  EXPECT_EQ(metrics.shards[0].producers, Producers::multi);
  EXPECT_EQ(metrics.shards[0].capacity_bytes, 4096U);
  EXPECT_EQ(metrics.shards[1].shard, 1U);
  EXPECT_EQ(metrics.shards[1].producers, Producers::single);
  EXPECT_EQ(metrics.shards[1].capacity_bytes, 8192U);
  EXPECT_EQ(metrics.shards[0].tail, 0U);
  EXPECT_EQ(metrics.shards[0].held_by, "");
}

TEST(Metrics, say_who_holds_a_shard_back_and_by_how_much) {
  Bus bus = test::open_bus();
  Subscription slow = bus.subscribe({.name = "slow"}).value();
  Subscription fast = bus.subscribe({.name = "fast"}).value();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(bus.publish("a", "x"));
  fast.poll(kIgnore);
  slow.poll(kIgnore, 4);
  ShardMetrics shard = bus.metrics().shards[0];
  EXPECT_EQ(shard.tail, 320U);
  EXPECT_EQ(shard.held_by, "slow");
  EXPECT_EQ(shard.occupied_bytes, 192U);
  EXPECT_EQ(slow.lag_bytes(), 192U);
  EXPECT_EQ(test::metrics_of(bus, "slow").lag_bytes, 192U);
  EXPECT_EQ(test::metrics_of(bus, "fast").lag_bytes, 0U);
  slow.poll(kIgnore);
  shard = bus.metrics().shards[0];
  EXPECT_EQ(shard.held_by, "");
  EXPECT_EQ(shard.occupied_bytes, 0U);
}

TEST(Metrics, name_a_group_whose_cursor_holds_a_shard_back_and_never_a_lossy_subscription) {
  Bus bus = test::open_bus();
  Subscription lossy = bus.subscribe({.overload = Overload::drop_oldest, .name = "lossy"}).value();
  ASSERT_TRUE(bus.publish("a", "x"));
  EXPECT_EQ(bus.metrics().shards[0].held_by, "");
  Subscription member = bus.subscribe({.group = "risk"}).value();
  ASSERT_TRUE(bus.publish("a", "x"));
  EXPECT_EQ(bus.metrics().shards[0].held_by, "queue group \"risk\"");
}

TEST(Metrics, show_open_claims_with_their_age) {
  Bus bus = test::open_bus();
  Publisher publisher = bus.publisher("a", {.name = "claimer"}).value();
  Publisher other = bus.publisher("b").value();
  EXPECT_EQ(bus.metrics().shards[0].open_claims, 0U);
  EXPECT_EQ(bus.metrics().shards[0].oldest_claim_ns, 0U);
  std::optional<Claim> claim = publisher.claim(8).value();
  const std::int64_t opened_ns = monotonic_ns();
  std::optional<Claim> second = other.claim(8).value();
  test::await([&] { return monotonic_ns() > opened_ns + 1'000'000; });
  ShardMetrics shard = bus.metrics().shards[0];
  EXPECT_EQ(shard.open_claims, 2U);
  EXPECT_GE(shard.oldest_claim_ns, 1'000'000U);
  EXPECT_EQ(shard.held_by, "an open claim of publisher \"claimer\"");
  claim.reset();
  ASSERT_TRUE(second->commit());
  shard = bus.metrics().shards[0];
  EXPECT_EQ(shard.open_claims, 0U);
  EXPECT_EQ(shard.oldest_claim_ns, 0U);
}

TEST(Metrics, show_a_subscription_as_it_was_made_and_what_it_has_received) {
  Bus bus = test::open_bus();
  Subscription mine =
      bus.subscribe({.topic = "md.*", .group = "g", .overload = Overload::evict, .name = "mine"}).value();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(bus.publish("md.a", "x"));
  ASSERT_TRUE(bus.publish("other", "x"));
  while (mine.poll(kIgnore).events != 0) {
  }
  ASSERT_EQ(bus.metrics().subscriptions.size(), 1U);
  const SubscriptionMetrics metrics = bus.metrics().subscriptions[0];
  EXPECT_EQ(metrics.name, "mine");
  EXPECT_EQ(metrics.topic, "md.*");
  EXPECT_EQ(metrics.group, "g");
  EXPECT_EQ(metrics.overload, Overload::evict);
  EXPECT_EQ(metrics.received, 3U);
  EXPECT_EQ(metrics.lost, 0U);
  EXPECT_EQ(metrics.rescues, 0U);
  EXPECT_EQ(metrics.exceptions, 0U);
  mine.cancel();
  EXPECT_TRUE(bus.metrics().subscriptions.empty());
}

TEST(Metrics, a_subscription_in_a_place_that_another_had_starts_at_zero) {
  Bus bus = test::open_bus();
  {
    Subscription gone = bus.subscribe({}).value();
    (void)gone.event_fd().value();
    ASSERT_TRUE(bus.publish("a", "x"));
    EXPECT_GT(bus.metrics().subscriptions[0].wakes, 0U);
  }
  Subscription fresh = bus.subscribe({}).value();
  const SubscriptionMetrics metrics = bus.metrics().subscriptions[0];
  EXPECT_EQ(metrics.wakes, 0U);
  EXPECT_EQ(metrics.received, 0U);
  EXPECT_EQ(metrics.lag_bytes, 0U);
}

TEST(Metrics, count_publishers_that_had_to_wait_and_got_through) {
  Bus bus = test::open_small_bus({.publish_deadline = 1h});
  const test::NoRescues no_rescues(bus);
  Subscription slow = bus.subscribe({.name = "slow"}).value();
  Publisher publisher = bus.publisher("a").value();
  const std::uint64_t filled = test::fill(publisher);
  EXPECT_EQ(bus.metrics().publishers[0].would_block, 1U);
  EXPECT_EQ(bus.metrics().publishers[0].waited, 0U);
  std::thread waiting([&] {
    platform::name_this_thread("waiting");
    EXPECT_TRUE(publisher.publish("x"));
  });
  test::await([] { return test::thread_state("waiting") == 'S'; });
  while (slow.received() < filled + 1) slow.poll(kIgnore);
  waiting.join();
  EXPECT_EQ(bus.metrics().publishers[0].waited, 1U);
  EXPECT_EQ(bus.metrics().publishers[0].timed_out, 0U);
}

TEST(Metrics, do_not_count_a_publisher_that_may_not_wait_as_waiting) {
  Bus bus = test::open_small_bus();
  Subscription all = bus.subscribe({}).value();
  Publisher publisher = bus.publisher("a").value();
  (void)test::fill(publisher);
  bool published = false;
  // The handler's own gate is what holds the ring: it is stored, and then there is room.
  all.poll([&](const EventView&) {
    published = publisher.try_publish(std::as_bytes(std::span("x"))).ok() || published;
  });
  EXPECT_TRUE(published);
  EXPECT_EQ(bus.metrics().publishers[0].waited, 0U);
}

TEST(Metrics, may_be_taken_while_everything_moves) {
  Bus bus = test::open_small_bus();
  const test::NoRescues no_rescues(bus);
  Subscription all = bus.subscribe({.name = "all"}).value();
  Runner runner = bus.run(all, kIgnore).value();
  test::Door done;
  std::thread publishing([&] {
    Publisher publisher = bus.publisher("a").value();
    for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(publisher.publish("x"));
    done.open();
  });
  std::uint64_t last = 0;
  while (!done.is_open()) {
    const BusMetrics metrics = bus.metrics();
    EXPECT_GE(metrics.published, last);
    EXPECT_LE(metrics.shards[0].occupied_bytes, metrics.shards[0].capacity_bytes);
    last = metrics.published;
  }
  publishing.join();
  EXPECT_TRUE(bus.drain(1h).drained);
  EXPECT_EQ(bus.metrics().published, 20'000U);
  EXPECT_EQ(test::metrics_of(bus, "all").received, 20'000U);
}

}  // namespace
}  // namespace sluice
