#include "trading_server/order_table.hpp"

#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include "trading_server/random.hpp"

namespace trading {
namespace {

TEST(OrderTable, finds_what_was_inserted_and_nothing_else) {
  OrderTable table(4);
  table.insert({7, 100, 10, Side::buy});
  ASSERT_NE(table.find(7), nullptr);
  EXPECT_EQ(table.find(7)->price, 100);
  EXPECT_EQ(table.find(8), nullptr);
  EXPECT_EQ(table.find(kNoOrder), nullptr);
}

TEST(OrderTable, is_empty_after_clear) {
  OrderTable table(4);
  for (OrderId id = 1; id <= 100; ++id) table.insert({id, 1, 1, Side::buy});
  table.clear();
  EXPECT_EQ(table.size(), 0U);
  for (OrderId id = 1; id <= 100; ++id) ASSERT_EQ(table.find(id), nullptr) << id;
}

// Few numbers in a small table: orders collide, wrap round the end, and are moved up when one before them
// goes.
TEST(OrderTable, behaves_like_a_map_under_random_insertions_and_removals) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    OrderTable table(seed % 3);
    std::unordered_map<OrderId, Price> expected;
    for (int step = 0; step < 2'000; ++step) {
      const auto id = static_cast<OrderId>(1 + random.below(60));
      RestingOrder* found = table.find(id);
      ASSERT_EQ(found != nullptr, expected.contains(id))
          << "seed " << seed << " step " << step << " id " << id;
      if (found != nullptr) {
        ASSERT_EQ(found->price, expected[id]) << "seed " << seed << " step " << step;
        table.erase(found);
        expected.erase(id);
      } else {
        table.insert({id, step, 1, Side::buy});
        expected[id] = step;
      }
      ASSERT_EQ(table.size(), expected.size());
    }
    for (const auto& [id, price] : expected) ASSERT_EQ(table.find(id)->price, price) << "seed " << seed;
  }
}

}  // namespace
}  // namespace trading
