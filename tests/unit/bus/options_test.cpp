#include "sluice/bus/options.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "unit/bus/support.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using test::expect_error;

struct BusCase {
  std::string name;
  BusOptions options;
  std::vector<std::string> words;  // field, value and range or remedy
};

template <class Change>
BusCase refused(std::string name, Change change, std::vector<std::string> words) {
  BusCase made{std::move(name), {}, std::move(words)};
  change(made.options);
  return made;
}

class BusOptionsRange : public testing::TestWithParam<BusCase> {};

TEST_P(BusOptionsRange, is_refused_naming_field_value_and_range) {
  expect_error(Bus::open(GetParam().options), ErrorCode::invalid_option, GetParam().words);
}

std::vector<PinnedShard> pins(std::size_t count) {
  return std::vector<PinnedShard>(count, PinnedShard{.pattern = "a.>", .capacity_bytes = std::size_t{4096}});
}

INSTANTIATE_TEST_SUITE_P(
    Bus, BusOptionsRange,
    testing::Values(
        refused("small_ring", [](BusOptions& o) { o.capacity_bytes = 2048; },
                {"capacity_bytes", "2048", "4096", "1073741824"}),
        refused("no_ring", [](BusOptions& o) { o.capacity_bytes = 0; }, {"capacity_bytes", "0", "4096"}),
        refused("large_ring", [](BusOptions& o) { o.capacity_bytes = std::size_t{1} << 31; },
                {"capacity_bytes", "2147483648", "1073741824"}),
        refused("odd_ring", [](BusOptions& o) { o.capacity_bytes = 5000; },
                {"capacity_bytes", "5000", "power of two", "4096", "8192"}),
        refused("many_shards", [](BusOptions& o) { o.shards = 65; }, {"shards", "65", "0", "64"}),
        refused("no_shards", [](BusOptions& o) { o.shards = 0; }, {"shards is 0", "at least 1", "pin"}),
        refused("no_shards_and_a_pin_for_some",
                [](BusOptions& o) {
                  o.shards = 0;
                  o.pinned = {{.pattern = "md.>"}};
                },
                {"shards is 0", "pin"}),
        refused("many_pins", [](BusOptions& o) { o.pinned = pins(65); }, {"pinned", "65", "64"}),
        refused("pinned_ring",
                [](BusOptions& o) {
                  o.pinned = {{.pattern = "a"}, {.pattern = "b", .capacity_bytes = std::size_t{6000}}};
                },
                {"pinned[1].capacity_bytes", "6000", "power of two"}),
        refused("pinned_producers",
                [](BusOptions& o) { o.pinned = {{.pattern = "a", .producers = static_cast<Producers>(7)}}; },
                {"pinned[0].producers", "7", "none of its enumerators"}),
        refused("timestamps", [](BusOptions& o) { o.timestamps = static_cast<Timestamps>(3); },
                {"timestamps", "3", "none of its enumerators"}),
        refused("negative_deadline", [](BusOptions& o) { o.publish_deadline = -1ns; },
                {"publish_deadline", "-1", "3600000000000"}),
        refused("long_deadline", [](BusOptions& o) { o.publish_deadline = 1h + 1ns; },
                {"publish_deadline", "3600000000001", "3600000000000"}),
        refused("few_subscriptions", [](BusOptions& o) { o.max_subscriptions = 63; },
                {"max_subscriptions", "63", "64", "1024"}),
        refused("many_subscriptions", [](BusOptions& o) { o.max_subscriptions = 1088; },
                {"max_subscriptions", "1088", "1024"}),
        refused("odd_subscriptions", [](BusOptions& o) { o.max_subscriptions = 100; },
                {"max_subscriptions", "100", "multiple of 64"}),
        refused("no_topics", [](BusOptions& o) { o.max_topics = 0; }, {"max_topics", "0", "1", "16777216"}),
        refused("many_topics", [](BusOptions& o) { o.max_topics = (1U << 24) + 1; },
                {"max_topics", "16777217", "16777216"}),
        refused("no_name", [](BusOptions& o) { o.name.clear(); }, {"name", "\"\"", "1 to 11"}),
        refused("long_name", [](BusOptions& o) { o.name = "twelve_bytes"; },
                {"name", "twelve_bytes", "12", "1 to 11"})),
    [](const auto& tested) { return tested.param.name; });

TEST(BusOptions, a_pins_pattern_is_refused_with_the_patterns_own_error_and_its_number) {
  expect_error(Bus::open({.pinned = {{.pattern = "fine"}, {.pattern = "a..b"}}}), ErrorCode::invalid_pattern,
               {"pinned[1].pattern", "a..b", "column"});
}

