// Bad input: each mistake has its own error, whose message names what is wrong and says what to do. None
// crashes, and the bus works on.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "unit/bus/support.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using test::expect_error;

class BadInput : public testing::Test {
 protected:
  void TearDown() override {
    if (closed_) return;
    Subscription all = bus_.subscribe({}).value();
    ASSERT_TRUE(bus_.publish("still.works", "x"));
    EXPECT_EQ(test::texts(all), std::vector<std::string>{"x"});
  }

  Bus bus_ = test::open_small_bus({.pinned = {{.pattern = "fast.>", .producers = Producers::single}}});
  bool closed_ = false;
};

TEST_F(BadInput, an_empty_topic) {
  expect_error(bus_.publish("", "x"), ErrorCode::missing_topic, {"topic is empty", "give the name"});
  expect_error(bus_.publisher(""), ErrorCode::missing_topic, {"topic is empty", "give the name"});
  expect_error(bus_.topic(""), ErrorCode::missing_topic, {"topic is empty", "name it"});
}

TEST_F(BadInput, bad_characters_in_a_topic) {
  expect_error(bus_.publish("orders new", "x"), ErrorCode::invalid_topic,
               {"\"orders new\"", "a space", "column 7", "allowed are"});
  expect_error(bus_.publisher("a.\n"), ErrorCode::invalid_topic, {"0x0A", "column 3", "allowed are"});
  expect_error(bus_.publish(std::string_view("a\0b", 3), "x"), ErrorCode::invalid_topic,
               {"0x00", "column 2"});
  expect_error(bus_.publish("\xc3\xa9", "x"), ErrorCode::invalid_topic, {"0xC3", "column 1"});
}

TEST_F(BadInput, dots_without_tokens) {
  expect_error(bus_.publish("a..b", "x"), ErrorCode::invalid_topic, {"\"a..b\"", "column 3", "both sides"});
  expect_error(bus_.publish(".a", "x"), ErrorCode::invalid_topic, {"column 1", "both sides"});
  expect_error(bus_.publish("a.", "x"), ErrorCode::invalid_topic, {"column 2", "both sides"});
}

TEST_F(BadInput, a_wildcard_in_a_publish) {
  expect_error(bus_.publish("orders.*", "x"), ErrorCode::wildcard_in_topic,
               {"\"orders.*\"", "'*'", "column 8", "name that"});
  expect_error(bus_.publisher("orders.>"), ErrorCode::wildcard_in_topic, {"'>'", "patterns are for"});
}

TEST_F(BadInput, bad_patterns) {
  expect_error(bus_.subscribe({.topic = "orders new"}), ErrorCode::invalid_pattern,
               {"\"orders new\"", "column 7", "allowed are"});
  expect_error(bus_.subscribe({.topic = "a.>.b"}), ErrorCode::invalid_pattern, {"\"a.>.b\"", "column 3"});
  expect_error(bus_.subscribe({.topic = "a.b*"}), ErrorCode::invalid_pattern, {"\"a.b*\"", "column 4"});
  expect_error(bus_.subscribe({.topic = "a..b"}), ErrorCode::invalid_pattern, {"both sides"});
}

TEST_F(BadInput, names_of_300_bytes) {
  const std::string name(300, 'n');
  expect_error(bus_.publish(name, "x"), ErrorCode::invalid_topic, {"300", "255", "shorten"});
  expect_error(bus_.publisher(name), ErrorCode::invalid_topic, {"300", "255", "shorten"});
  expect_error(bus_.subscribe({.topic = name}), ErrorCode::invalid_pattern, {"300", "255", "shorten"});
  expect_error(Bus::open({.name = name}), ErrorCode::invalid_option, {"name", "300", "1 to 11"});
  Subscription long_name = bus_.subscribe({.group = name, .name = name}).value();
  expect_error(bus_.run(long_name, [](const EventView&) {}, {.name = name}), ErrorCode::invalid_option,
               {"name", "300", "15"});
  EXPECT_EQ(long_name.name(), name) << "these are for people only, and may be as long as they like";
}

TEST_F(BadInput, a_long_name_in_the_way_is_cut_in_the_message_and_harms_nothing) {
  Subscription slow = bus_.subscribe({.name = std::string(300, 'n')}).value();
  Publisher publisher = bus_.publisher("a").value();
  test::fill(publisher);
  expect_error(publisher.last_error(), ErrorCode::would_block, {"subscription \"nnnnnn"});
}

TEST_F(BadInput, unknown_option_values) {
  expect_error(bus_.subscribe({.overload = static_cast<Overload>(42)}), ErrorCode::invalid_option,
               {"overload", "42", "none of its enumerators"});
  expect_error(bus_.publisher("a", {.timestamps = static_cast<Timestamps>(42)}), ErrorCode::invalid_option,
               {"timestamps", "42"});
  expect_error(Bus::open({.timestamps = static_cast<Timestamps>(42)}), ErrorCode::invalid_option,
               {"timestamps", "42"});
  expect_error(Bus::open({.pinned = {{.pattern = "a", .producers = static_cast<Producers>(42)}}}),
               ErrorCode::invalid_option, {"pinned[0].producers", "42"});
}

