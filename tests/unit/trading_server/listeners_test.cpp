// Who listens, on a bus_ without threads: what was published is polled by the test.

#include "trading_server/listeners.hpp"

#include <gtest/gtest.h>

#include "order_flow.hpp"
#include "trading_server/flow_publisher.hpp"

namespace trading {
namespace {

using namespace std::chrono_literals;

class Listeners : public testing::Test {
 protected:
  void publish(std::initializer_list<OrderMessage> messages) {
    for (const OrderMessage& message : messages)
      ASSERT_TRUE(publisher_.publish(message)) << publisher_.error();
  }

  /// Hands all that was published to `listener`.
  template <class Listener>
  void deliver_to(Listener& listener) {
    while (all_.poll([&](const sluice::EventView& event) { listener.handle(event); }).events > 0) {
    }
  }

  sluice::Bus bus_ = sluice::Bus::open().value();
  sluice::Subscription all_ = bus_.subscribe({}).value();
  FlowPublisher publisher_{bus_, "AAPL", {}};
  KindTable kinds_{bus_, "AAPL"};
};

BookSummary summary(std::uint64_t messages, std::optional<Price> bid, std::optional<Price> ask) {
  BookSummary result;
  result.messages = messages;
  result.live_orders = (bid ? 1U : 0U) + (ask ? 1U : 0U);
  result.best_bid = bid;
  result.best_ask = ask;
  return result;
}

TEST_F(Listeners, publisher_keeps_account_of_each_kind) {
  publish({submission(1, Side::buy, 100, 5), on_order(MessageType::cancellation, 1, 1),
           on_order(MessageType::execution, 1, 2), on_order(MessageType::hidden_execution, 0, 3),
           on_order(MessageType::deletion, 1, 2), on_order(MessageType::cross, 0, 9),
           on_order(MessageType::halt, 0, 0)});
  ASSERT_TRUE(publisher_.publish(DayMarker::open(1)));
  for (const std::uint64_t count : publisher_.counts().by_kind) EXPECT_EQ(count, 1U);
  EXPECT_EQ(publisher_.counts().total(), 8U);
  EXPECT_EQ(publisher_.counts().messages(), 7U);
  EXPECT_EQ(publisher_.turnover().shares, 5U) << "visible and hidden executions";
  EXPECT_EQ(publisher_.latency().count(), 8U);
}

TEST_F(Listeners, publisher_says_why_the_bus_refused_and_counts_nothing) {
  bus_.close(0s);
  EXPECT_FALSE(publisher_.publish(submission(1, Side::buy, 100, 5)));
  EXPECT_NE(publisher_.error().find("closed"), std::string::npos) << publisher_.error();
  EXPECT_EQ(publisher_.counts().total(), 0U);
}

TEST_F(Listeners, book_builder_agrees_with_a_right_closing) {
  BookBuilder builder(kinds_, 1);
  for (std::uint64_t day = 1; day <= 2; ++day) {
    ASSERT_TRUE(publisher_.publish(DayMarker::open(day)));
    publish({submission(1, Side::buy, 100, 5), submission(2, Side::sell, 110, 5),
             submission(3, Side::sell, 105, 5), on_order(MessageType::execution, 3, 5),
             on_order(MessageType::hidden_execution, 0, 5)});
    ASSERT_TRUE(publisher_.publish(DayMarker::close(day, summary(5, 100, 110))));
  }
  deliver_to(builder);
  EXPECT_EQ(builder.days_closed(), 2U);
  EXPECT_EQ(builder.days_off(), 0U) << builder.first_difference();
  EXPECT_EQ(builder.messages(), 10U);
  EXPECT_EQ(builder.last_close(), summary(5, 100, 110));
  EXPECT_EQ(builder.counts().by_kind, publisher_.counts().by_kind);
  EXPECT_EQ(builder.meter().latency().count(), 14U);
}

TEST_F(Listeners, book_builder_names_the_first_closing_that_is_off) {
  BookBuilder builder(kinds_, 1);
  ASSERT_TRUE(publisher_.publish(DayMarker::open(1)));
  publish({submission(1, Side::buy, 1'000'000, 5)});
  ASSERT_TRUE(publisher_.publish(DayMarker::close(1, summary(1, 1'000'100, std::nullopt))));
  ASSERT_TRUE(publisher_.publish(DayMarker::close(2, BookSummary{})));
  deliver_to(builder);
  EXPECT_EQ(builder.days_off(), 2U);
  EXPECT_TRUE(builder.first_difference().starts_with("day 1 closed with bid 100.0000, ask none, 1 messages"))
      << builder.first_difference();
  EXPECT_NE(builder.first_difference().find("expected bid 100.0100"), std::string::npos);
}

TEST_F(Listeners, book_builder_sums_over_days_and_the_unfinished_one) {
  BookBuilder builder(kinds_, 1);
  for (std::uint64_t day = 1; day <= 3; ++day) {
    ASSERT_TRUE(publisher_.publish(DayMarker::open(day)));
    publish({on_order(MessageType::deletion, 7, 1), submission(1, Side::buy, 100, 5)});
  }
  deliver_to(builder);
  EXPECT_EQ(builder.totals().unknown_orders, 3U);
  EXPECT_EQ(builder.totals().messages, 6U);
  EXPECT_EQ(builder.days_closed(), 0U);
}

TEST_F(Listeners, risk_worker_adds_up_what_was_traded) {
  RiskWorker worker(kinds_, 1);
  publish({submission(1, Side::buy, 100, 5), on_order(MessageType::execution, 1, 2),
           on_order(MessageType::hidden_execution, 0, 30), on_order(MessageType::cross, 0, 1'000)});
  deliver_to(worker);
  EXPECT_EQ(worker.counts().total(), 4U);
  EXPECT_EQ(worker.turnover().shares, 32U);
  EXPECT_EQ(worker.turnover().value, publisher_.turnover().value);
}

TEST_F(Listeners, auditor_arrives_at_the_publishers_checksum) {
  Auditor auditor(kinds_, 1);
  publish({submission(1, Side::buy, 100, 5), submission(2, Side::buy, 101, 5)});
  ASSERT_TRUE(publisher_.publish(DayMarker::close(1, {})));
  deliver_to(auditor);
  EXPECT_EQ(auditor.checksum(), publisher_.checksum());
  EXPECT_EQ(auditor.counts().by_kind, publisher_.counts().by_kind);
  EXPECT_EQ(auditor.out_of_order(), 0U);
  EXPECT_EQ(auditor.strangers(), 0U);
}

TEST_F(Listeners, auditor_notices_an_event_that_comes_twice) {
  Auditor auditor(kinds_, 1);
  publish({submission(1, Side::buy, 100, 5)});
  all_.poll([&](const sluice::EventView& event) {
    auditor.handle(event);
    auditor.handle(event);
  });
  EXPECT_EQ(auditor.out_of_order(), 1U);
  EXPECT_NE(auditor.checksum(), publisher_.checksum());
}

TEST_F(Listeners, auditor_notices_an_event_that_is_missing_or_changed_places) {
  publish(
      {submission(1, Side::buy, 100, 5), submission(2, Side::buy, 101, 5), submission(3, Side::buy, 102, 5)});
  Auditor without_second(kinds_, 1);
  std::uint64_t position = 0;
  all_.poll([&](const sluice::EventView& event) {
    if (++position != 2) without_second.handle(event);
  });
  EXPECT_NE(without_second.checksum(), publisher_.checksum());

  Checksum forwards;
  Checksum backwards;
  for (const std::uint64_t word : {1U, 2U}) forwards.add(word);
  for (const std::uint64_t word : {2U, 1U}) backwards.add(word);
  EXPECT_NE(forwards.value(), backwards.value());
}

TEST_F(Listeners, auditor_notices_topics_that_nobody_here_publishes_to) {
  Auditor auditor(kinds_, 1);
  ASSERT_TRUE(bus_.publish("somebody.else", "hello"));
  deliver_to(auditor);
  EXPECT_EQ(auditor.strangers(), 1U);
  EXPECT_EQ(auditor.counts().total(), 0U);
}

TEST_F(Listeners, screen_in_a_hurry_takes_no_time) {
  Screen screen(kinds_, 1, 10h);
  screen.hurry();
  publish({submission(1, Side::buy, 100, 5), on_order(MessageType::execution, 1, 5)});
  deliver_to(screen);
  EXPECT_EQ(screen.counts().total(), 2U);
}

}  // namespace
}  // namespace trading
