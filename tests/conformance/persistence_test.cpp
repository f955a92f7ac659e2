// What every persistence promises. Add yours to the list of makers at the end.
#include "sluice/bus/persistence.hpp"

#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "bus/memory_persistence.hpp"
#include "conformance/persistence_maker.hpp"
#include "unit/bus/support.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using conformance::History;
using conformance::Implementation;
using conformance::Maker;
using conformance::Seen;
using test::expect_error;

class PersistenceConformance : public testing::TestWithParam<Implementation> {
 protected:
  /// Opens a bus on the log, with small rings so that they are lapped.
  Bus open(BusOptions options = {}) {
    persistence_ = maker_->make();
    options.persistence = persistence_;
    options.capacity_bytes = test::kSmallRing;
    return Bus::open(std::move(options)).value();
  }
  [[nodiscard]] History history(std::uint32_t shard = 0, std::uint64_t from = 0) {
    History all;
    const auto end = persistence_->read(shard, from, [&](const EventView& event) {
      EXPECT_EQ(event.shard(), shard);
      all.emplace_back(event);
      return true;
    });
    EXPECT_TRUE(end) << end.error();
    return all;
  }
  [[nodiscard]] std::vector<std::string> payloads(std::uint32_t shard = 0, std::uint64_t from = 0) {
    std::vector<std::string> all;
    for (const Seen& seen : history(shard, from)) all.push_back(seen.payload);
    return all;
  }
  static void take(Subscription& firehose, History& seen) {
    while (firehose.poll([&](const EventView& event) { seen.emplace_back(event); }).events != 0) {
    }
  }

  std::unique_ptr<Maker> maker_ = GetParam().maker();
  std::shared_ptr<Persistence> persistence_;
};

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

TEST_P(PersistenceConformance, read_starts_stops_and_goes_on_where_it_is_told) {
  Bus bus = open();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(bus.publish("a", std::to_string(i)));
  bus.close();
  std::vector<std::string> seen;
  const std::uint64_t next = persistence_
                                 ->read(0, 32,
                                        [&](const EventView& event) {
                                          seen.emplace_back(event.text());
                                          return seen.size() < 2;
                                        })
                                 .value();
  EXPECT_EQ(seen, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(next, 96U) << "behind the event at which it was stopped";
  EXPECT_EQ(payloads(0, next), (std::vector<std::string>{"3", "4"}));
  const std::uint64_t end = persistence_->read(0, next, [](const EventView&) { return true; }).value();
  EXPECT_EQ(end, 160U);
  EXPECT_EQ(payloads(0, end), std::vector<std::string>{}) << "at the end there is nothing yet, and no error";
}

TEST_P(PersistenceConformance, the_next_run_goes_on_where_the_last_one_ended) {
  History first;
  History second;
  {
    Bus bus = open();
    Subscription firehose = bus.subscribe({}).value();
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(bus.publish("t." + std::to_string(i % 3), std::to_string(i)));
    take(firehose, first);
  }
  const std::uint64_t end = persistence_->journaled_position(0);
  {
    Bus bus = open();
    EXPECT_EQ(bus.metrics().shards[0].tail, end);
    Subscription firehose = bus.subscribe({}).value();
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(bus.publish("t." + std::to_string(i % 4), std::to_string(i)));
    take(firehose, second);
    EXPECT_GE(second.front().position, end);
  }
  History both = first;
  both.insert(both.end(), second.begin(), second.end());
  ASSERT_EQ(both.size(), 60U);
  EXPECT_EQ(history(), both) << "each event with the id, and so the epoch, of its own run";
  std::set<EventId> ids;
  for (const Seen& seen : both) ids.insert(seen.id);
  EXPECT_EQ(ids.size(), 60U);
}

TEST_P(PersistenceConformance, history_can_be_read_when_its_bus_is_gone_and_before_the_next) {
  {
    Bus bus = open();
    ASSERT_TRUE(bus.publish("a.b", "x"));
  }
  {
    Bus bus = open();
    const History kept = history();
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0].topic, "a.b");
  }
  EXPECT_EQ(history().size(), 1U);
}

TEST_P(PersistenceConformance, topics_keep_their_ids_and_shards_whatever_the_options_say) {
  std::map<std::string, std::pair<std::uint32_t, std::uint32_t>> before;
  {
    Bus bus = open({.shards = 4});
    for (int i = 0; i < 40; ++i) {
      const Topic* topic = bus.topic("t" + std::to_string(i)).value();
      before[std::string(topic->name())] = {topic->id(), topic->shard()};
    }
  }
  {
    // Another map: the same number of shards, but everything new would go to the pin.
    Bus bus = open({.shards = 3, .pinned = {{.pattern = ">"}}});
    for (const auto& [name, place] : before) {
      const Topic* topic = bus.topic(name).value();
      EXPECT_EQ(topic->id(), place.first);
      EXPECT_EQ(topic->shard(), place.second);
    }
    const Topic* fresh = bus.topic("fresh").value();
    EXPECT_EQ(fresh->id(), 40U);
    EXPECT_EQ(fresh->shard(), 3U);
  }
}

TEST_P(PersistenceConformance, a_topic_that_was_defined_and_never_published_to_is_kept) {
  {
    Bus bus = open();
    ASSERT_TRUE(bus.topic("quiet"));
    ASSERT_TRUE(bus.subscribe({.topic = "awaited"}));
  }
  Bus bus = open();
  EXPECT_EQ(bus.topic("quiet").value()->id(), 0U);
  EXPECT_EQ(bus.topic("awaited").value()->id(), 1U);
}

