#include "sluice/topic/topic.hpp"

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/topic/table.hpp"

namespace sluice {
namespace {

class TopicTest : public ::testing::Test {
 protected:
  const Topic& topic(std::string_view name) { return *table_.intern(name).value(); }

  TopicTable table_{{.max_topics = 100}, ShardMap(1, {})};
};

bool says(const Error& error, std::string_view part) {
  return error.message.find(part) != std::string::npos;
}

TEST_F(TopicTest, is_one_aligned_cache_line) {
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&topic("a")) % 64, 0U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&topic("b")) % 64, 0U);
}

TEST_F(TopicTest, has_no_type_until_one_is_bound) {
  EXPECT_EQ(topic("trades").type(), nullptr);
  ASSERT_TRUE(topic("trades").bind_type({.hash = 7, .size = 16, .name = "Trade"}));
  ASSERT_NE(topic("trades").type(), nullptr);
  EXPECT_EQ(*topic("trades").type(), (TypeIdentity{.hash = 7, .size = 16, .name = "Trade"}));
}

TEST_F(TopicTest, accepts_the_same_type_again_and_keeps_the_first_identity) {
  ASSERT_TRUE(topic("trades").bind_type({.hash = 7, .size = 16, .name = "Trade"}));
  const TypeIdentity* first = topic("trades").type();
  EXPECT_TRUE(topic("trades").bind_type({.hash = 7, .size = 16, .name = "Trade"}));
  EXPECT_EQ(topic("trades").type(), first);
}

TEST_F(TopicTest, refuses_another_type_naming_both_and_their_sizes) {
  ASSERT_TRUE(topic("trades").bind_type({.hash = 7, .size = 16, .name = "Trade"}));
  const auto refused = topic("trades").bind_type({.hash = 8, .size = 24, .name = "Quote"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::type_mismatch);
  for (const std::string_view part : {"\"trades\"", "Trade (16 bytes)", "Quote (24 bytes)"}) {
    EXPECT_TRUE(says(refused.error(), part)) << refused.error();
  }
  EXPECT_EQ(topic("trades").type()->name, "Trade");
}

TEST_F(TopicTest, refuses_types_that_differ_in_one_field_only) {
  ASSERT_TRUE(topic("trades").bind_type({.hash = 7, .size = 16, .name = "Trade"}));
  EXPECT_FALSE(topic("trades").bind_type({.hash = 7, .size = 24, .name = "Trade"}));
  EXPECT_FALSE(topic("trades").bind_type({.hash = 7, .size = 16, .name = "Quote"}));
  const auto layout = topic("trades").bind_type({.hash = 8, .size = 16, .name = "Trade"});
  ASSERT_FALSE(layout);
  EXPECT_TRUE(says(layout.error(), "another layout")) << layout.error();
}

TEST(TopicType, is_one_of_those_that_two_threads_bind_at_once_and_only_its_binder_is_told_so) {
  constexpr std::uint32_t kTopics = 1'000;
  TopicTable table({}, ShardMap(1, {}));
  for (std::uint32_t i = 0; i < kTopics; ++i) ASSERT_TRUE(table.intern("t." + std::to_string(i)));
  std::array<std::vector<bool>, 2> accepted;
  std::atomic<std::uint32_t> arrived{0};
  const auto bind_all = [&](std::uint32_t thread) {
    for (std::uint32_t id = 0; id < kTopics; ++id) {
      // Both meet at every topic, so that they bind it as nearly at once as can be. Relaxed: only the count
      // counts.
      arrived.fetch_add(1, std::memory_order_relaxed);
      while (arrived.load(std::memory_order_relaxed) < 2 * (id + 1)) std::this_thread::yield();
      const TypeIdentity mine{.hash = thread, .size = thread, .name = std::to_string(thread)};
      accepted[thread].push_back(table.by_id(id)->bind_type(mine).has_value());
    }
  };
  std::thread other(bind_all, 1);
  bind_all(0);
  other.join();
  for (std::uint32_t id = 0; id < kTopics; ++id) {
    for (std::uint32_t thread = 0; thread < 2; ++thread) {
      ASSERT_EQ(accepted[thread][id], table.by_id(id)->type()->hash == thread) << "topic " << id;
    }
  }
}

}  // namespace
}  // namespace sluice
