// What a journal removes, and what it keeps: by age, space and number; whatever a cursor holds; and what a
// time to live hides.
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/bus/bus.hpp"
#include "sluice/journal/journal.hpp"
#include "sluice/log/record.hpp"

#include "integration/hooked_file_system.hpp"
#include "journal/journal_impl.hpp"
#include "unit/bus/support.hpp"
#include "unit/journal/temporary_directory.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using test::expect_error;
using test::HookedFileSystem;
namespace fs = std::filesystem;

constexpr std::uint64_t kSegmentBytes = 16 * 1024;
constexpr std::uint64_t kFileBytes = kSegmentBytes + 4096;
constexpr std::uint64_t kRecordBytes = 128;
constexpr int kRecordsInSegment = kSegmentBytes / kRecordBytes;

/// A journal of small segments, and a bus on it whose clock stands still.
class JournalRetention : public testing::Test {
 protected:
  void open(Retention limits, WhenFull when_full = WhenFull::block,
            detail::FileSystem& files = detail::posix_file_system()) {
    JournalOptions options;
    options.directory = directory_.path() + "/journal";
    options.ring_directory = directory_.path();
    options.first_segment_bytes = options.most_segment_bytes = kSegmentBytes;
    options.retention = limits;
    options.when_full = when_full;
    journal_ = std::make_shared<detail::JournalImpl>(options, files);
    BusOptions bus;
    bus.persistence = journal_;
    bus.capacity_bytes = test::kSmallRing;
    bus.publish_deadline = 50ms;
    bus.clock = clock_;
    bus_.emplace(Bus::open(bus).value());
  }
  void close() {
    bus_.reset();
    journal_.reset();
  }
  [[nodiscard]] Result<EventId> publish(PublishOptions options = {}) {
    const std::string text = std::to_string(published_);
    auto id =
        bus_->publish("a", text + std::string(kRecordBytes - log::kHeaderBytes - text.size(), '.'), options);
    if (id) ++published_;
    return id;
  }
  void fill_segments(int segments) {
    for (int i = 0; i < segments * kRecordsInSegment; ++i) ASSERT_TRUE(publish());
    test::await([&] { return journal_->journaled_position(0) >= bus_->metrics().shards[0].tail; });
  }
  [[nodiscard]] std::vector<int> read(std::uint64_t from) {
    std::vector<int> numbers;
    const auto end = journal_->read(0, from, [&](const EventView& event) {
      numbers.push_back(std::stoi(std::string(event.text())));
      return true;
    });
    EXPECT_TRUE(end) << end.error();
    return numbers;
  }
  /// Of the oldest event that is kept.
  [[nodiscard]] std::uint64_t oldest() {
    const auto at_begin = journal_->read(0, 0, [](const EventView&) { return false; });
    if (at_begin) return 0;
    EXPECT_EQ(at_begin.error().code, ErrorCode::gap) << at_begin.error();
    const std::string& message = at_begin.error().message;
    return std::stoull(message.substr(message.find("begins at ") + 10));
  }
  [[nodiscard]] std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(directory_.path() + "/journal")) {
      count += entry.path().extension() == ".segment" ? 1U : 0U;
    }
    return count;
  }
  void expect_kept_from(std::uint64_t segment) {
    EXPECT_EQ(oldest(), segment * kSegmentBytes);
    const std::vector<int> kept = read(segment * kSegmentBytes);
    const int first = static_cast<int>(segment) * kRecordsInSegment;
    ASSERT_EQ(kept.size(), static_cast<std::size_t>(published_ - first));
    for (std::size_t i = 0; i < kept.size(); ++i) ASSERT_EQ(kept[i], first + static_cast<int>(i));
  }

  test::TemporaryDirectory directory_{test::TemporaryDirectory::fast_parent()};
  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(1'800'000'000'000'000'000);
  std::shared_ptr<Journal> journal_;
  std::optional<Bus> bus_;
  int published_ = 0;
};

TEST_F(JournalRetention, by_bytes_stays_within_them_while_it_is_written) {
  open({.bytes = 3 * kFileBytes});
  fill_segments(10);
  EXPECT_EQ(files(), 3U);
  expect_kept_from(7);
  ASSERT_TRUE(publish());
  test::await([&] { return journal_->journaled_position(0) >= bus_->metrics().shards[0].tail; });
  EXPECT_EQ(files(), 3U);
  expect_kept_from(8);
}

TEST_F(JournalRetention, by_age_goes_by_the_clock_of_the_bus_and_goes_on_in_the_next_run) {
  open({.age = 1h});
  fill_segments(3);
  ASSERT_TRUE(publish());
  test::await([&] { return journal_->journaled_position(0) >= bus_->metrics().shards[0].tail; });
  clock_->advance(std::chrono::nanoseconds(1h).count() - 1);
  EXPECT_EQ(journal_->retain().value().segments, 0U);
  clock_->advance(1);
  EXPECT_EQ(journal_->retain().value().segments, 3U);
  EXPECT_EQ(files(), 1U);
  expect_kept_from(3);
  close();
  open({.age = 1h});
  EXPECT_TRUE(journal_->recovery().was_closed);
  EXPECT_EQ(journal_->retain().value().segments, 0U) << "a shard's last segment stays";
  fill_segments(1);
  expect_kept_from(3);
  clock_->advance(-std::chrono::nanoseconds(24h).count());
  EXPECT_EQ(journal_->retain().value().segments, 0U) << "a clock that was set back removes nothing";
  clock_->advance(std::chrono::nanoseconds(48h).count());
  EXPECT_EQ(journal_->retain().value().segments, 1U);
}

