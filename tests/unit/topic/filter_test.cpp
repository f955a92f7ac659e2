#include "sluice/topic/filter.hpp"

#include <set>

#include <gtest/gtest.h>

namespace sluice {
namespace {

Pattern pattern(std::string_view text) {
  return Pattern::parse(text).value();
}

TEST(TopicBitmap, holds_the_ids_that_were_set_and_no_other) {
  TopicBitmap bitmap(10'000);
  const std::set<std::uint32_t> ids = {0, 1, 63, 64, 4095, 4096, 8191, 9999};
  for (const std::uint32_t id : ids) {
    bitmap.reserve(id);
    bitmap.set(id);
  }
  for (std::uint32_t id = 0; id < 10'000; ++id) ASSERT_EQ(bitmap.test(id), ids.count(id) == 1) << id;
}

TEST(TopicBitmap, is_indifferent_to_ids_beyond_its_capacity) {
  TopicBitmap bitmap(100);
  for (const std::uint32_t id : {100U, 101U, 4096U, 0xFFFF'FFFFU}) {
    bitmap.reserve(id);
    bitmap.set(id);
    EXPECT_FALSE(bitmap.test(id)) << id;
  }
}

TEST(TopicBitmap, leaves_out_an_id_that_was_not_reserved) {
  TopicBitmap bitmap(100);
  bitmap.set(7);
  EXPECT_FALSE(bitmap.test(7));
}

TEST(TopicFilter, of_the_firehose_wants_every_id) {
  const TopicFilter filter(Pattern::everything(), 10);
  EXPECT_TRUE(filter.matches_everything());
  EXPECT_TRUE(filter.matches(0));
  EXPECT_TRUE(filter.matches(9'999'999));
}

TEST(TopicFilter, of_an_exact_pattern_wants_one_id) {
  const TopicFilter filter(pattern("a.b"), TopicFilter::ExactId{70});
  EXPECT_TRUE(filter.matches(70));
  EXPECT_FALSE(filter.matches(6));
  EXPECT_FALSE(filter.matches(71));
  EXPECT_FALSE(filter.matches_everything());
}

TEST(TopicFilter, of_a_wildcard_wants_what_was_added) {
  TopicFilter filter(pattern("a.*"), 1000);
  EXPECT_FALSE(filter.matches(5));
  filter.reserve(5);
  EXPECT_FALSE(filter.matches(5)) << "room is not membership";
  filter.add(5);
  EXPECT_TRUE(filter.matches(5));
  EXPECT_FALSE(filter.matches(4));
  EXPECT_EQ(filter.pattern().text(), "a.*");
}

}  // namespace
}  // namespace sluice
