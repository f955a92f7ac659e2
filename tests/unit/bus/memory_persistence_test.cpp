// What is the memory persistence's own. What it has in common with every other is in the conformance suite.
#include "bus/memory_persistence.hpp"

#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "unit/bus/support.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using detail::MemoryPersistence;
using test::expect_error;
using Texts = std::vector<std::string>;

Texts history(Persistence& persistence, std::uint64_t from = 0) {
  Texts all;
  EXPECT_TRUE(persistence.read(0, from, [&](const EventView& event) {
    all.emplace_back(event.text());
    return true;
  }));
  return all;
}

TEST(MemoryPersistence, promises_nothing_beyond_this_process) {
  const auto memory = std::make_shared<MemoryPersistence>();
  Bus bus = test::open_bus({.persistence = memory});
  ASSERT_TRUE(bus.publish("a", "x"));
  bus.close();
  EXPECT_EQ(memory->durable_position(0), 0U);
  EXPECT_EQ(memory->journaled_position(0), 32U);
  EXPECT_EQ(memory->journaled_position(7), 0U) << "no such shard";
}

TEST(MemoryPersistence, serves_one_bus_at_a_time) {
  const auto memory = memory_persistence();
  Bus first = test::open_bus({.persistence = memory});
  expect_error(Bus::open({.persistence = memory}), ErrorCode::persistence_failed,
               {"still open", "close that first", "memory_persistence()"});
  ASSERT_TRUE(first.publish("a", "x"));
  first.close();
  EXPECT_TRUE(Bus::open({.persistence = memory}));
}

TEST(MemoryPersistence, an_open_that_failed_does_not_keep_it) {
  const auto memory = memory_persistence();
  {
    Bus bus = test::open_bus({.persistence = memory, .pinned = {{.pattern = "a"}}});
    ASSERT_TRUE(bus.publish("a", "x"));
  }
  expect_error(Bus::open({.persistence = memory}), ErrorCode::invalid_option, {"\"a\"", "shard 1"});
  EXPECT_TRUE(Bus::open({.persistence = memory, .pinned = {{.pattern = "a"}}}));
}

TEST(MemoryPersistence, keeps_more_than_any_ring_and_records_of_any_size) {
  const auto memory = memory_persistence();
  Texts expected;
  {
    Bus bus = test::open_bus({.persistence = memory, .capacity_bytes = 1U << 21});
    for (std::size_t i = 0; i < 40; ++i) {
      expected.push_back(std::to_string(i) + std::string(i * 6'000, 'x'));  // up to four chunks' worth
      ASSERT_TRUE(bus.publish("a", expected.back()));
    }
  }
  EXPECT_EQ(history(*memory), expected);
}

TEST(MemoryPersistence, a_read_from_inside_a_record_goes_on_with_the_next) {
  const auto memory = memory_persistence();
  {
    Bus bus = test::open_bus({.persistence = memory});
    ASSERT_TRUE(bus.publish("a", std::string(100, '1')));
    ASSERT_TRUE(bus.publish("a", "2"));
  }
  EXPECT_EQ(history(*memory, 32), Texts{"2"});
  EXPECT_EQ(memory->read(0, 1'000'000, [](const EventView&) { return true; }).value(), 1'000'000U)
      << "from beyond the end there is nothing yet";
}

TEST(MemoryPersistence, a_read_may_go_on_inside_a_visit) {
  const auto memory = memory_persistence();
  {
    Bus bus = test::open_bus({.persistence = memory});
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(bus.publish("a", std::to_string(i)));
  }
  std::size_t nested = 0;
  ASSERT_TRUE(memory->read(0, 0, [&](const EventView& event) {
    nested += history(*memory, event.position()).size();
    return true;
  }));
  EXPECT_EQ(nested, 3U + 2U + 1U);
}

TEST(MemoryPersistence, what_it_was_told_to_forget_is_a_gap_that_names_the_oldest_position) {
  const auto memory = std::make_shared<MemoryPersistence>();
  {
    Bus bus = test::open_bus({.persistence = memory, .capacity_bytes = 1U << 21});
    const std::string text(990, 'x');  // 1,024 bytes each, 64 to a chunk
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(bus.publish("a", text));
  }
  memory->forget_below(0, 100 * 1'024 + 5);
  expect_error(memory->read(0, 0, [](const EventView&) { return true; }), ErrorCode::gap,
               {"position 0", "shard 0", "begins at 102400"});
  EXPECT_EQ(history(*memory, 102'400).size(), 100U);
  memory->forget_below(0, ~std::uint64_t{0});
  expect_error(memory->read(0, 102'400, [](const EventView&) { return true; }), ErrorCode::gap, {"204800"});
  EXPECT_EQ(history(*memory, 204'800), Texts{});
  memory->forget_below(9, 0);
}

TEST(MemoryPersistence, forgetting_while_somebody_reads_takes_nothing_away_under_him_and_hides_no_gap) {
  const auto memory = std::make_shared<MemoryPersistence>();
  {
    Bus bus = test::open_bus({.persistence = memory, .capacity_bytes = 1U << 21});
    const std::string text(990, 'x');
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(bus.publish("a", text));
  }
  std::uint64_t seen = 0;
  const auto read = memory->read(0, 0, [&](const EventView& event) {
    if (seen++ == 0) memory->forget_below(0, 250 * 1'024);
    EXPECT_EQ(event.text().size(), 990U);
    return true;
  });
  EXPECT_LT(seen, 250U);
  EXPECT_GE(seen, 1U);
  expect_error(read, ErrorCode::gap, {"is not kept"});
}

TEST(MemoryPersistence, wrong_shards_and_names_are_refused) {
  const auto memory = memory_persistence();
  { Bus bus = test::open_bus({.persistence = memory}); }
  expect_error(memory->read(1, 0, [](const EventView&) { return true; }), ErrorCode::invalid_option,
               {"shard 1", "below 1"});
  expect_error(memory->store_cursor("c", 1, 0, CursorRetention::gap), ErrorCode::invalid_option,
               {"shard 1", "below 1"});
  expect_error(memory->store_cursor("", 0, 0, CursorRetention::gap), ErrorCode::invalid_option,
               {"name is empty"});
}

TEST(MemoryPersistence, typed_events_are_kept_as_bytes) {
  const auto memory = memory_persistence();
  {
    Bus bus = test::open_bus({.persistence = memory});
    auto numbers = bus.publisher<std::uint64_t>("a").value();
    ASSERT_TRUE(numbers.publish(7));
  }
  std::uint64_t seen = 0;
  ASSERT_TRUE(memory->read(0, 0, [&](const EventView& event) {
    std::memcpy(&seen, event.payload().data(), sizeof seen);
    return true;
  }));
  EXPECT_EQ(seen, 7U);
}

}  // namespace
}  // namespace sluice
