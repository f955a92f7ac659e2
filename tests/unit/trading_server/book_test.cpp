#include "trading_server/book.hpp"

#include <gtest/gtest.h>

#include "order_flow.hpp"

namespace trading {
namespace {

TEST(Book, is_empty_at_first) {
  const Book book;
  EXPECT_EQ(book.summary(), BookSummary{});
  EXPECT_FALSE(book.best_bid());
  EXPECT_FALSE(book.best_ask());
}

TEST(Book, keeps_the_highest_bid_and_the_lowest_ask) {
  Book book;
  book.submit(1, Side::buy, 100, 10);
  book.submit(2, Side::buy, 102, 10);
  book.submit(3, Side::buy, 101, 10);
  book.submit(4, Side::sell, 110, 10);
  book.submit(5, Side::sell, 105, 10);
  book.submit(6, Side::sell, 120, 10);
  EXPECT_EQ(book.best_bid(), 102);
  EXPECT_EQ(book.best_ask(), 105);
}

TEST(Book, falls_back_to_the_next_price_when_the_best_is_deleted) {
  Book book;
  book.submit(1, Side::buy, 100, 10);
  book.submit(2, Side::buy, 102, 10);
  book.remove(2);
  EXPECT_EQ(book.best_bid(), 100);
  book.remove(1);
  EXPECT_FALSE(book.best_bid());
}

TEST(Book, keeps_a_price_while_any_order_rests_there) {
  Book book;
  book.submit(1, Side::sell, 100, 10);
  book.submit(2, Side::sell, 100, 20);
  book.remove(1);
  EXPECT_EQ(book.best_ask(), 100);
  book.remove(2);
  EXPECT_FALSE(book.best_ask());
}

TEST(Book, takes_an_order_away_when_its_last_share_has_traded) {
  Book book;
  book.submit(1, Side::buy, 100, 10);
  book.reduce(1, 4);
  EXPECT_EQ(book.best_bid(), 100);
  book.reduce(1, 6);
  EXPECT_FALSE(book.best_bid());
  EXPECT_EQ(book.summary().live_orders, 0U);
  EXPECT_EQ(book.summary().inconsistent, 0U);
}

TEST(Book, counts_messages_on_orders_that_it_never_saw_and_is_not_changed_by_them) {
  Book book;
  book.submit(1, Side::buy, 100, 10);
  book.reduce(7, 5);
  book.remove(8);
  const BookSummary summary = book.summary();
  EXPECT_EQ(summary.unknown_orders, 2U);
  EXPECT_EQ(summary.messages, 3U);
  EXPECT_EQ(summary.live_orders, 1U);
  EXPECT_EQ(summary.best_bid, 100);
}

TEST(Book, reports_a_crossed_book_once_for_as_long_as_it_lasts) {
  Book book;
  book.submit(1, Side::sell, 100, 10);
  book.submit(2, Side::buy, 99, 10);
  EXPECT_FALSE(book.is_crossed());
  book.submit(3, Side::buy, 101, 10);
  EXPECT_TRUE(book.is_crossed());
  book.submit(4, Side::buy, 102, 10);
  EXPECT_EQ(book.summary().crossed, 1U);
  book.remove(3);
  book.remove(4);
  EXPECT_FALSE(book.is_crossed());
  book.submit(5, Side::buy, 101, 10);
  EXPECT_EQ(book.summary().crossed, 2U);
}

TEST(Book, calls_a_bid_at_the_price_of_an_ask_crossed) {
  Book book;
  book.submit(1, Side::sell, 100, 10);
  book.submit(2, Side::buy, 100, 10);
  EXPECT_TRUE(book.is_crossed());
}

TEST(Book, keeps_the_first_of_two_orders_with_one_number) {
  Book book;
  book.submit(1, Side::buy, 100, 10);
  book.submit(1, Side::buy, 105, 10);
  EXPECT_EQ(book.best_bid(), 100);
  EXPECT_EQ(book.summary().inconsistent, 1U);
  EXPECT_EQ(book.summary().live_orders, 1U);
}

TEST(Book, takes_what_is_left_when_more_is_asked_for) {
  Book book;
  book.submit(1, Side::buy, 100, 10);
  book.reduce(1, 11);
  EXPECT_FALSE(book.best_bid());
  EXPECT_EQ(book.summary().inconsistent, 1U);
}

TEST(Book, refuses_the_number_that_stands_for_no_order) {
  Book book;
  book.submit(kNoOrder, Side::buy, 100, 10);
  EXPECT_FALSE(book.best_bid());
  EXPECT_EQ(book.summary().inconsistent, 1U);
}

TEST(Book, starts_a_day_with_nothing_of_the_day_before) {
  Book book;
  book.submit(1, Side::buy, 100, 10);
  book.submit(2, Side::sell, 99, 10);
  book.remove(3);
  book.start_day();
  EXPECT_EQ(book.summary(), BookSummary{});
  EXPECT_FALSE(book.is_crossed());
  book.remove(1);
  EXPECT_EQ(book.summary().unknown_orders, 1U);
}

TEST(Book, applies_each_kind_of_message) {
  Book book;
  book.apply(submission(1, Side::buy, 100, 10));
  book.apply(submission(2, Side::buy, 101, 10));
  book.apply(on_order(MessageType::cancellation, 2, 4));
  EXPECT_EQ(book.best_bid(), 101);
  book.apply(on_order(MessageType::execution, 2, 6));
  EXPECT_EQ(book.best_bid(), 100);
  for (const MessageType type : {MessageType::hidden_execution, MessageType::cross, MessageType::halt}) {
    book.apply(on_order(type, 1, 10));
    EXPECT_EQ(book.best_bid(), 100) << static_cast<int>(type);
  }
  book.apply(on_order(MessageType::deletion, 1, 10));
  EXPECT_FALSE(book.best_bid());
  EXPECT_EQ(book.summary().messages, 8U);
}

TEST(PriceLevels, find_a_level_however_deep_it_lies) {
  for (const Side side : {Side::buy, Side::sell}) {
    PriceLevels levels(side);
    // From the middle outwards, so that levels are put in at both ends and in between.
    for (Price step = 0; step < 50; ++step) {
      levels.add(1'000 + step * 2, 1);
      levels.add(1'000 - step * 2 - 1, 1);
    }
    EXPECT_EQ(levels.count(), 100U);
    EXPECT_EQ(levels.best().price, side == Side::buy ? 1'098 : 901);
    for (Price step = 0; step < 50; ++step) {
      levels.remove(1'000 - step * 2 - 1, 1);
      levels.reduce(1'000 + step * 2, 1);
    }
    EXPECT_EQ(levels.count(), 50U);
    EXPECT_EQ(levels.best().price, side == Side::buy ? 1'098 : 1'000);
    EXPECT_EQ(levels.best().size, 0U);
  }
}

}  // namespace
}  // namespace trading
