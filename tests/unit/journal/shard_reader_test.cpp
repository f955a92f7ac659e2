#include "journal/shard_reader.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "journal/record_search.hpp"
#include "memory_file_system.hpp"

namespace sluice::detail {
namespace {

const EventId kJournal = EventId::parse("0b5e3c1e-52a4-4e6f-9d0c-7a1f2b3c4d5e").value();
constexpr const char* kControl = "control-0000000000000000.log";
constexpr std::uint64_t kStride = 64;

/// A journal of one shard: segments of ten records each, of one topic.
class ShardReaderTest : public testing::Test {
 protected:
  ShardReaderTest() {
    ControlState state;
    state.topics.push_back({"a.topic", 0, 0});
    auto control = ControlLog::create(files_, path(kControl), kJournal, state).value();
    (void)SyncedRecord::create(files_, path("SYNCED"), kJournal, {kControl, control->written(), {}}).value();
    manifest_.journal = kJournal;
    manifest_.control_log = kControl;
    manifest_.closed = true;
    for (std::uint64_t begin : {0U, 640U, 1280U}) add_segment(begin);
    store();
  }

  static std::string path(std::string_view name) { return join_path("journal", name); }
  void add_segment(std::uint64_t begin) {
    const SegmentEntry entry{
        .begin = begin, .bytes = 1024, .end = begin + 640, .epoch = 7, .salt = begin + 1};
    const TopicTable topics({}, ShardMap(1, {}));
    SegmentWriter writer(Segment::create(files_, "journal", entry, kJournal, topics).value(), begin);
    for (int i = 0; i < 10; ++i) {
      std::vector<std::byte> record(kStride, std::byte{0x20});
      const auto word = log::CommitWord::committed(log::RecordKind::data, 60).bits();
      std::memcpy(record.data(), &word, sizeof word);
      std::memset(record.data() + log::kTopicOffset, 0, 4);
      writer.add(record.data(), log::CommitWord(word));
    }
    writer.flush().value();
    manifest_.segments.push_back(entry);
  }
  void store() { store_manifest(files_, "journal", manifest_).value(); }
  std::byte& byte(std::size_t segment, std::uint64_t position) {
    const SegmentEntry& entry = manifest_.segments[segment];
    return files_.at(path(segment_name(entry)))[file_offset(entry, position)];
  }

  /// "320", "160-224 damaged", ...: positions of records in one piece as "first..last".
  std::vector<std::string> walk() {
    const auto view = JournalView::open(files_, "journal").value();
    return walk(*view);
  }
  static std::vector<std::string> walk(const JournalView& view) {
    std::vector<std::string> seen;
    ShardReader reader(view, 0);
    std::optional<std::uint64_t> first;
    const auto end_run = [&](std::uint64_t last) {
      if (first) seen.push_back(std::to_string(*first) + ".." + std::to_string(last));
      first.reset();
    };
    std::uint64_t last = 0;
    for (;;) {
      auto item = reader.next().value();
      if (!item) break;
      if (const auto* found = std::get_if<FoundRecord>(&*item)) {
        last = found->record.position;
        if (!first) first = last;
        continue;
      }
      end_run(last);
      const Hole& hole = std::get<Hole>(*item);
      const char* kind = hole.kind == Hole::Kind::gap    ? " gap"
                         : hole.kind == Hole::Kind::torn ? " torn"
                                                         : " damaged";
      seen.push_back(std::to_string(hole.from) + "-" + std::to_string(hole.to) + kind);
    }
    end_run(last);
    return seen;
  }
  using Seen = std::vector<std::string>;

