// What a persistence sees of the bus: its calls, its taps, and its errors coming back to who caused them.
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "unit/bus/persistence_support.hpp"
#include "unit/bus/support.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using test::expect_error;
using test::ScriptedPersistence;
using Texts = std::vector<std::string>;

class Tapped : public testing::Test {
 protected:
  Bus open(BusOptions options = {}) {
    options.persistence = persistence_;
    return test::open_small_bus(std::move(options));
  }
  Tap& tap(std::size_t shard = 0) { return persistence_->taps->shards()[shard]; }

  static log::CommitWord word(std::span<const std::byte> record) {
    std::uint64_t bits;
    std::memcpy(&bits, record.data(), sizeof bits);
    return log::CommitWord(bits);
  }
  static std::vector<log::RecordKind> kinds(std::span<const std::byte> records) {
    std::vector<log::RecordKind> all;
    for (; !records.empty(); records = records.subspan(word(records).stride())) {
      all.push_back(word(records).kind());
    }
    return all;
  }

  std::shared_ptr<ScriptedPersistence> persistence_ = std::make_shared<ScriptedPersistence>();
};

TEST_F(Tapped, the_calls_come_in_their_order) {
  {
    Bus bus = open({.shards = 2});
    EXPECT_EQ(persistence_->calls, (Texts{"start", "ring_memory 0", "ring_memory 1", "run"}));
    ASSERT_EQ(persistence_->request.shards.size(), 2U);
    for (const ShardRequest& shard : persistence_->request.shards) EXPECT_EQ(shard.capacity_bytes, 4096U);
    ASSERT_TRUE(bus.publish("b", "x"));
    ASSERT_TRUE(bus.publish("a", "x"));
    ASSERT_TRUE(bus.publish("b", "x"));
    EXPECT_EQ(persistence_->calls.back(), "define a");
    ASSERT_EQ(persistence_->defined.size(), 2U) << "once each";
    EXPECT_EQ(persistence_->defined[0].name, "b");
    EXPECT_EQ(persistence_->defined[0].id, 0U);
    EXPECT_EQ(persistence_->defined[1].shard, bus.topic("a").value()->shard());
    EXPECT_EQ(persistence_->stops, 0);
    bus.close();
    EXPECT_EQ(persistence_->stops, 1);
  }
  EXPECT_EQ(persistence_->stops, 1) << "once";
}

TEST_F(Tapped, a_refused_start_is_what_open_answers) {
  persistence_->refuse_start = Error{ErrorCode::persistence_failed, "journal \"x\" is locked by 77"};
  expect_error(Bus::open({.persistence = persistence_}), ErrorCode::persistence_failed, {"locked by 77"});
  EXPECT_EQ(persistence_->calls, Texts{"start"});
}

TEST_F(Tapped, refused_memory_is_what_open_answers) {
  persistence_->refuse_memory = Error{ErrorCode::out_of_memory, "/dev/shm has 4096 bytes left"};
  expect_error(Bus::open({.persistence = persistence_}), ErrorCode::out_of_memory, {"/dev/shm"});
}

TEST_F(Tapped, a_refused_definition_is_what_everybody_gets_who_needs_the_topic) {
  Bus bus = open();
  ASSERT_TRUE(bus.publish("known", "x"));
  persistence_->refuse_topic = Error{ErrorCode::persistence_failed, "no space for topics"};
  expect_error(bus.publish("new", "x"), ErrorCode::persistence_failed, {"no space for topics"});
  expect_error(bus.publisher("new"), ErrorCode::persistence_failed, {"no space for topics"});
  expect_error(bus.topic("new"), ErrorCode::persistence_failed, {"no space for topics"});
  expect_error(bus.subscribe({.topic = "new"}), ErrorCode::persistence_failed, {"no space for topics"});
  EXPECT_TRUE(bus.publish("known", "x")) << "topics that are kept go on";
  EXPECT_TRUE(bus.subscribe({.topic = "new.*"})) << "a pattern defines nothing";
  persistence_->refuse_topic.reset();
  ASSERT_TRUE(bus.publish("new", "x"));
  EXPECT_EQ(persistence_->defined.back().id, 1U) << "no id was lost";
}