TEST_F(BadInput, a_capacity_that_is_not_a_power_of_two) {
  expect_error(Bus::open({.capacity_bytes = 1'000'000}), ErrorCode::invalid_option,
               {"capacity_bytes", "1000000", "power of two", "524288", "1048576"});
}

TEST_F(BadInput, a_payload_that_is_too_large) {
  const std::string payload(1'000, 'x');
  expect_error(bus_.publish("a", payload), ErrorCode::too_large,
               {"\"a\"", "1024 bytes", "512 bytes", "split it, or enlarge capacity_bytes"});
  Publisher publisher = bus_.publisher("a").value();
  EXPECT_EQ(publisher.publish(payload).status, PublishStatus::too_large);
  expect_error(publisher.claim(1'000), ErrorCode::too_large, {"1024", "512", "enlarge"});
}

TEST_F(BadInput, a_group_with_other_options) {
  Subscription first = bus_.subscribe({.topic = "a.*", .group = "risk"}).value();
  expect_error(bus_.subscribe({.topic = "a.>", .group = "risk"}), ErrorCode::group_options_mismatch,
               {"\"risk\"", "topic is \"a.*\" there and \"a.>\" here", "one pattern and one policy"});
  expect_error(bus_.subscribe({.topic = "a.*", .group = "risk", .overload = Overload::drop_oldest}),
               ErrorCode::group_options_mismatch, {"overload is block there and drop_oldest here"});
}

TEST_F(BadInput, a_second_publisher_on_a_single_producer_shard) {
  Publisher first = bus_.publisher("fast.a").value();
  expect_error(bus_.publisher("fast.b"), ErrorCode::exclusive_shard,
               {"\"fast.b\"", "one publisher already", "destroy that first", "pin the topic"});
  expect_error(bus_.publish("fast.c", "x"), ErrorCode::exclusive_shard, {"\"fast.c\"", "bus.publisher"});
}

TEST_F(BadInput, another_type) {
  auto doubles = bus_.publisher<double>("prices").value();
  expect_error(bus_.publisher<int>("prices"), ErrorCode::type_mismatch, {"prices", "double", "int"});
}

TEST_F(BadInput, metadata_without_a_key) {
  expect_error(bus_.publish("a", "x", {.metadata = {{"", "value"}}}), ErrorCode::invalid_metadata,
               {"\"a\"", "unique and not empty", "correct them"});
}

TEST_F(BadInput, a_negative_ttl) {
  expect_error(bus_.publish("a", "x", {.ttl = -1s}), ErrorCode::invalid_option, {"\"a\"", "TTL", "give 0"});
}

TEST_F(BadInput, use_after_close) {
  closed_ = true;
  Publisher publisher = bus_.publisher("a").value();
  Subscription all = bus_.subscribe({.name = "all"}).value();
  bus_.close();
  EXPECT_EQ(publisher.publish("x").status, PublishStatus::closed);
  expect_error(publisher.last_error(), ErrorCode::closed, {"\"a\"", "the bus is closed"});
  expect_error(publisher.claim(1), ErrorCode::closed, {"\"a\"", "the bus is closed"});
  expect_error(bus_.publish("b", "x"), ErrorCode::closed, {"\"b\"", "the bus is closed"});
  expect_error(bus_.publisher("b"), ErrorCode::closed, {"\"b\"", "the bus is closed"});
  expect_error(bus_.subscribe({}), ErrorCode::closed, {"the bus is closed"});
  expect_error(all.next(-1ns), ErrorCode::closed, {"\"all\"", "the bus is closed"});
  EXPECT_TRUE(bus_.drain(0ns).drained);
  bus_.cancel();
}

TEST_F(BadInput, an_empty_name_for_the_bus) {
  expect_error(Bus::open({.name = ""}), ErrorCode::invalid_option, {"name", "1 to 11"});
}

TEST_F(BadInput, no_shard_for_anybody) {
  expect_error(Bus::open({.shards = 0}), ErrorCode::invalid_option, {"shards is 0", "give at least 1"});
}

TEST_F(BadInput, a_core_that_does_not_exist) {
  Subscription all = bus_.subscribe({}).value();
  expect_error(bus_.run(all, [](const EventView&) {}, {.cpu = 4'000'000'000U}), ErrorCode::system_error,
               {"4000000000"});
}

TEST_F(BadInput, limits_and_time_outs_of_any_size) {
  Subscription all = bus_.subscribe({}).value();
  ASSERT_TRUE(bus_.publish("a", "x"));
  EXPECT_EQ(all.poll([](const EventView&) {}, 0).events, 0U);
  EXPECT_TRUE(all.wait(std::chrono::nanoseconds::max()));
  EXPECT_TRUE(all.wait(std::chrono::nanoseconds::min()));
  EXPECT_TRUE(all.next(std::chrono::nanoseconds::max()));
  EXPECT_TRUE(bus_.drain(std::chrono::nanoseconds::max()).drained);
  EXPECT_TRUE(bus_.drain(std::chrono::nanoseconds::min()).drained);
  closed_ = true;
  EXPECT_TRUE(bus_.close(std::chrono::nanoseconds::max()).cut_short.empty());
}

}  // namespace
}  // namespace sluice
