#include "sluice/topic/shard_map.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sluice {
namespace {

Pattern pattern(std::string_view text) {
  return Pattern::parse(text).value();
}

TEST(ShardMap, sends_every_topic_to_the_only_shard) {
  const ShardMap map(1, {});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(map.shard_of("t." + std::to_string(i)), 0U);
}

TEST(ShardMap, takes_no_hashed_shards_for_one) {
  EXPECT_EQ(ShardMap(0, {}).shard_of("a"), 0U);
}

TEST(ShardMap, spreads_unpinned_topics_over_all_hashed_shards) {
  const ShardMap map(7, {});
  std::vector<int> topics(7, 0);
  for (int i = 0; i < 7'000; ++i) {
    const std::uint32_t shard = map.shard_of("md.trades." + std::to_string(i));
    ASSERT_LT(shard, 7U);
    ++topics[shard];
  }
  // Some 30 is one standard deviation; the hash has no seed, so this either holds or it does not.
  for (const int count : topics) EXPECT_NEAR(count, 1'000, 200);
}

TEST(ShardMap, gives_a_topic_the_same_shard_every_time) {
  EXPECT_EQ(ShardMap(16, {}).shard_of("orders.new"), ShardMap(16, {}).shard_of("orders.new"));
}

TEST(ShardMap, lets_the_first_matching_pin_win_over_later_pins_and_the_hash) {
  const ShardMap map(2, {{pattern("md.fx.*"), 5}, {pattern("md.>"), 9}});
  EXPECT_EQ(map.shard_of("md.fx.EURUSD"), 5U);
  EXPECT_EQ(map.shard_of("md.trades.AAPL"), 9U);
  EXPECT_LT(map.shard_of("orders.new"), 2U);
}

}  // namespace
}  // namespace sluice
