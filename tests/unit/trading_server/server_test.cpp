// The whole job in small: every run must account for every event.

#include "trading_server/server.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "sluice/bus/bus.hpp"
#include "sluice/journal/journal.hpp"

#include "order_flow.hpp"
#include "plodding_book.hpp"
#include "unit/journal/temporary_directory.hpp"

namespace trading {
namespace {

using namespace std::chrono_literals;

std::string problems_of(const Report& report) {
  std::string text;
  for (const std::string& problem : report.problems) text += problem + "\n";
  return text;
}

const SubscriberReport& subscriber(const Report& report, std::string_view name) {
  return *std::find_if(report.subscribers.begin(), report.subscribers.end(),
                       [&](const SubscriberReport& row) { return row.name == name; });
}

TEST(Server, accounts_for_every_event_of_recorded_flow) {
  for (const auto& file : recorded_files()) {
    const auto messages = messages_of(file);
    constexpr std::uint64_t kPasses = 20;
    RecordedFeed feed(messages, kPasses);
    const Report report = run_server({}, feed, file.string()).value();
    EXPECT_TRUE(report.reconciled()) << problems_of(report);
    EXPECT_EQ(report.published, kPasses * (messages.size() + 2));
    EXPECT_EQ(report.passes, kPasses);
    EXPECT_FALSE(report.interrupted);

    PloddingBook plodding;
    for (const OrderMessage& message : messages) plodding.apply(message);
    EXPECT_EQ(report.pass, plodding.summary()) << "what the bus delivered, against a computation of its own";
    EXPECT_EQ(report.unknown_orders, kPasses * plodding.summary().unknown_orders);

    for (const SubscriberReport& row : report.subscribers) {
      EXPECT_EQ(row.lag_bytes, 0U) << row.name;
      if (row.policy == "block") {
        EXPECT_EQ(row.lost, 0U) << row.name;
      }
    }
    const SubscriberReport& screen = subscriber(report, "screen");
    EXPECT_EQ(screen.received + screen.lost, report.published);
    EXPECT_EQ(report.groups.at(0).received, report.published);
  }
}

TEST(Server, accounts_for_every_event_when_the_ring_is_small_and_all_but_the_screen_hold_it_back) {
  Options options;
  options.ring_bytes = 1U << 16;
  options.risk_workers = 5;
  GeneratedFeed feed(1, 100'100);
  const Report report = run_server(options, feed, "generated").value();
  EXPECT_TRUE(report.reconciled()) << problems_of(report);
  EXPECT_EQ(report.published, 100'104U) << "two days";
  EXPECT_EQ(report.subscribers.size(), 8U);
  EXPECT_GT(subscriber(report, "screen").lost, 0U) << "a hundred times the ring, 20 us an event";
}

TEST(Server, ends_when_the_time_is_up_and_accounts_for_what_there_was) {
  Options options;
  options.duration = 20ms;
  options.rate = 1'000;
  GeneratedFeed feed(1, 0);
  const Report report = run_server(options, feed, "generated").value();
  EXPECT_TRUE(report.reconciled()) << problems_of(report);
  EXPECT_GT(report.published, 0U);
  EXPECT_LE(report.published, 21U);
  EXPECT_EQ(report.passes, 0U) << "the first day has not closed";
}

TEST(Server, with_a_journal_reads_back_what_it_kept_and_goes_on_behind_it_the_next_time) {
  const sluice::test::TemporaryDirectory directory;
  Options options;
  options.journal = directory.file("kept");
  options.ring_bytes = 1U << 16;
  for (std::uint64_t run = 0; run < 3; ++run) {
    options.symbol = run == 1 ? "MSFT" : "AAPL";
    GeneratedFeed feed(1 + run, 10'000);
    const Report report = run_server(options, feed, "generated").value();
    EXPECT_TRUE(report.reconciled()) << problems_of(report);
    ASSERT_TRUE(report.journal.has_value());
    const JournalReport& journal = *report.journal;
    EXPECT_TRUE(journal.ok);
    EXPECT_EQ(journal.directory, options.journal);
    EXPECT_EQ(journal.found.is_new, run == 0);
    EXPECT_TRUE(journal.found.is_new || journal.found.was_closed);
    EXPECT_EQ(journal.kept.by_kind, report.by_kind);
    EXPECT_EQ(journal.earlier, run * 10'002);
    EXPECT_GE(journal.bytes, 10'002U * 64) << "no kind's record is shorter";
    EXPECT_GE(journal.directory_bytes, (run + 1) * journal.bytes);
  }
}

TEST(Server, says_why_a_journal_can_not_be_opened) {
  const sluice::test::TemporaryDirectory directory;
  Options options;
  options.journal = directory.file("not/there");
  GeneratedFeed feed(1, 100);
  const auto nowhere = run_server(options, feed, "generated");
  ASSERT_FALSE(nowhere.has_value());
  EXPECT_NE(nowhere.error().message.find(options.journal), std::string::npos) << nowhere.error().message;

  options.journal = directory.file("kept");
  const auto holder = sluice::Bus::open({.persistence = sluice::journal(options.journal)}).value();
  const auto locked = run_server(options, feed, "generated");
  ASSERT_FALSE(locked.has_value());
  EXPECT_EQ(locked.error().code, sluice::ErrorCode::journal_locked);
}

/// A feed whose second day's closing is wrong.
class WrongFeed final : public Feed {
 public:
  Batch next() override {
    if (++day_ > 3) return {};
    BookSummary closing = PloddingBook().summary();
    closing.messages = 1;
    closing.live_orders = 1;
    closing.best_bid = day_ == 2 ? 101 : 100;
    return {messages_, day_, true, true, closing};
  }
  std::optional<std::uint64_t> total_messages() const override { return 3; }

 private:
  std::vector<OrderMessage> messages_ = {submission(1, Side::buy, 100, 5)};
  std::uint64_t day_ = 0;
};

TEST(Server, reports_a_day_whose_book_is_not_what_it_should_be) {
  WrongFeed feed;
  const Report report = run_server({}, feed, "wrong").value();
  EXPECT_FALSE(report.reconciled());
  ASSERT_EQ(report.problems.size(), 1U) << problems_of(report);
  EXPECT_TRUE(report.problems[0].starts_with("book: day 2 closed with bid 0.0100")) << report.problems[0];
  EXPECT_FALSE(subscriber(report, "book").ok);
  EXPECT_TRUE(subscriber(report, "auditor").ok);
}

}  // namespace
}  // namespace trading
