// How one run of a log follows another: its events, topics and shards.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "conformance/persistence_conformance.hpp"

namespace sluice::conformance {
namespace {

using test::expect_error;

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

TEST_P(PersistenceConformance, an_empty_run_leaves_nothing_and_harms_nothing) {
  { Bus bus = open(); }
  {
    Bus bus = open();
    ASSERT_TRUE(bus.publish("a", "x"));
  }
  { Bus bus = open(); }
  EXPECT_EQ(payloads(), std::vector<std::string>{"x"});
}

}  // namespace
}  // namespace sluice::conformance
