#include "trading_server/reconciliation.hpp"

#include <gtest/gtest.h>

namespace trading {
namespace {

TEST(Reconciliation, of_equal_counts_finds_nothing) {
  Reconciliation books;
  books.expect_equal("book", "number of events", 5, 5);
  books.expect_equal("book", KindCounts{}, KindCounts{});
  EXPECT_TRUE(books.problems().empty());
  EXPECT_TRUE(books.ok("book"));
}

TEST(Reconciliation, says_who_is_off_by_how_much) {
  Reconciliation books;
  books.expect_equal("book", "number of events", 4'999, 5'000);
  ASSERT_EQ(books.problems().size(), 1U);
  EXPECT_EQ(books.problems()[0], "book: number of events is 4,999; expected 5,000");
  EXPECT_FALSE(books.ok("book"));
  EXPECT_TRUE(books.ok("auditor"));
}

TEST(Reconciliation, names_the_kind_of_event_that_is_missing) {
  KindCounts published;
  published.count(Kind::execution);
  published.count(Kind::day);
  KindCounts received = published;
  received.count(Kind::halt);
  received.by_kind[static_cast<std::size_t>(Kind::execution)] = 0;
  Reconciliation books;
  books.expect_equal("auditor", received, published);
  EXPECT_EQ(books.problems(),
            (std::vector<std::string>{"auditor: number of execution events is 0; expected 1",
                                      "auditor: number of halt events is 1; expected 0"}));
}

}  // namespace
}  // namespace trading