TEST_P(PersistenceConformance, the_number_of_shards_may_grow) {
  {
    Bus bus = open({.shards = 1});
    ASSERT_TRUE(bus.publish("a", "old"));
  }
  Bus bus = open({.shards = 1, .pinned = {{.pattern = "b"}}});
  ASSERT_TRUE(bus.publish("b", "new"));
  ASSERT_TRUE(bus.publish("a", "newer"));
  bus.close();
  EXPECT_EQ(payloads(0), (std::vector<std::string>{"old", "newer"}));
  EXPECT_EQ(payloads(1), std::vector<std::string>{"new"});
}

TEST_P(PersistenceConformance, fewer_shards_than_topics_need_are_refused_with_what_to_do) {
  {
    Bus bus = open({.pinned = {{.pattern = "a"}}});
    ASSERT_TRUE(bus.publish("a", "x"));
  }
  expect_error(Bus::open({.persistence = maker_->make()}), ErrorCode::invalid_option,
               {"\"a\"", "shard 1", "as many shards"});
}

TEST_P(PersistenceConformance, what_is_journaled_only_grows_and_durable_never_leads) {
  Bus bus = open();
  std::uint64_t last = 0;
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(bus.publish("a", "x"));
    const std::uint64_t durable = persistence_->durable_position(0);
    const std::uint64_t journaled = persistence_->journaled_position(0);
    EXPECT_LE(durable, journaled);
    EXPECT_GE(journaled, last);
    EXPECT_LE(journaled, bus.metrics().shards[0].tail);
    last = journaled;
  }
  test::await([&] { return persistence_->journaled_position(0) == bus.metrics().shards[0].tail; });
}

TEST_P(PersistenceConformance, journaled_events_can_be_read_at_once) {
  Bus bus = open();
  for (std::size_t i = 1; i <= 100; ++i) {
    ASSERT_TRUE(bus.publish("a", "x"));
    const std::uint64_t tail = bus.metrics().shards[0].tail;
    test::await([&] { return persistence_->journaled_position(0) >= tail; });
    ASSERT_EQ(history().size(), i);
  }
}

TEST_P(PersistenceConformance, cursors_are_kept_by_name_and_shard_across_runs) {
  {
    Bus bus = open({.shards = 2});
    EXPECT_EQ(persistence_->load_cursor("mine", 0).value(), std::nullopt);
    ASSERT_TRUE(persistence_->store_cursor("mine", 0, 64));
    ASSERT_TRUE(persistence_->store_cursor("mine", 1, 0));
    ASSERT_TRUE(persistence_->store_cursor("other", 0, 32));
    ASSERT_TRUE(persistence_->store_cursor("mine", 0, 96));
    EXPECT_EQ(persistence_->load_cursor("mine", 0).value(), 96U);
  }
  Bus bus = open({.shards = 2});
  EXPECT_EQ(persistence_->load_cursor("mine", 0).value(), 96U);
  EXPECT_EQ(persistence_->load_cursor("mine", 1).value(), 0U) << "a place at the beginning is a place";
  EXPECT_EQ(persistence_->load_cursor("other", 0).value(), 32U);
  EXPECT_EQ(persistence_->load_cursor("other", 1).value(), std::nullopt);
}

TEST_P(PersistenceConformance, a_subscriber_can_resume_from_its_cursor_and_join_the_live_events) {
  {
    Bus bus = open();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(bus.publish("a", std::to_string(i)));
    ASSERT_TRUE(persistence_->store_cursor("mine", 0, 4 * 32));
  }
  Bus bus = open();
  Subscription live = bus.subscribe({}).value();
  ASSERT_TRUE(bus.publish("a", "10"));
  const std::uint64_t from = persistence_->load_cursor("mine", 0).value().value();
  std::vector<std::string> seen;
  const std::uint64_t joined_at = 10 * 32;
  ASSERT_TRUE(persistence_->read(0, from, [&](const EventView& event) {
    if (event.position() >= joined_at) return false;
    seen.emplace_back(event.text());
    return true;
  }));
  for (const std::string& text : test::texts(live)) seen.push_back(text);
  EXPECT_EQ(seen, (std::vector<std::string>{"4", "5", "6", "7", "8", "9", "10"}));
}

TEST_P(PersistenceConformance, what_is_no_longer_kept_is_a_gap_that_names_the_oldest_position) {
  Bus bus = open();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(bus.publish("a", std::to_string(i)));
  bus.close();
  if (!maker_->forget_below(*persistence_, 0, 5 * 32)) GTEST_SKIP() << "it forgets by rules of its own";
  std::size_t visited = 0;
  expect_error(persistence_->read(0, 0,
                                  [&](const EventView&) {
                                    ++visited;
                                    return true;
                                  }),
               ErrorCode::gap, {"position 0", "160"});
  EXPECT_EQ(visited, 0U);
  EXPECT_EQ(payloads(0, 160), (std::vector<std::string>{"5", "6", "7", "8", "9"}));
}

TEST_P(PersistenceConformance, an_empty_run_leaves_nothing_and_harms_nothing) {
  { Bus bus = open(); }
  {
    Bus bus = open();
    ASSERT_TRUE(bus.publish("a", "x"));
  }
  { Bus bus = open(); }
  EXPECT_EQ(payloads(), std::vector<std::string>{"x"});
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

// The implementations.

class MemoryMaker final : public Maker {
 public:
  std::shared_ptr<Persistence> make() override { return memory_; }
  bool forget_below(Persistence&, std::uint32_t shard, std::uint64_t position) override {
    static_cast<detail::MemoryPersistence&>(*memory_).forget_below(shard, position);
    return true;
  }

 private:
  std::shared_ptr<Persistence> memory_ = memory_persistence();
};

INSTANTIATE_TEST_SUITE_P(Implementations, PersistenceConformance,
                         testing::Values(Implementation{"memory",
                                                        [] { return std::make_unique<MemoryMaker>(); }}),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace sluice
