// The places that readers of history know: where to read from, how far it is kept, and cursors by name.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "conformance/persistence_conformance.hpp"

namespace sluice::conformance {
namespace {

using test::expect_error;

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
    ASSERT_TRUE(persistence_->store_cursor("mine", 0, 64, CursorRetention::gap));
    ASSERT_TRUE(persistence_->store_cursor("mine", 1, 0, CursorRetention::gap));
    ASSERT_TRUE(persistence_->store_cursor("other", 0, 32, CursorRetention::gap));
    ASSERT_TRUE(persistence_->store_cursor("mine", 0, 96, CursorRetention::gap));
    EXPECT_EQ(persistence_->load_cursor("mine", 0).value(), 96U);
  }
  Bus bus = open({.shards = 2});
  EXPECT_EQ(persistence_->load_cursor("mine", 0).value(), 96U);
  EXPECT_EQ(persistence_->load_cursor("mine", 1).value(), 0U) << "a place at the beginning is a place";
  EXPECT_EQ(persistence_->load_cursor("other", 0).value(), 32U);
  EXPECT_EQ(persistence_->load_cursor("other", 1).value(), std::nullopt);
}

TEST_P(PersistenceConformance, a_cursor_that_was_removed_is_new_in_this_run_and_the_next) {
  {
    Bus bus = open();
    ASSERT_TRUE(persistence_->store_cursor("mine", 0, 64, CursorRetention::hold));
    ASSERT_TRUE(persistence_->store_cursor("other", 0, 32, CursorRetention::gap));
    ASSERT_TRUE(persistence_->remove_cursor("mine", 0));
    ASSERT_TRUE(persistence_->remove_cursor("nobody", 0)) << "none of that name is fine";
    EXPECT_EQ(persistence_->load_cursor("mine", 0).value(), std::nullopt);
  }
  Bus bus = open();
  EXPECT_EQ(persistence_->load_cursor("mine", 0).value(), std::nullopt);
  EXPECT_EQ(persistence_->load_cursor("other", 0).value(), 32U);
}

TEST_P(PersistenceConformance, a_subscriber_can_resume_from_its_cursor_and_join_the_live_events) {
  {
    Bus bus = open();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(bus.publish("a", std::to_string(i)));
    ASSERT_TRUE(persistence_->store_cursor("mine", 0, 4 * 32, CursorRetention::gap));
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

}  // namespace
}  // namespace sluice::conformance