TEST_F(JournalRetention, by_events_keeps_at_least_so_many) {
  open({.events = 2 * kRecordsInSegment});
  fill_segments(5);
  ASSERT_TRUE(publish());
  test::await([&] { return journal_->journaled_position(0) >= bus_->metrics().shards[0].tail; });
  const auto removed = journal_->retain();
  ASSERT_TRUE(removed) << removed.error();
  expect_kept_from(3);
}

TEST_F(JournalRetention, a_reader_that_comes_late_is_told_of_the_gap) {
  open({.bytes = 3 * kFileBytes});
  fill_segments(6);
  expect_error(journal_->read(0, kRecordBytes, [](const EventView&) { return true; }), ErrorCode::gap,
               {"position 128", "begins at " + std::to_string(3 * kSegmentBytes)});
}

TEST_F(JournalRetention, a_reader_reads_on_in_a_segment_that_is_removed_under_it) {
  open({.age = 1h});
  fill_segments(4);
  std::vector<int> seen;
  const auto end = journal_->read(0, 0, [&](const EventView& event) {
    if (seen.empty()) {
      clock_->advance(std::chrono::nanoseconds(2h).count());
      EXPECT_EQ(journal_->retain().value().segments, 3U);
    }
    seen.push_back(std::stoi(std::string(event.text())));
    return true;
  });
  ASSERT_TRUE(end) << end.error();
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(published_)) << "it began before they were removed";
}

TEST_F(JournalRetention, keeps_what_a_cursor_holds_and_says_who_fills_the_disk) {
  open({.bytes = 3 * kFileBytes});
  ASSERT_TRUE(journal_->store_cursor("audit", 0, 64 * kRecordBytes, CursorRetention::hold));
  ASSERT_TRUE(journal_->store_cursor("careless", 0, 0, CursorRetention::gap));
  auto published = publish();
  while (published) published = publish();
  EXPECT_EQ(published.error().code, ErrorCode::timed_out) << published.error();
  const auto trouble = journal_->trouble();
  ASSERT_TRUE(trouble);
  EXPECT_EQ(trouble->code, ErrorCode::disk_full);
  for (const std::string word : {"\"audit\"", "position 8192", "shard 0", "catch up"}) {
    EXPECT_NE(trouble->message.find(word), std::string::npos) << *trouble;
  }
  EXPECT_EQ(files(), 3U);
  ASSERT_TRUE(journal_->store_cursor("audit", 0, 3 * kSegmentBytes, CursorRetention::hold));
  fill_segments(1);
  EXPECT_GT(oldest(), 0U) << "what it holds no more is removed, and publishing goes on";
  ASSERT_TRUE(journal_->remove_cursor("audit", 0));
  fill_segments(3);
  EXPECT_EQ(files(), 3U);
  EXPECT_FALSE(journal_->trouble());
}

TEST_F(JournalRetention, a_cursor_begins_to_hold_before_or_after_a_removal_and_not_during_it) {
  std::atomic<bool> removes{false};
  std::atomic<bool> holds{false};
  std::thread reader;
  HookedFileSystem files(detail::posix_file_system(), [&] {
    if (!removes.exchange(false)) return;
    reader = std::thread([&] {
      EXPECT_TRUE(journal_->store_cursor("late", 0, 0, CursorRetention::hold));
      holds = true;
    });
    // If it does not wait for the end of the removal, that shows soon.
    const auto end = std::chrono::steady_clock::now() + 50ms;
    while (!holds && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    EXPECT_FALSE(holds) << "and what it holds is removed";
  });
  open({.age = 1h}, WhenFull::block, files);
  fill_segments(3);
  ASSERT_TRUE(publish());
  test::await([&] { return journal_->journaled_position(0) >= bus_->metrics().shards[0].tail; });
  clock_->advance(std::chrono::nanoseconds(2h).count());
  removes = true;
  ASSERT_TRUE(journal_->retain());
  test::await([&] { return holds.load(); });
  reader.join();
  EXPECT_EQ(oldest(), 3 * kSegmentBytes);
  close();
}

TEST_F(JournalRetention, remembers_who_holds_in_the_next_run) {
  open({.age = 1h});
  ASSERT_TRUE(journal_->store_cursor("audit", 0, kSegmentBytes, CursorRetention::hold));
  fill_segments(3);
  close();
  clock_->advance(std::chrono::nanoseconds(2h).count());
  open({.age = 1h});
  (void)journal_->retain().value();  // or the retaining thread was first
  expect_kept_from(1);
  ASSERT_TRUE(journal_->remove_cursor("audit", 0));
  close();
  open({.age = 1h});
  EXPECT_EQ(journal_->load_cursor("audit", 0).value(), std::nullopt);
  fill_segments(1);
  (void)journal_->retain().value();
  EXPECT_EQ(oldest(), 3 * kSegmentBytes) << "nobody holds anything";
}

TEST_F(JournalRetention, limits_that_can_t_be_kept_are_refused) {
  const auto refusal = [&](Retention limits) {
    JournalOptions options;
    options.directory = directory_.path() + "/refused";
    options.first_segment_bytes = options.most_segment_bytes = kSegmentBytes;
    options.retention = limits;
    return Bus::open({.persistence = journal(options)});
  };
  expect_error(refusal({.age = 1ms}), ErrorCode::invalid_option, {"retention.age", "1000000 ns", "1 s"});
  expect_error(refusal({.bytes = kFileBytes}), ErrorCode::invalid_option,
               {"retention.bytes", std::to_string(2 * kFileBytes), "most_segment_bytes"});
  expect_error(refusal({.events = 0}), ErrorCode::invalid_option, {"retention.events", "at least 1"});
}

}  // namespace
}  // namespace sluice