TEST_F(Tapped, the_bus_starts_where_it_is_told) {
  persistence_->state = {.epoch = 99, .positions = {3200}, .topics = {{"b", 0, 0}, {"a", 1, 0}}};
  Bus bus = open();
  Subscription all = bus.subscribe({}).value();
  EXPECT_EQ(bus.topic("b").value()->id(), 0U);
  EXPECT_EQ(bus.topic("a").value()->id(), 1U);
  EXPECT_TRUE(persistence_->defined.empty()) << "it knows them";
  const EventId id = bus.publish("a", "x").value();
  EXPECT_EQ(id, EventId::from_position(99, 0, 3200));
  const Event event = all.next(0ns).value();
  EXPECT_EQ(event.position(), 3200U);
  EXPECT_EQ(event.id(), id);
  EXPECT_EQ(tap().position(), 3200U);
}

TEST_F(Tapped, a_topic_of_a_shard_that_is_gone_is_refused_with_what_to_do) {
  persistence_->state.topics = {{"a", 0, 3}};
  expect_error(Bus::open({.persistence = persistence_}), ErrorCode::invalid_option,
               {"\"a\"", "shard 3", "as many shards"});
}

TEST_F(Tapped, definitions_that_make_no_sense_are_refused) {
  persistence_->state.topics = {{"a", 1, 0}};
  expect_error(Bus::open({.persistence = persistence_}), ErrorCode::persistence_failed, {"\"a\"", "id 1"});
  persistence_->state.topics = {{"a", 0, 0}, {"a", 1, 0}};
  expect_error(Bus::open({.persistence = persistence_}), ErrorCode::persistence_failed, {"\"a\"", "twice"});
  persistence_->state.topics = {{"a b", 0, 0}};
  expect_error(Bus::open({.persistence = persistence_}), ErrorCode::invalid_topic, {"a b"});
}

TEST_F(Tapped, rings_may_live_in_the_persistences_memory) {
  persistence_->own_memory = true;
  Bus bus = open();
  Subscription all = bus.subscribe({}).value();
  ASSERT_TRUE(bus.publish("a", "in its memory"));
  EXPECT_EQ(test::texts(all), Texts{"in its memory"});
  const std::byte* memory = persistence_->memory[0].get();
  const std::string_view bytes(reinterpret_cast<const char*>(memory), 3 * 4096);
  EXPECT_NE(bytes.find("in its memory"), std::string_view::npos);
}

