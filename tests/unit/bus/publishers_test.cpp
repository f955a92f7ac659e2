// How publishers come onto the bus: types, exclusive shards, and publishing by name.
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "unit/bus/support.hpp"

namespace sluice {
namespace {

using test::expect_error;

struct Order {
  std::uint64_t number;
};
struct Fill {
  std::uint64_t number;
};

BusOptions with_single() {
  return {.pinned = {{.pattern = "fast.>", .producers = Producers::single}}};
}

TEST(Publishers, a_topic_has_one_type_and_another_is_refused_naming_both) {
  Bus bus = test::open_bus();
  auto orders = bus.publisher<Order>("orders").value();
  EXPECT_TRUE(bus.publisher<Order>("orders")) << "the same type again";
  expect_error(bus.publisher<Fill>("orders"), ErrorCode::type_mismatch, {"orders", "Order", "Fill"});
  EXPECT_TRUE(bus.publisher<Fill>("fills"));
  EXPECT_TRUE(bus.publisher("orders")) << "raw bytes are for those who know";
}

TEST(Publishers, the_type_stays_when_its_publisher_is_gone) {
  Bus bus = test::open_bus();
  (void)bus.publisher<Order>("orders").value();
  expect_error(bus.publisher<Fill>("orders"), ErrorCode::type_mismatch, {"Order", "Fill"});
}

TEST(Publishers, a_single_producer_shard_has_one_publisher_at_a_time) {
  Bus bus = test::open_bus(with_single());
  std::optional<Publisher> first = bus.publisher("fast.a").value();
  expect_error(bus.publisher("fast.a"), ErrorCode::exclusive_shard, {"fast.a", "single-producer", "destroy"});
  expect_error(bus.publisher("fast.b"), ErrorCode::exclusive_shard, {"fast.b"});
  EXPECT_TRUE(bus.publisher("slow.a")) << "another shard";
  ASSERT_TRUE(first->publish("1"));
  first.reset();
  Publisher second = bus.publisher("fast.b").value();
  EXPECT_TRUE(second.publish("2"));
}

TEST(Publishers, a_refused_one_leaves_the_topic_without_its_type) {
  Bus bus = test::open_bus(with_single());
  std::optional<Publisher> first = bus.publisher("fast.a").value();
  expect_error(bus.publisher<Order>("fast.b"), ErrorCode::exclusive_shard, {"fast.b"});
  first.reset();
  EXPECT_TRUE(bus.publisher<Fill>("fast.b")) << "nobody ever published an Order there";
}

TEST(Publishers, publishing_by_name_to_a_single_producer_shard_is_refused) {
  Bus bus = test::open_bus(with_single());
  expect_error(bus.publish("fast.a", "x"), ErrorCode::exclusive_shard, {"fast.a", "bus.publisher(topic)"});
}

TEST(Publishers, publishing_by_name_makes_the_topic_and_counts) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  ASSERT_TRUE(bus.publish("a", "1"));
  ASSERT_TRUE(bus.publish("b", std::as_bytes(std::span(std::string_view("2")))));
  EXPECT_EQ(test::texts(all), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(bus.metrics().published, 2U);
  EXPECT_EQ(bus.metrics().topics, 2U);
}

TEST(Publishers, many_threads_may_publish_by_name_to_one_topic) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  constexpr int kEach = 500;
  std::vector<std::thread> threads;
  for (const std::string text : {"x", "y"}) {
    threads.emplace_back([&bus, text] {
      for (int i = 0; i < kEach; ++i) ASSERT_TRUE(bus.publish("a", text));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(test::texts(all).size(), 2U * kEach);
}

TEST(Publishers, topics_are_spread_over_shards_and_pins_take_theirs) {
  Bus bus = test::open_bus({.shards = 2, .pinned = {{.pattern = "md.>"}, {.pattern = "md.fx.>"}}});
  EXPECT_EQ(bus.topic("md.fx.eur").value()->shard(), 2U) << "the first pin that matches wins";
  bool seen[2] = {false, false};
  for (int i = 0; i < 64; ++i) seen[bus.topic("t" + std::to_string(i)).value()->shard()] = true;
  EXPECT_TRUE(seen[0] && seen[1]) << "both hashed shards are used, and no others";
  EXPECT_EQ(bus.metrics().shards.size(), 4U);
}

TEST(Publishers, an_unnamed_one_is_named_after_its_topic) {
  Bus bus = test::open_bus();
  Publisher unnamed = bus.publisher("md.fx").value();
  EXPECT_EQ(bus.metrics().publishers[0].name.substr(0, 6), "md.fx#");
}

TEST(PublishStatus, has_its_own_spelling_and_the_code_of_the_same_name) {
  EXPECT_EQ(to_string(PublishStatus::ok), "ok");
  for (const PublishStatus status :
       {PublishStatus::would_block, PublishStatus::timed_out, PublishStatus::would_deadlock,
        PublishStatus::too_large, PublishStatus::claim_open, PublishStatus::closed,
        PublishStatus::invalid_metadata, PublishStatus::invalid_option}) {
    EXPECT_EQ(to_string(status), to_string(to_error_code(status)));
  }
  EXPECT_EQ(to_error_code(PublishStatus::timed_out), ErrorCode::timed_out);
  EXPECT_EQ(to_error_code(PublishStatus::invalid_metadata), ErrorCode::invalid_metadata);
}

}  // namespace
}  // namespace sluice