TEST(BusOptions, the_ends_of_every_range_are_accepted) {
  EXPECT_TRUE(Bus::open({.publish_deadline = 0ns,
                         .shards = 64,
                         .capacity_bytes = 4096,
                         .max_subscriptions = 64,
                         .max_topics = 1,
                         .name = "b"}));
  EXPECT_TRUE(Bus::open({.timestamps = Timestamps::caller,
                         .publish_deadline = 1h,
                         .shards = 0,
                         .pinned = {{.pattern = ">", .producers = Producers::single}},
                         .max_subscriptions = 1024,
                         .name = "elevenbytes"}));
}

TEST(BusOptions, a_topic_too_many_is_refused_naming_the_limit) {
  Bus bus = test::open_bus({.max_topics = 2});
  ASSERT_TRUE(bus.publish("a", "x"));
  ASSERT_TRUE(bus.publish("b", "x"));
  expect_error(bus.publish("c", "x"), ErrorCode::too_many_topics, {"\"c\"", "max_topics", "2", "raise"});
  EXPECT_TRUE(bus.publish("a", "x")) << "known topics go on";
}

TEST(BusOptions, a_subscription_too_many_is_refused_naming_the_limit_and_a_slot_comes_back) {
  Bus bus = test::open_bus();
  std::vector<Subscription> all;
  for (int i = 0; i < 64; ++i) all.push_back(bus.subscribe({}).value());
  expect_error(bus.subscribe({}), ErrorCode::too_many_subscriptions, {"64", "max_subscriptions", "destroy"});
  all.pop_back();
  EXPECT_TRUE(bus.subscribe({}));
}

TEST(SubscribeOptions, each_fields_range_is_named) {
  Bus bus = test::open_bus();
  expect_error(bus.subscribe({.overload = static_cast<Overload>(3)}), ErrorCode::invalid_option,
               {"overload", "3", "none of its enumerators"});
  expect_error(bus.subscribe({.overload = Overload::evict, .evict_after = 999us}), ErrorCode::invalid_option,
               {"evict_after", "999000", "1000000", "3600000000000"});
  expect_error(bus.subscribe({.overload = Overload::evict, .evict_after = 1h + 1ns}),
               ErrorCode::invalid_option, {"evict_after", "3600000000001"});
  expect_error(bus.subscribe({.wait = {.spins = 1'000'001}}), ErrorCode::invalid_option,
               {"wait.spins", "1000001", "1000000"});
  expect_error(bus.subscribe({.wait = {.yields = 1'000'001}}), ErrorCode::invalid_option,
               {"wait.yields", "1000001", "1000000"});
}

TEST(SubscribeOptions, evict_after_is_looked_at_with_evict_only) {
  Bus bus = test::open_bus();
  EXPECT_TRUE(bus.subscribe({.overload = Overload::block, .evict_after = 0ns}));
  EXPECT_TRUE(bus.subscribe({.overload = Overload::evict, .evict_after = 1ms}));
}

TEST(PublisherOptions, each_fields_range_is_named) {
  Bus bus = test::open_bus();
  expect_error(bus.publisher("a", {.timestamps = static_cast<Timestamps>(9)}), ErrorCode::invalid_option,
               {"timestamps", "9"});
  expect_error(bus.publisher("a", {.deadline = -5ns}), ErrorCode::invalid_option, {"deadline", "-5", "0"});
  expect_error(bus.publisher("a", {.deadline = 2h}), ErrorCode::invalid_option,
               {"deadline", "7200000000000", "3600000000000"});
}

TEST(RunOptions, each_fields_range_is_named) {
  Bus bus = test::open_bus();
  Subscription subscription = bus.subscribe({}).value();
  const auto run = [&](RunOptions options) {
    return bus.run(
        subscription, [](const EventView&) {}, std::move(options));
  };
  expect_error(run({.batch = 0}), ErrorCode::invalid_option, {"batch", "0", "1", "65536"});
  expect_error(run({.batch = 65'537}), ErrorCode::invalid_option, {"batch", "65537", "65536"});
  expect_error(run({.name = "sixteen_bytes_xx"}), ErrorCode::invalid_option,
               {"name", "sixteen_bytes_xx", "16", "15"});
  expect_error(run({.wait = WaitStrategy{.spins = 2'000'000}}), ErrorCode::invalid_option,
               {"wait.spins", "2000000"});
  EXPECT_TRUE(run({.name = "fifteen_bytes_x", .batch = 65'536})) << "what was refused left nothing behind";
}

TEST(Overload, has_its_own_spelling) {
  EXPECT_EQ(to_string(Overload::block), "block");
  EXPECT_EQ(to_string(Overload::drop_oldest), "drop_oldest");
  EXPECT_EQ(to_string(Overload::evict), "evict");
}

}  // namespace
}  // namespace sluice