TEST_F(Tapped, a_tap_gives_whole_records_of_every_kind_in_order) {
  Bus bus = open();
  Publisher publisher = bus.publisher("a").value();
  EXPECT_TRUE(tap().committed(1'000).empty());
  ASSERT_TRUE(publisher.publish("one"));
  publisher.claim(40).value().abort();
  Claim shorter = publisher.claim(100).value();
  ASSERT_TRUE(shorter.commit(1));
  using log::RecordKind;
  const auto records = tap().committed(100'000);
  EXPECT_EQ(kinds(records),
            (std::vector{RecordKind::data, RecordKind::aborted, RecordKind::data, RecordKind::padding}));
  EXPECT_EQ(records.size(), 32U + 64U + 128U);
  EXPECT_EQ(tap().committed(100'000).data(), records.data()) << "the same until it is released";
  tap().release(32);
  EXPECT_EQ(tap().position(), 32U);
  EXPECT_EQ(kinds(tap().committed(100'000)).size(), 3U);
}

TEST_F(Tapped, a_tap_gives_at_most_what_it_is_asked_for_but_one_record_at_least) {
  Bus bus = open();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(bus.publish("a", std::string(100, 'x')));  // 128 bytes each
  EXPECT_EQ(tap().committed(1).size(), 128U);
  EXPECT_EQ(tap().committed(255).size(), 128U);
  EXPECT_EQ(tap().committed(256).size(), 256U);
  EXPECT_EQ(tap().committed(10'000).size(), 384U);
}

TEST_F(Tapped, a_tap_stops_before_an_open_claim_and_at_the_rings_end) {
  Bus bus = open({.publish_deadline = 0ns});
  Publisher publisher = bus.publisher("a").value();
  ASSERT_TRUE(publisher.publish("before"));
  Claim claim = publisher.claim(8).value();
  ASSERT_TRUE(publisher.publish("behind"));
  EXPECT_EQ(tap().committed(100'000).size(), 32U);
  claim.abort();
  EXPECT_EQ(tap().committed(100'000).size(), 96U);
  tap().release(96);
  std::uint64_t seen = 0;
  for (int i = 0; i < 1'000; ++i) {
    if (publisher.publish("x")) continue;
    const auto records = tap().committed(100'000);
    ASSERT_LE(tap().position() % test::kSmallRing + records.size(), test::kSmallRing);
    seen += kinds(records).size();
    tap().release(records.size());
    ASSERT_TRUE(publisher.publish("x"));
  }
  EXPECT_GT(seen, 800U);
}

TEST_F(Tapped, what_is_not_released_holds_producers_back_and_is_named) {
  Bus bus = open({.publish_deadline = 1ms});
  const test::NoRescues no_rescues(bus);
  Publisher publisher = bus.publisher("a").value();
  EXPECT_EQ(test::fill(publisher), test::kSmallRingEvents);
  expect_error(bus.publish("a", "x"), ErrorCode::timed_out, {"held by the persistence"});
  EXPECT_EQ(bus.metrics().shards[0].held_by, "the persistence");
  tap().release(tap().committed(100'000).size());
  EXPECT_TRUE(bus.publish("a", "x"));
}

TEST_F(Tapped, a_release_lets_a_waiting_publisher_go_on) {
  Bus bus = open({.publish_deadline = 1h});
  const test::NoRescues no_rescues(bus);
  Publisher publisher = bus.publisher("a").value();
  test::fill(publisher);
  std::thread waiting([&] {
    platform::name_this_thread("waiting");
    EXPECT_TRUE(publisher.publish("x"));
  });
  test::await([] { return test::thread_state("waiting") == 'S'; });
  tap().release(tap().committed(100'000).size());
  waiting.join();
}

TEST_F(Tapped, wait_returns_for_an_event_a_timeout_and_the_end) {
  Bus bus = open({.shards = 2});
  persistence_->taps->wait(0ns);
  persistence_->taps->wait(1ms);
  std::optional<Taps> taps = std::move(persistence_->taps);  // stop() must not take them from us
  const auto sleeps = [&](auto cause) {
    std::thread waiting([&] {
      platform::name_this_thread("tapping");
      taps->wait(1h);
    });
    test::await([] { return test::thread_state("tapping") == 'S'; });
    cause();
    waiting.join();
  };
  sleeps([&] { ASSERT_TRUE(bus.publish("a", "x")); });
  taps->wait(1h);  // at once: it was not released
  for (Tap& tap : taps->shards()) {
    EXPECT_FALSE(tap.at_end());
    tap.release(tap.committed(100'000).size());
  }
  sleeps([&] { bus.close(); });
  for (Tap& tap : taps->shards()) EXPECT_TRUE(tap.at_end());
  taps->wait(1h);  // at once: all are at their end
}

TEST_F(Tapped, an_end_comes_after_everything_was_released) {
  Bus bus = open();
  ASSERT_TRUE(bus.publish("a", "x"));
  std::optional<Taps> taps = std::move(persistence_->taps);
  bus.close();
  Tap& mine = taps->shards()[0];
  EXPECT_FALSE(mine.at_end());
  mine.release(mine.committed(100'000).size());
  EXPECT_TRUE(mine.at_end());
}

TEST_F(Tapped, one_slot_is_the_taps) {
  Bus bus = open();
  std::vector<Subscription> all;
  for (int i = 0; i < 63; ++i) all.push_back(bus.subscribe({}).value());
  expect_error(bus.subscribe({}), ErrorCode::too_many_subscriptions, {"max_subscriptions"});
}

}  // namespace
}  // namespace sluice
