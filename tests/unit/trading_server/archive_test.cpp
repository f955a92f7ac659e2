// What a journal kept is compared with what was published, and nothing that differs is passed over.
#include "trading_server/archive.hpp"

#include <cstdio>
#include <fstream>

#include <gtest/gtest.h>

#include "order_flow.hpp"
#include "trading_server/flow_publisher.hpp"
#include "unit/journal/temporary_directory.hpp"

namespace trading {
namespace {

using Bytes = std::array<std::byte, 8>;

constexpr Bytes kOne{std::byte{1}};
constexpr Bytes kTwo{std::byte{2}};

FlowTally tally_of(std::initializer_list<std::pair<std::uint64_t, Bytes>> executions) {
  FlowTally tally;
  for (const auto& [position, payload] : executions) tally.add(Kind::execution, position, payload);
  return tally;
}

std::vector<std::string> problems_of(const FlowTally& kept, const FlowTally& published) {
  Reconciliation books;
  expect_same(kept, published, books);
  return books.problems();
}

TEST(Archive, finds_nothing_where_what_was_kept_is_what_was_published) {
  const FlowTally tally = tally_of({{0, kOne}, {64, kTwo}});
  EXPECT_TRUE(problems_of(tally, tally).empty());
}

TEST(Archive, names_the_topic_whose_events_are_missing_or_moved_or_changed_or_out_of_order) {
  const FlowTally published = tally_of({{0, kOne}, {64, kTwo}});
  using Problems = std::vector<std::string>;
  EXPECT_EQ(problems_of(tally_of({{0, kOne}}), published),
            Problems{"journal: number of execution events is 1; expected 2"});
  EXPECT_EQ(problems_of(tally_of({{32, kOne}, {64, kTwo}}), published),
            Problems{"journal: position of the first execution event is 32; expected 0"});
  EXPECT_EQ(problems_of(tally_of({{0, kOne}, {96, kTwo}}), published),
            Problems{"journal: position of the last execution event is 96; expected 64"});
  const auto changed = problems_of(tally_of({{0, kTwo}, {64, kOne}}), published);
  ASSERT_EQ(changed.size(), 1U);
  EXPECT_TRUE(changed[0].starts_with("journal: checksum over all execution events is ")) << changed[0];
  const auto disordered = problems_of(tally_of({{64, kOne}, {0, kTwo}}), published);
  ASSERT_EQ(disordered.size(), 3U);
  EXPECT_EQ(disordered[0], "journal: number of execution events out of order is 1; expected 0");
}

/// A short run with a journal that is to be read back.
class ArchivedRun : public testing::Test {
 protected:
  ArchivedRun() {
    options_.journal = directory_.file("kept");
    archive_.emplace(options_.journal);
    bus_.emplace(sluice::Bus::open({.persistence = archive_->persistence()}).value());
    archive_->begin(*bus_);
    publisher_.emplace(*bus_, options_.symbol, PublishTiming());
    publish(kOrders);
  }

  void publish(OrderId orders) {
    for (OrderId i = 1; i <= orders; ++i) {
      ASSERT_TRUE(publisher_->publish(submission(i, Side::buy, 100, 5)));
    }
  }
  JournalReport settle() {
    bus_->close();
    return archive_->settle({publisher_->topics(), publisher_->checksum()}, options_, {}, books_);
  }
  [[nodiscard]] std::string problems() const {
    std::string text;
    for (const std::string& problem : books_.problems()) text += problem + "\n";
    return text;
  }

  static constexpr int kOrders = 100;
  sluice::test::TemporaryDirectory directory_;
  Options options_;
  std::optional<Archive> archive_;
  std::optional<sluice::Bus> bus_;
  std::optional<FlowPublisher> publisher_;
  Reconciliation books_;
};

TEST_F(ArchivedRun, is_read_back_as_it_was_published) {
  const JournalReport report = settle();
  EXPECT_TRUE(books_.problems().empty()) << problems();
  EXPECT_TRUE(report.ok);
  EXPECT_EQ(report.kept.of(Kind::submission), std::uint64_t{kOrders});
  EXPECT_EQ(report.earlier, 0U);
}

TEST_F(ArchivedRun, is_off_where_somebody_else_has_published_too) {
  bus_->publish("news", "12345678").value();
  EXPECT_FALSE(settle().ok);
  EXPECT_EQ(problems(), "journal: number of events of unknown topics is 1; expected 0\n");
}

TEST_F(ArchivedRun, is_off_where_a_file_is_damaged_and_says_which) {
  bus_->close();
  std::string segment;
  for (const auto& entry : std::filesystem::directory_iterator(options_.journal)) {
    if (entry.path().extension() == ".segment") segment = entry.path().string();
  }
  std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
  constexpr std::streamoff kInTheFirstRecord = 4096 + 40;
  file.seekg(kInTheFirstRecord);
  const char byte = static_cast<char>(file.get());
  file.seekp(kInTheFirstRecord);
  file.put(static_cast<char>(byte ^ 1));
  file.close();
  const JournalReport report = settle();
  EXPECT_FALSE(report.ok);
  ASSERT_FALSE(books_.problems().empty());
  EXPECT_TRUE(books_.problems()[0].starts_with("journal: ")) << problems();
  EXPECT_NE(books_.problems()[0].find(segment), std::string::npos) << problems();
}

TEST_F(ArchivedRun, is_off_where_the_directory_is_gone) {
  bus_->close();
  std::filesystem::remove_all(options_.journal);
  EXPECT_FALSE(settle().ok) << "a new journal is made there, and has nothing in it";
  EXPECT_NE(problems().find("number of submission events is 0; expected 100"), std::string::npos)
      << problems();
}

}  // namespace
}  // namespace trading
