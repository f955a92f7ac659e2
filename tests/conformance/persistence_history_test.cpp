// What history holds: every event that was published, whole and in order, and nothing else.
#include <chrono>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "conformance/persistence_conformance.hpp"

namespace sluice::conformance {
namespace {

using namespace std::chrono_literals;

TEST_P(PersistenceConformance, history_is_what_a_firehose_saw) {
  Bus bus = open();
  const test::NoRescues no_rescues(bus);
  Subscription firehose = bus.subscribe({}).value();
  History seen;
  const EventId own = EventId::parse("123e4567-e89b-12d3-a456-426614174000").value();
  for (int i = 0; i < 500; ++i) {  // several laps
    const std::string text = std::to_string(i) + std::string(static_cast<std::size_t>(i % 90), 'x');
    const std::string topic = i % 3 == 0 ? "orders.new" : "md." + std::to_string(i % 7);
    PublishOptions options;
    if (i % 5 == 0) options.metadata = {{"customer", text}, {"empty", ""}};
    if (i % 4 == 0) options.ttl = 1h;
    if (i % 11 == 0) options.id = own;
    if (i % 6 == 0) options.timestamp_ns = i + 1;
    ASSERT_TRUE(bus.publish(topic, text, options));
    if (i % 10 == 0) take(firehose, seen);
  }
  take(firehose, seen);
  bus.close();
  ASSERT_EQ(seen.size(), 500U);
  EXPECT_EQ(history(), seen);
}

TEST_P(PersistenceConformance, events_are_hidden_once_their_time_to_live_is_over_by_the_clock_of_the_bus) {
  const auto clock = std::make_shared<ManualClock>(1'000'000);
  Bus bus = open({.clock = clock});
  ASSERT_TRUE(bus.publish("a", "for ever"));
  ASSERT_TRUE(bus.publish("a", "an hour", {.timestamp_ns = 1, .ttl = 1h}));
  ASSERT_TRUE(bus.publish("a", "a second", {.timestamp_ns = 1'000'000'000'000'000, .ttl = 1s}));
  const std::uint64_t tail = bus.metrics().shards[0].tail;
  test::await([&] { return persistence_->journaled_position(0) >= tail; });
  EXPECT_EQ(payloads(), (std::vector<std::string>{"for ever", "an hour", "a second"}));
  clock->advance(999'999'999);
  EXPECT_EQ(payloads().size(), 3U);
  clock->advance(1);
  EXPECT_EQ(payloads(), (std::vector<std::string>{"for ever", "an hour"}));
  clock->advance(std::chrono::nanoseconds(1h).count());
  EXPECT_EQ(payloads(), (std::vector<std::string>{"for ever"}));
  clock->set(1'000'000);
  EXPECT_EQ(payloads().size(), 3U) << "it is the clock that hides them";
}

TEST_P(PersistenceConformance, padding_and_aborted_claims_are_no_events) {
  Bus bus = open();
  Publisher publisher = bus.publisher("a").value();
  std::vector<std::string> expected;
  for (int i = 0; i < 200; ++i) {
    publisher.claim(static_cast<std::size_t>(i % 300)).value().abort();
    Claim shorter = publisher.claim(400).value();  // makes padding at the ring's end, too
    shorter.payload()[0] = std::byte{'s'};
    ASSERT_TRUE(shorter.commit(1));
    expected.push_back("s");
    expected.push_back(std::to_string(i));
    ASSERT_TRUE(publisher.publish(expected.back()));
  }
  bus.close();
  EXPECT_EQ(payloads(), expected);
}

TEST_P(PersistenceConformance, a_batch_is_kept_whole_and_in_order) {
  Bus bus = open();
  auto publisher = bus.publisher<std::uint64_t>("a").value();
  for (std::uint64_t i = 0; i < 50; ++i) {
    ASSERT_TRUE(publisher.publish_batch(std::vector<std::uint64_t>{i, i, i}));
  }
  bus.close();
  EXPECT_EQ(history().size(), 150U);
}

TEST_P(PersistenceConformance, everything_of_many_publishers_is_kept_while_they_go_on) {
  Bus bus = open({.shards = 2});
  const test::NoRescues no_rescues(bus);
  constexpr std::uint64_t kEach = 2'000;
  std::vector<std::thread> threads;
  for (const std::string topic : {"one", "two", "three"}) {
    threads.emplace_back([&bus, topic] {
      auto publisher = bus.publisher<std::uint64_t>(topic).value();
      for (std::uint64_t i = 0; i < kEach; ++i) ASSERT_TRUE(publisher.publish(i)) << publisher.last_error();
    });
  }
  // A reader of history meanwhile: it sees a growing beginning of the same log, without a hole.
  std::uint64_t at = 0;
  std::uint64_t early = 0;
  while (early < kEach / 4) {
    at = persistence_
             ->read(bus.topic("one").value()->shard(), at,
                    [&](const EventView& event) {
                      EXPECT_GE(event.position(), at);
                      early += event.topic() == "one" ? 1U : 0U;
                      return true;
                    })
             .value();
  }
  for (std::thread& thread : threads) thread.join();
  bus.close();
  std::map<std::string, std::uint64_t> next;
  for (const std::uint32_t shard : {0U, 1U}) {
    for (const Seen& seen : history(shard)) {
      std::uint64_t number;
      std::memcpy(&number, seen.payload.data(), sizeof number);
      ASSERT_EQ(number, next[seen.topic]++) << "of " << seen.topic;
    }
  }
  EXPECT_EQ(next, (std::map<std::string, std::uint64_t>{{"one", kEach}, {"two", kEach}, {"three", kEach}}));
}

TEST_P(PersistenceConformance, stop_reads_to_the_end) {
  for (int round = 0; round < 20; ++round) {
    std::uint64_t published = 0;
    {
      Bus bus = open({.shards = 2});
      for (int i = 0; i < round * 7; ++i) ASSERT_TRUE(bus.publish(i % 2 == 0 ? "a" : "b", "x"));
      published = bus.close().published;
      EXPECT_EQ(persistence_->journaled_position(0), bus.metrics().shards[0].tail);
      EXPECT_EQ(persistence_->journaled_position(1), bus.metrics().shards[1].tail);
    }
    std::uint64_t kept = 0;
    for (const std::uint32_t shard : {0U, 1U}) kept += history(shard).size();
    EXPECT_EQ(kept, published);
    maker_ = GetParam().maker();
  }
}

TEST_P(PersistenceConformance, a_bus_that_is_only_destroyed_is_kept_as_well) {
  {
    Bus bus = open();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(bus.publish("a", "x"));
  }
  EXPECT_EQ(history().size(), 10U);
}

TEST_P(PersistenceConformance, a_claim_that_is_committed_before_close_is_kept_with_what_was_behind_it) {
  Bus bus = open();
  Publisher publisher = bus.publisher("a").value();
  Claim claim = publisher.claim(1).value();
  ASSERT_TRUE(publisher.publish("behind"));
  EXPECT_EQ(persistence_->journaled_position(0), 0U) << "nothing behind a hole";
  claim.payload()[0] = std::byte{'c'};
  ASSERT_TRUE(claim.commit());
  bus.close();
  EXPECT_EQ(payloads(), (std::vector<std::string>{"c", "behind"}));
}

}  // namespace
}  // namespace sluice::conformance
