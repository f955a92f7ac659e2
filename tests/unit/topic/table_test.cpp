#include "sluice/topic/table.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sluice {
namespace {

Pattern pattern(std::string_view text) {
  return Pattern::parse(text).value();
}

std::string numbered(std::uint32_t i) {
  return "md.trades." + std::to_string(i);
}

TEST(TopicTable, gives_ids_from_zero_in_the_order_of_interning) {
  TopicTable table({}, ShardMap(1, {}));
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.intern("a").value()->id(), 0U);
  EXPECT_EQ(table.intern("b").value()->id(), 1U);
  EXPECT_EQ(table.intern("a").value()->id(), 0U) << "a known name keeps its id";
  EXPECT_EQ(table.size(), 2U);
}

TEST(TopicTable, finds_by_name_and_by_id_what_was_interned_and_nothing_else) {
  TopicTable table({}, ShardMap(1, {}));
  EXPECT_EQ(table.find("orders.new"), nullptr);
  EXPECT_EQ(table.by_id(0), nullptr);
  const Topic* topic = table.intern("orders.new").value();
  EXPECT_EQ(table.find("orders.new"), topic);
  EXPECT_EQ(table.by_id(0), topic);
  EXPECT_EQ(topic->name(), "orders.new");
  EXPECT_EQ(table.by_id(1), nullptr);
  EXPECT_EQ(table.by_id(0xFFFF'FFFF), nullptr);
  for (const std::string_view unknown : {"", "orders", "orders.new.eu", "orders.*", ">"}) {
    EXPECT_EQ(table.find(unknown), nullptr) << unknown;
  }
  EXPECT_EQ(table.find(std::string(100'000, 'a')), nullptr);
}

TEST(TopicTable, keeps_every_topic_in_place_while_it_grows) {
  constexpr std::uint32_t kCount = 5'000;  // Several chunks, and several generations of the name index.
  TopicTable table({}, ShardMap(4, {}));
  std::vector<const Topic*> topics;
  for (std::uint32_t i = 0; i < kCount; ++i) topics.push_back(table.intern(numbered(i)).value());
  for (std::uint32_t i = 0; i < kCount; ++i) {
    ASSERT_EQ(table.find(numbered(i)), topics[i]);
    ASSERT_EQ(table.by_id(i), topics[i]);
    ASSERT_EQ(topics[i]->id(), i);
    ASSERT_EQ(topics[i]->name(), numbered(i));
    ASSERT_EQ(topics[i]->shard(), ShardMap(4, {}).shard_of(numbered(i)));
  }
}

TEST(TopicTable, puts_topics_where_pins_say) {
  TopicTable table({}, ShardMap(1, {{pattern("md.>"), 3}}));
  EXPECT_EQ(table.intern("md.fx").value()->shard(), 3U);
  EXPECT_EQ(table.intern("orders").value()->shard(), 0U);
}

TEST(TopicTable, refuses_invalid_names_and_stays_as_it_was) {
  TopicTable table({}, ShardMap(1, {}));
  EXPECT_EQ(table.intern("").error().code, ErrorCode::missing_topic);
  EXPECT_EQ(table.intern("a.*").error().code, ErrorCode::wildcard_in_topic);
  EXPECT_EQ(table.intern("a b").error().code, ErrorCode::invalid_topic);
  EXPECT_EQ(table.size(), 0U);
}

TEST(TopicTable, refuses_one_topic_more_than_max_topics_and_still_knows_the_others) {
  TopicTable table({.max_topics = 2}, ShardMap(1, {}));
  ASSERT_TRUE(table.intern("a"));
  ASSERT_TRUE(table.intern("b"));
  const auto refused = table.intern("c");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::too_many_topics);
  EXPECT_NE(refused.error().message.find("\"c\""), std::string::npos);
  EXPECT_NE(refused.error().message.find("max_topics, 2"), std::string::npos) << refused.error();
  EXPECT_EQ(table.intern("b").value()->id(), 1U);
  EXPECT_EQ(table.find("c"), nullptr);
}

TEST(TopicTable, refuses_options_out_of_range_naming_field_and_range) {
  const auto reason = [](TopicTableOptions options) {
    const auto checked = options.validate();
    EXPECT_FALSE(checked);
    EXPECT_THROW(TopicTable(options, ShardMap(1, {})), BadResult);
    return checked ? "" : checked.error().message;
  };
  EXPECT_NE(reason({.max_topics = 0}).find("max_topics is 0"), std::string::npos);
  EXPECT_NE(reason({.max_topics = (1U << 24) + 1}).find("16777216"), std::string::npos);
  EXPECT_NE(reason({.max_filters = 0}).find("max_filters is 0"), std::string::npos);
  EXPECT_NE(reason({.max_filters = 65}).find("multiple of 64"), std::string::npos);
  EXPECT_NE(reason({.max_filters = 1088}).find("1024"), std::string::npos);
  EXPECT_TRUE(TopicTableOptions{}.validate());
  EXPECT_TRUE((TopicTableOptions{.max_topics = 1U << 24, .max_filters = 1024}.validate()));
}

TEST(TopicTableDefinition, is_recorded_before_the_topic_can_be_found) {
  TopicTable* seen_by = nullptr;
  std::vector<std::string> recorded;
  TopicTable table({}, ShardMap(1, {}), [&](const Topic& topic) -> Result<void> {
    EXPECT_EQ(seen_by->find(topic.name()), nullptr);
    EXPECT_EQ(seen_by->by_id(topic.id()), nullptr);
    recorded.push_back(std::to_string(topic.id()) + " " + std::string(topic.name()));
    return {};
  });
  seen_by = &table;
  ASSERT_TRUE(table.intern("a"));
  ASSERT_TRUE(table.intern("b"));
  ASSERT_TRUE(table.intern("a"));
  EXPECT_EQ(recorded, (std::vector<std::string>{"0 a", "1 b"}));
}

/// A table whose definitions are refused, or made to throw, while a reason is set.
class RefusingTable : public ::testing::Test {
 protected:
  std::optional<Error> refusal_;
  std::string thrown_;
  TopicTable table_{{}, ShardMap(1, {}), [this](const Topic&) -> Result<void> {
                      if (!thrown_.empty()) throw std::runtime_error(thrown_);
                      return refusal_ ? Result<void>(*refusal_) : Result<void>();
                    }};
};

TEST_F(RefusingTable, does_not_define_what_was_refused) {
  refusal_ = Error{ErrorCode::persistence_failed, "the disk is full"};
  const auto refused = table_.intern("a");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "the disk is full");
  EXPECT_EQ(table_.find("a"), nullptr);
  EXPECT_EQ(table_.size(), 0U);
  refusal_.reset();
  EXPECT_EQ(table_.intern("a").value()->id(), 0U) << "the id was not used up";
}

TEST_F(RefusingTable, leaves_nothing_of_a_refused_topic_in_filters_or_interest) {
  const auto filter = table_.add_filter(pattern("a.*"), 0).value();
  refusal_ = Error{ErrorCode::persistence_failed, "the disk is full"};
  ASSERT_FALSE(table_.intern("a.b"));
  refusal_.reset();
  const Topic* other = table_.intern("z").value();
  ASSERT_EQ(other->id(), 0U);
  EXPECT_FALSE(filter->matches(0));
  EXPECT_FALSE(other->wanted_by(0));
}

TEST_F(RefusingTable, passes_an_exception_on_and_is_whole_afterwards) {
  thrown_ = "no";
  EXPECT_THROW((void)table_.intern("a"), std::runtime_error);
  EXPECT_THROW((void)table_.add_filter(pattern("a"), 0), std::runtime_error);
  thrown_.clear();
  EXPECT_EQ(table_.size(), 0U);
  EXPECT_EQ(table_.intern("a").value()->id(), 0U);
}

TEST_F(RefusingTable, takes_no_filter_of_a_topic_that_could_not_be_defined) {
  refusal_ = Error{ErrorCode::persistence_failed, "the disk is full"};
  EXPECT_EQ(table_.add_filter(pattern("a"), 0).error().code, ErrorCode::persistence_failed);
  refusal_.reset();
  EXPECT_TRUE(table_.add_filter(pattern("a"), 0)) << "the slot stayed free";
}

TEST(TopicTableRestore, brings_definitions_back_without_asking_anybody) {
  TopicTable table({}, ShardMap(1, {{pattern("a"), 5}}), [](const Topic&) {
    return Error{ErrorCode::persistence_failed, "asked"};
  });
  const Topic* topic = table.restore("a", 0, 2).value();
  EXPECT_EQ(topic->shard(), 2U) << "the kept shard, not the pinned one";
  EXPECT_EQ(table.find("a"), topic);
  EXPECT_EQ(table.by_id(0), topic);
  EXPECT_EQ(table.intern("a").value(), topic);
}

TEST(TopicTableRestore, refuses_ids_out_of_order_and_names_kept_twice) {
  TopicTable table({}, ShardMap(1, {}));
  ASSERT_TRUE(table.restore("a", 0, 0));
  const auto gap = table.restore("c", 2, 0);
  ASSERT_FALSE(gap);
  EXPECT_EQ(gap.error().code, ErrorCode::persistence_failed);
  EXPECT_NE(gap.error().message.find("id 2 where id 1 is next"), std::string::npos) << gap.error();
  EXPECT_EQ(table.restore("c", 0, 0).error().code, ErrorCode::persistence_failed);
  const auto twice = table.restore("a", 1, 0);
  ASSERT_FALSE(twice);
  EXPECT_NE(twice.error().message.find("ids 0 and 1"), std::string::npos) << twice.error();
  EXPECT_EQ(table.restore("a b", 1, 0).error().code, ErrorCode::invalid_topic);
  EXPECT_TRUE(table.restore("b", 1, 0));
}

}  // namespace
}  // namespace sluice
