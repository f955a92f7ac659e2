#include <algorithm>
#include <atomic>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/topic/table.hpp"

namespace sluice {
namespace {

constexpr std::uint32_t kThreads = 4;
constexpr std::uint32_t kNames = 600;  // Three chunks of topics and four generations of the name index.

Pattern pattern(std::string_view text) {
  return Pattern::parse(text).value();
}

std::string name_of(std::uint32_t i) {
  return std::string(i % 2 == 0 ? "even." : "odd.") + std::to_string(i % 7) + "." + std::to_string(i);
}

/// The numbers of all names, in an order that depends on the seed alone.
std::vector<std::uint32_t> shuffled(std::uint32_t seed) {
  std::vector<std::uint32_t> order(kNames);
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), std::mt19937(seed));
  return order;
}

TEST(TopicTableConcurrency, gives_each_name_one_id_while_filters_come_and_go) {
  TopicTable table({.max_topics = kNames}, ShardMap(3, {}));
  const std::vector<std::string> patterns = {"even.>", "odd.*.*", "*.3.*", ">", "even.0.14", "none.*"};
  std::vector<std::vector<const Topic*>> seen(kThreads, std::vector<const Topic*>(kNames));
  std::atomic<std::uint32_t> interning{kThreads};

  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (const std::uint32_t i : shuffled(t + 1)) seen[t][i] = table.intern(name_of(i)).value();
      // Relaxed: it only tells the filters' thread when to stop.
      interning.fetch_sub(1, std::memory_order_relaxed);
    });
  }
  // Meanwhile the slots 0 to 5 change hands, so that filters are made at every state of the table. The last
  // round is left in place, and one member joins slot 0's filter.
  std::vector<std::shared_ptr<const TopicFilter>> live(patterns.size());
  std::uint32_t rounds = 0;
  do {
    for (std::uint32_t slot = 0; slot < patterns.size(); ++slot) {
      table.remove_filter(slot);
      live[slot] = table.add_filter(pattern(patterns[(slot + rounds) % patterns.size()]), slot).value();
    }
    ++rounds;
    // Relaxed: the threads are joined before anything of theirs is read.
  } while (interning.load(std::memory_order_relaxed) != 0);
  EXPECT_TRUE(table.add_interest(40, live[0]));
  for (std::thread& thread : threads) thread.join();

  ASSERT_EQ(table.size(), kNames) << "ids are dense; the exact pattern's topic is one of the names";
  for (std::uint32_t i = 0; i < kNames; ++i) {
    const Topic* topic = table.find(name_of(i));
    ASSERT_NE(topic, nullptr) << name_of(i);
    ASSERT_EQ(topic->name(), name_of(i));
    ASSERT_EQ(table.by_id(topic->id()), topic);
    for (std::uint32_t t = 0; t < kThreads; ++t) ASSERT_EQ(seen[t][i], topic) << "thread " << t;
    for (std::uint32_t slot = 0; slot < patterns.size(); ++slot) {
      const bool wanted = live[slot]->pattern().matches(topic->name());
      ASSERT_EQ(live[slot]->matches(topic->id()), wanted) << topic->name() << " slot " << slot;
      ASSERT_EQ(topic->wanted_by(slot), wanted) << topic->name() << " slot " << slot;
    }
    ASSERT_EQ(topic->wanted_by(40), live[0]->matches(topic->id()));
  }
}

TEST(TopicTableConcurrency, lets_nobody_find_a_topic_that_a_live_filter_does_not_know) {
  constexpr std::uint32_t kChased = 5'000;
  TopicTable table({.max_topics = kChased}, ShardMap(1, {}));
  const auto filter = table.add_filter(pattern("*.*.*"), 9).value();
  std::atomic<std::uint32_t> wrong{0};
  std::atomic<bool> done{false};
  // Waits until the topic can be found, or until it should have been, and checks what is promised of it then.
  const auto await = [&](auto find) {
    const Topic* topic = find();
    // SYNC test_done: every topic was interned before.
    for (bool last_look = false; topic == nullptr && !last_look; topic = find()) {
      last_look = done.load(std::memory_order_acquire);
      std::this_thread::yield();
    }
    const bool right = topic != nullptr && filter->matches(topic->id()) && topic->wanted_by(9);
    // Relaxed: a count, read after the joins.
    if (!right) wrong.fetch_add(1, std::memory_order_relaxed);
  };
  std::thread by_name([&] {
    for (std::uint32_t i = 0; i < kChased; ++i) await([&] { return table.find(name_of(i)); });
  });
  std::thread by_id([&] {
    for (std::uint32_t id = 0; id < kChased; ++id) await([&] { return table.by_id(id); });
  });
  for (std::uint32_t i = 0; i < kChased; ++i) EXPECT_TRUE(table.intern(name_of(i)));
  // SYNC test_done: every topic was interned before.
  done.store(true, std::memory_order_release);
  by_name.join();
  by_id.join();
  EXPECT_EQ(wrong.load(std::memory_order_relaxed), 0U);
}

}  // namespace
}  // namespace sluice