  MemoryFileSystem files_;
  Manifest manifest_;
};

TEST_F(ShardReaderTest, reads_all_segments) {
  EXPECT_EQ(walk(), (Seen{"0..1856"}));
}

TEST_F(ShardReaderTest, goes_on_behind_records_that_are_damaged) {
  byte(0, 128 + 30) ^= std::byte{1};
  byte(1, 640) = std::byte{0};
  byte(1, 640 + 64) ^= std::byte{1};
  byte(2, 1856 + 4) ^= std::byte{0xff};
  EXPECT_EQ(walk(), (Seen{"0..64", "128-192 damaged", "192..576", "640-768 damaged", "768..1792",
                          "1856-1920 damaged"}));
}

TEST_F(ShardReaderTest, does_not_take_a_record_of_another_place_for_one_of_here) {
  auto& bytes = files_.at(path(segment_name(manifest_.segments[0])));
  // The record at 320, copied over the one at 64.
  std::memcpy(bytes.data() + 4096 + 64, bytes.data() + 4096 + 320, kStride);
  EXPECT_EQ(walk(), (Seen{"0..0", "64-128 damaged", "128..1856"}));
}

TEST_F(ShardReaderTest, tells_of_gaps_and_of_missing_segments) {
  const std::string second = segment_name(manifest_.segments[1]);
  const auto bytes = files_.at(path(second));
  (void)files_.remove(path(second));
  EXPECT_EQ(walk(), (Seen{"0..576", "640-1280 damaged", "1280..1856"}));
  manifest_.segments.erase(manifest_.segments.begin() + 1);
  store();
  EXPECT_EQ(walk(), (Seen{"0..576", "640-1280 gap", "1280..1856"}));
}

TEST_F(ShardReaderTest, calls_a_segment_a_gap_that_was_removed_after_the_view_was_taken) {
  const auto view = JournalView::open(files_, "journal").value();
  (void)files_.remove(path(segment_name(manifest_.segments[0])));
  manifest_.segments.erase(manifest_.segments.begin());
  store();
  EXPECT_EQ(walk(*view), (Seen{"0-640 gap", "640..1856"}));
}

TEST_F(ShardReaderTest, ends_at_a_torn_record_that_was_not_synced) {
  manifest_.closed = false;
  manifest_.segments[2].end.reset();
  store();
  EXPECT_EQ(walk(), (Seen{"0..1856"})) << "and at space that nobody has written";
  byte(2, 1280 + 128 + 40) ^= std::byte{1};
  EXPECT_EQ(walk(), (Seen{"0..1344", "1408-2304 torn"}));
  (void)SyncedRecord::create(files_, path("SYNCED"), kJournal, {kControl, 40, {1472}}).value();
  EXPECT_EQ(walk(), (Seen{"0..1344", "1408-1472 damaged", "1472..1856"})) << "one that was synced is damage";
}

TEST_F(ShardReaderTest, finds_that_the_log_ends_before_what_was_synced) {
  manifest_.segments.pop_back();
  store();
  (void)SyncedRecord::create(files_, path("SYNCED"), kJournal, {kControl, 40, {1920}}).value();
  EXPECT_EQ(walk(), (Seen{"0..1216", "1280-1920 damaged"}));
}

TEST_F(ShardReaderTest, finds_events_of_topics_that_nobody_defined) {
  const SegmentEntry& entry = manifest_.segments[0];
  auto& bytes = files_.at(path(segment_name(entry)));
  std::vector<std::byte> record(bytes.begin() + 4096, bytes.begin() + 4096 + kStride);
  record[log::kTopicOffset] = std::byte{9};
  seal_record(bytes.data() + 4096, record.data(), load_word(record.data()), 0, entry.salt);
  EXPECT_EQ(walk(), (Seen{"0-64 damaged", "64..1856"}));
}

TEST_F(ShardReaderTest, reads_records_below_a_bad_header_all_the_same) {
  files_.at(path(segment_name(manifest_.segments[1])))[40] ^= std::byte{1};
  EXPECT_EQ(walk(), (Seen{"0..576", "640-640 damaged", "640..1856"}));
}

}  // namespace
}  // namespace sluice::detail
