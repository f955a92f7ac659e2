#include "trading_server/feed.hpp"

#include <gtest/gtest.h>

#include "order_flow.hpp"

namespace trading {
namespace {

TEST(RecordedFeed, gives_each_pass_as_a_day_of_its_own) {
  RecordedFeed feed({submission(1, Side::buy, 100, 5), submission(2, Side::sell, 110, 5)}, 3);
  for (std::uint64_t day = 1; day <= 3; ++day) {
    const Batch batch = feed.next();
    EXPECT_EQ(batch.messages.size(), 2U);
    EXPECT_EQ(batch.day, day);
    EXPECT_TRUE(batch.opens_day);
    EXPECT_TRUE(batch.closes_day);
    EXPECT_EQ(batch.closing.best_bid, 100);
    EXPECT_EQ(batch.closing.best_ask, 110);
    EXPECT_EQ(batch.closing.messages, 2U);
  }
  EXPECT_TRUE(feed.next().messages.empty());
  EXPECT_TRUE(feed.next().messages.empty());
}

TEST(RecordedFeed, of_no_number_of_passes_is_endless) {
  RecordedFeed feed({submission(1, Side::buy, 100, 5)}, 0);
  for (int pass = 0; pass < 1'000; ++pass) ASSERT_FALSE(feed.next().messages.empty());
}

/// Follows a feed to its end with a book, and checks every closing on the way.
std::uint64_t follow(Feed& feed, std::uint64_t& days) {
  std::uint64_t messages = 0;
  Book book;
  for (Batch batch = feed.next(); !batch.messages.empty(); batch = feed.next()) {
    if (batch.opens_day) {
      book.start_day();
      ++days;
    }
    EXPECT_EQ(batch.day, days);
    for (const OrderMessage& message : batch.messages) book.apply(message);
    messages += batch.messages.size();
    if (batch.closes_day) {
      EXPECT_EQ(book.summary(), batch.closing) << "day " << batch.day;
    }
  }
  return messages;
}

TEST(GeneratedFeed, gives_as_many_messages_as_asked_for_in_days_that_close_as_announced) {
  for (const std::uint64_t limit :
       {std::uint64_t{1}, std::uint64_t{255}, std::uint64_t{256}, std::uint64_t{257},
        GeneratedFeed::kMessagesPerDay, GeneratedFeed::kMessagesPerDay + 1}) {
    GeneratedFeed feed(1, limit);
    std::uint64_t days = 0;
    EXPECT_EQ(follow(feed, days), limit);
    EXPECT_EQ(days, limit > GeneratedFeed::kMessagesPerDay ? 2U : 1U) << limit;
  }
}

TEST(GeneratedFeed, without_a_limit_is_endless) {
  GeneratedFeed feed(1, 0);
  for (int batch = 0; batch < 1'000; ++batch) ASSERT_FALSE(feed.next().messages.empty());
}

}  // namespace
}  // namespace trading
