#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/topic/table.hpp"

namespace sluice {
namespace {

Pattern pattern(std::string_view text) {
  return Pattern::parse(text).value();
}

class TopicTableFilters : public ::testing::Test {
 protected:
  const Topic& topic(std::string_view name) { return *table_.intern(name).value(); }
  std::shared_ptr<const TopicFilter> filter(std::string_view text, std::uint32_t slot) {
    return table_.add_filter(pattern(text), slot).value();
  }

  TopicTable table_{{.max_filters = 128}, ShardMap(1, {})};
};

TEST_F(TopicTableFilters, know_the_topics_that_were_there_before_and_those_that_come_after) {
  const Topic& before = topic("md.fx");
  const Topic& other = topic("orders");
  const auto md = filter("md.*", 3);
  const Topic& after = topic("md.trades");
  const Topic& another = topic("orders.new");
  for (const Topic* wanted : {&before, &after}) {
    EXPECT_TRUE(md->matches(wanted->id())) << wanted->name();
    EXPECT_TRUE(wanted->wanted_by(3)) << wanted->name();
  }
  for (const Topic* unwanted : {&other, &another}) {
    EXPECT_FALSE(md->matches(unwanted->id())) << unwanted->name();
    EXPECT_FALSE(unwanted->wanted_by(3)) << unwanted->name();
  }
}

TEST_F(TopicTableFilters, of_the_firehose_interest_every_topic) {
  const Topic& before = topic("a");
  EXPECT_TRUE(filter("", 0)->matches_everything());
  EXPECT_TRUE(before.wanted_by(0));
  EXPECT_TRUE(topic("b").wanted_by(0));
}

TEST_F(TopicTableFilters, of_an_exact_pattern_intern_its_topic) {
  const auto exact = filter("orders.new", 1);
  const Topic* interned = table_.find("orders.new");
  ASSERT_NE(interned, nullptr);
  EXPECT_TRUE(exact->matches(interned->id()));
  EXPECT_TRUE(interned->wanted_by(1));
  EXPECT_FALSE(topic("orders.old").wanted_by(1));
  EXPECT_FALSE(exact->matches(topic("orders.old").id()));
}

TEST_F(TopicTableFilters, set_the_bit_of_their_own_slot_only) {
  const Topic& wanted = topic("a");
  (void)filter("a", 0);
  (void)filter("*", 63);
  (void)filter(">", 64);
  (void)filter("b", 65);
  ASSERT_EQ(table_.interest_words(), 2U);
  EXPECT_EQ(wanted.interest(0).load(std::memory_order_relaxed), 1U | std::uint64_t{1} << 63U);
  EXPECT_EQ(wanted.interest(1).load(std::memory_order_relaxed), 1U);
  EXPECT_EQ(&wanted.interest(1), wanted.interest_data() + 1);
}

TEST_F(TopicTableFilters, clear_their_interest_when_removed_and_free_the_slot) {
  const Topic& before = topic("a");
  (void)filter("*", 7);
  (void)filter(">", 8);
  table_.remove_filter(7);
  EXPECT_FALSE(before.wanted_by(7));
  EXPECT_TRUE(before.wanted_by(8)) << "another slot's bit is untouched";
  EXPECT_FALSE(topic("b").wanted_by(7)) << "new topics don't see a removed filter";
  EXPECT_TRUE(filter("b", 7)->matches(topic("b").id()));
}

TEST_F(TopicTableFilters, outlive_their_removal_and_the_table_for_who_holds_them) {
  std::shared_ptr<const TopicFilter> held;
  std::uint32_t id = 0;
  {
    TopicTable table({}, ShardMap(1, {}));
    id = table.intern("a.b").value()->id();
    held = table.add_filter(pattern("a.*"), 0).value();
    table.remove_filter(0);
  }
  EXPECT_TRUE(held->matches(id));
}

TEST_F(TopicTableFilters, ignore_the_removal_of_what_is_not_there) {
  const Topic& a = topic("a");
  (void)filter(">", 0);
  table_.remove_filter(1);
  table_.remove_filter(128);
  table_.remove_filter(0xFFFF'FFFF);
  EXPECT_TRUE(a.wanted_by(0));
}

TEST_F(TopicTableFilters, refuse_a_taken_slot_and_one_that_does_not_exist) {
  (void)filter("a.*", 0);
  const auto taken = table_.add_filter(pattern("b.*"), 0);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::invalid_option);
  EXPECT_NE(taken.error().message.find("\"a.*\""), std::string::npos) << taken.error();
  const auto beyond = table_.add_filter(pattern("b"), 128);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, ErrorCode::invalid_option);
  EXPECT_EQ(table_.find("b"), nullptr) << "a refused filter interns nothing";
}

TEST_F(TopicTableFilters, are_shared_by_group_members_each_with_its_own_bit) {
  const Topic& before = topic("a.x");
  const auto shared = filter("a.*", 0);
  ASSERT_TRUE(table_.add_interest(64, shared));
  EXPECT_TRUE(before.wanted_by(64));
  EXPECT_TRUE(topic("a.y").wanted_by(0));
  EXPECT_TRUE(topic("a.y").wanted_by(64));

  table_.remove_filter(0);
  const Topic& later = topic("a.z");
  EXPECT_TRUE(shared->matches(later.id())) << "the other member keeps the filter current";
  EXPECT_TRUE(later.wanted_by(64));
  EXPECT_FALSE(later.wanted_by(0));
  EXPECT_FALSE(before.wanted_by(0));
}

TEST_F(TopicTableFilters, are_shared_only_while_a_slot_has_them) {
  const auto gone = filter("a.*", 0);
  table_.remove_filter(0);
  const auto refused = table_.add_interest(1, gone);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_option);
  EXPECT_NE(refused.error().message.find("\"a.*\""), std::string::npos) << refused.error();
  EXPECT_FALSE(table_.add_interest(1, nullptr));

  const auto live = filter("b.*", 2);
  EXPECT_FALSE(table_.add_interest(2, live)) << "its own slot is taken";
  EXPECT_FALSE(table_.add_interest(128, live));
  EXPECT_TRUE(table_.add_interest(1, live));
}

TEST(TopicTableManyFilters, keep_every_bit_of_1024_slots) {
  TopicTable table({.max_topics = 300, .max_filters = 1024}, ShardMap(1, {}));
  const Topic* before = table.intern("a").value();
  for (std::uint32_t slot = 0; slot < 1024; slot += 2) ASSERT_TRUE(table.add_filter(pattern("*"), slot));
  const Topic* after = table.intern("b").value();
  for (std::uint32_t slot = 0; slot < 1024; ++slot) {
    ASSERT_EQ(before->wanted_by(slot), slot % 2 == 0) << slot;
    ASSERT_EQ(after->wanted_by(slot), slot % 2 == 0) << slot;
  }
}

}  // namespace
}  // namespace sluice
