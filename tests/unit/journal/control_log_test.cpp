#include "journal/control_log.hpp"

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "hexdump.hpp"
#include "journal/control_frames.hpp"
#include "memory_file_system.hpp"

namespace sluice {

bool operator==(const TopicDefinition& a, const TopicDefinition& b) {
  return a.name == b.name && a.id == b.id && a.shard == b.shard;
}

namespace detail {

bool operator==(const ControlState& a, const ControlState& b) {
  return a.topics == b.topics && a.cursors == b.cursors;
}

namespace {

using Bytes = MemoryFileSystem::Bytes;

const std::string kPath = "/journal/control-0000000000000011.log";
constexpr std::string_view kName = "control-0000000000000011.log";

EventId journal_id() {
  return EventId::parse("0b5e3c1e-52a4-4e6f-9d0c-7a1f2b3c4d5e").value();
}

/// What the example's file begins with.
ControlState snapshot() {
  return {{{"orders.new", 0, 0}}, {{{"audit", 0}, {4096}}}};
}

/// The example of FORMAT.md: a snapshot of a topic and a cursor, and a topic and a cursor appended.
std::unique_ptr<ControlLog> write_example(MemoryFileSystem& files) {
  auto log = ControlLog::create(files, kPath, journal_id(), snapshot()).value();
  log->append({"orders.filled", 1, 1}).value();
  log->append_cursor("audit", 0, {8192, CursorRetention::hold}).value();
  return log;
}

ControlState example_state() {
  return {{{"orders.new", 0, 0}, {"orders.filled", 1, 1}}, {{{"audit", 0}, {8192, CursorRetention::hold}}}};
}

constexpr std::string_view kExample =
    "00000000  73 6c 75 69 63 65 43 4c  01 00 00 00 b1 c6 15 9b  |sluiceCL........|\n"
    "00000010  0b 5e 3c 1e 52 a4 4e 6f  9d 0c 7a 1f 2b 3c 4d 5e  |.^<.R.No..z.+<M^|\n"
    "00000020  68 00 00 00 00 00 00 00  12 00 00 00 ee c4 00 4c  |h..............L|\n"
    "00000030  01 00 00 00 00 00 00 00  00 00 00 00 6f 72 64 65  |............orde|\n"
    "00000040  72 73 2e 6e 65 77 00 00  12 00 00 00 93 39 0a 76  |rs.new.......9.v|\n"
    "00000050  02 00 00 00 00 10 00 00  00 00 00 00 00 00 00 00  |................|\n"
    "00000060  00 61 75 64 69 74 00 00  15 00 00 00 11 e6 7a 3f  |.audit........z?|\n"
    "00000070  01 00 00 00 01 00 00 00  01 00 00 00 6f 72 64 65  |............orde|\n"
    "00000080  72 73 2e 66 69 6c 6c 65  64 00 00 00 00 00 00 00  |rs.filled.......|\n"
    "00000090  12 00 00 00 88 67 52 dd  02 00 00 00 00 20 00 00  |.....gR...... ..|\n"
    "000000a0  00 00 00 00 00 00 00 00  01 61 75 64 69 74 00 00  |.........audit..|\n";

/// Where the frames of the example begin, and where its file ends; the snapshot is the first two.
constexpr std::uint64_t kFrames[] = {40, 72, 104, 144, 176};
constexpr std::uint64_t kSnapshotBytes = kFrames[2];
constexpr std::uint64_t kExampleBytes = kFrames[4];

/// The end of the last whole frame within the first `bytes` bytes.
std::uint64_t whole_frames(std::uint64_t bytes) {
  std::uint64_t end = 0;
  for (const std::uint64_t frame : kFrames) end = frame <= bytes ? frame : end;
  return end;
}

ControlState state_at(std::uint64_t frames_end) {
  ControlState state = snapshot();
  if (frames_end >= kFrames[3]) state.topics.push_back({"orders.filled", 1, 1});
  if (frames_end >= kFrames[4]) state.cursors[{"audit", 0}] = {8192, CursorRetention::hold};
  return state;
}

bool names_file_and_offset(const Error& error) {
  return error.code == ErrorCode::corrupt && error.message.starts_with(kPath + ", offset ");
}

Result<ControlLog::Opened> read_bytes(Bytes bytes, std::uint64_t synced_bytes = 0) {
  MemoryFileSystem files;
  files.at(kPath) = std::move(bytes);
  return ControlLog::read(files, kPath, journal_id(), synced_bytes);
}

Bytes example_bytes() {
  MemoryFileSystem files;
  (void)write_example(files);
  return files.at(kPath);
}

TEST(ControlLog, has_the_bytes_that_the_format_document_shows) {
  EXPECT_EQ(hexdump(example_bytes()), kExample);
  EXPECT_NE(format_document().find(kExample), std::string::npos);
}

TEST(ControlLog, reads_what_was_written_and_appended) {
  const auto opened = read_bytes(example_bytes(), kExampleBytes).value();
  EXPECT_EQ(opened.state, example_state());
  EXPECT_EQ(opened.good_bytes, kExampleBytes);
  EXPECT_EQ(opened.cut_bytes, 0U);
}

TEST(ControlLog, without_anything_in_it_is_a_header) {
  MemoryFileSystem files;
  const auto log = ControlLog::create(files, kPath, journal_id(), {}).value();
  EXPECT_EQ(log->written(), kControlHeaderBytes);
  EXPECT_EQ(log->path(), kPath);
  EXPECT_EQ(ControlLog::read(files, kPath, journal_id(), 0).value().state, ControlState());
}

TEST(ControlLog, is_synced_when_it_is_made_and_when_it_is_told_to) {
  MemoryFileSystem files;
  const auto log = write_example(files);
  EXPECT_EQ(files.synced(kPath).size(), kSnapshotBytes);
  EXPECT_EQ(log->written(), kExampleBytes);
  log->sync().value();
  EXPECT_EQ(files.synced(kPath), files.at(kPath));
}

TEST(ControlLog, with_any_bit_flipped_is_refused_or_cut_there_if_it_was_not_known_to_be_synced) {
  const Bytes whole = example_bytes();
  for (const std::uint64_t synced : {kSnapshotBytes, kFrames[3], kExampleBytes}) {
    for (std::uint64_t bit = 0; bit < 8 * kExampleBytes; ++bit) {
      Bytes bytes = whole;
      bytes[bit / 8] ^= std::byte{1} << static_cast<int>(bit % 8);
      const auto opened = read_bytes(bytes, synced);
      if (bit / 8 >= synced) {
        ASSERT_TRUE(opened) << bit << ": " << opened.error();
        const std::uint64_t good = whole_frames(bit / 8);
        EXPECT_EQ(opened->good_bytes, good) << bit;
        EXPECT_EQ(opened->cut_bytes, kExampleBytes - good) << bit;
        EXPECT_EQ(opened->state, state_at(good)) << bit;
        continue;
      }
      ASSERT_FALSE(opened) << bit;
      const bool newer = opened.error().code == ErrorCode::newer_format && bit / 8 >= 8 && bit / 8 < 12;
      EXPECT_TRUE(newer || names_file_and_offset(opened.error())) << bit << ": " << opened.error();
    }
  }
}

TEST(ControlLog, ending_anywhere_is_refused_or_cut_there_if_it_was_not_known_to_be_synced) {
  const Bytes whole = example_bytes();
  for (const std::uint64_t synced : {std::uint64_t{0}, kFrames[3], kExampleBytes}) {
    for (std::uint64_t size = 0; size < kExampleBytes; ++size) {
      const Bytes bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const auto opened = read_bytes(bytes, synced);
      if (size < std::max(synced, kSnapshotBytes)) {
        ASSERT_FALSE(opened) << size;
        EXPECT_TRUE(names_file_and_offset(opened.error())) << opened.error();
        continue;
      }
      ASSERT_TRUE(opened) << size << ": " << opened.error();
      EXPECT_EQ(opened->good_bytes, whole_frames(size));
      EXPECT_EQ(opened->good_bytes + opened->cut_bytes, size);
      EXPECT_EQ(opened->state, state_at(opened->good_bytes));
    }
  }
}

TEST(ControlLog, tells_where_a_synced_frame_is_damaged) {
  Bytes bytes = example_bytes();
  bytes[kFrames[2] + kFrameHeaderBytes] ^= std::byte{1};
  const auto opened = read_bytes(bytes, kExampleBytes);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message, kPath + ", offset 104: a frame whose checksum does not fit its bytes");
}

TEST(ControlLog, ends_at_the_first_bad_frame_whatever_follows_it) {
  Bytes bytes = example_bytes();
  bytes[kFrames[2]] ^= std::byte{0xff};  // A good frame is behind it.
  const auto opened = read_bytes(bytes, kSnapshotBytes).value();
  EXPECT_EQ(opened.state, snapshot());
  EXPECT_EQ(opened.cut_bytes, kExampleBytes - kSnapshotBytes);
}

TEST(ControlLog, takes_no_frame_from_another_place_or_from_another_log) {
  const Bytes whole = example_bytes();
  Bytes moved = whole;
  moved.insert(moved.end(), whole.begin() + static_cast<std::ptrdiff_t>(kFrames[3]), whole.end());
  EXPECT_EQ(read_bytes(moved).value().good_bytes, kExampleBytes);

  for (const auto& [path, id] : {std::pair(std::string("/journal/control-12.log"), journal_id()),
                                 std::pair(kPath, EventId::from_position(1, 2, 32))}) {
    MemoryFileSystem files;
    auto other = ControlLog::create(files, path, id, snapshot()).value();
    other->append({"orders.filled", 1, 1}).value();
    Bytes mixed = whole;
    std::copy(files.at(path).begin() + kFrames[2], files.at(path).end(), mixed.begin() + kFrames[2]);
    EXPECT_EQ(read_bytes(mixed).value().good_bytes, kSnapshotBytes);
  }
}

TEST(ControlLog, of_another_journal_or_under_another_name_is_refused) {
  MemoryFileSystem files;
  (void)write_example(files);
  const EventId other = EventId::from_position(7, 0, 0);
  const auto foreign = ControlLog::read(files, kPath, other, 0);
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().message, kPath + ", offset 16: it belongs to journal " +
                                         journal_id().to_string() + ", not to " + other.to_string());
  files.at("/journal/control-12.log") = files.at(kPath);
  const auto renamed = ControlLog::read(files, "/journal/control-12.log", journal_id(), 0);
  ASSERT_FALSE(renamed);
  EXPECT_NE(renamed.error().message.find("written under another name"), std::string::npos) << renamed.error();
}

TEST(ControlLog, in_another_directory_is_the_same) {
  MemoryFileSystem files;
  files.at("elsewhere/" + std::string(kName)) = example_bytes();
  files.at(std::string(kName)) = example_bytes();
  EXPECT_TRUE(ControlLog::read(files, "elsewhere/" + std::string(kName), journal_id(), 0));
  EXPECT_TRUE(ControlLog::read(files, std::string(kName), journal_id(), 0));
}

TEST(ControlLog, of_a_newer_version_is_refused_with_both_versions) {
  Bytes bytes = example_bytes();
  bytes.resize(12);  // a newer one may look like anything behind its version
  bytes[8] = std::byte{2};
  const auto opened = read_bytes(bytes);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::newer_format);
  EXPECT_EQ(
      opened.error().message,
      kPath + " has format version 2, and this program reads versions up to 1: open it with a newer one");
}

TEST(ControlLog, that_is_missing_is_an_error) {
  MemoryFileSystem files;
  EXPECT_FALSE(ControlLog::read(files, kPath, journal_id(), 0));
}

/// The example's snapshot and one more frame of `body`, whose checksum is right.
template <class Content>
Result<ControlLog::Opened> read_with(const Content& content) {
  Bytes bytes = example_bytes();
  bytes.resize(kSnapshotBytes);
  encode_frame(bytes, content, kSnapshotBytes, control_seed(journal_id(), kName));
  return read_bytes(std::move(bytes));
}

TEST(ControlLog, refuses_whole_frames_that_say_nonsense_even_where_a_torn_one_would_be_cut) {
  EXPECT_TRUE(read_with(TopicDefinition{"fine", 1, 4095}));
  EXPECT_TRUE(read_with(CursorPlace{std::string(255, 'c'), 4095, ~std::uint64_t{0}}));
  const std::pair<TopicDefinition, std::string> topics[] = {
      {{"skips.one", 2, 0}, "\"skips.one\" has id 2, and 1 is the next one"},
      {{"again", 0, 0}, "has id 0, and 1 is the next one"},
      {{"orders.new", 1, 0}, "\"orders.new\" was there before"},
      {{"far", 1, 4096}, "on shard 4096"},
      {{"", 1, 0}, "the topic is empty"},
      {{"has.*", 1, 0}, "wildcard"},
  };
  for (const auto& [topic, why] : topics) {
    const auto opened = read_with(topic);
    ASSERT_FALSE(opened) << why;
    EXPECT_TRUE(opened.error().message.starts_with(kPath + ", offset 104: ")) << opened.error();
    EXPECT_NE(opened.error().message.find(why), std::string::npos) << opened.error();
  }
  for (const auto& cursor : {CursorPlace{"", 0, 0}, CursorPlace{"far", 4096, 0}}) {
    const auto opened = read_with(cursor);
    ASSERT_FALSE(opened);
    EXPECT_TRUE(names_file_and_offset(opened.error())) << opened.error();
  }
}

TEST(ControlLog, keeps_nothing_that_it_could_not_read_again) {
  MemoryFileSystem files;
  const auto log = write_example(files);
  const auto refuses = [](const Result<void>& result) {
    return !result && result.error().code == ErrorCode::invalid_option;
  };
  EXPECT_TRUE(refuses(log->append({"again", 1, 0})));
  EXPECT_TRUE(refuses(log->append({"skips", 3, 0})));
  EXPECT_TRUE(refuses(log->append({"bad name", 2, 0})));
  EXPECT_TRUE(refuses(log->append({"far", 2, 4096})));
  EXPECT_TRUE(refuses(log->append_cursor("", 0, {})));
  EXPECT_TRUE(refuses(log->append_cursor(std::string(256, 'c'), 0, {})));
  EXPECT_TRUE(refuses(log->append_cursor("far", 4096, {})));
  EXPECT_EQ(log->written(), kExampleBytes);
  log->append({"next", 2, 4095}).value();
  EXPECT_EQ(ControlLog::read(files, kPath, journal_id(), log->written()).value().state.topics.size(), 3U);
}

TEST(ControlLog, is_not_made_of_a_state_that_it_could_not_read_again) {
  const ControlState bad[] = {
      {{{"a", 1, 0}}, {}},
      {{{"a", 0, 0}, {"a", 1, 0}}, {}},
      {{{"a..b", 0, 0}}, {}},
      {{}, {{{"", 0}, {}}}},
  };
  for (const ControlState& state : bad) {
    MemoryFileSystem files;
    const auto log = ControlLog::create(files, kPath, journal_id(), state);
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().code, ErrorCode::invalid_option);
    EXPECT_FALSE(files.exists(kPath).value());
  }
}

TEST(ControlLog, takes_no_place_of_a_file_that_is_there) {
  MemoryFileSystem files;
  files.at(kPath) = Bytes(3);
  EXPECT_FALSE(ControlLog::create(files, kPath, journal_id(), {}));
  EXPECT_EQ(files.at(kPath), Bytes(3));
}

TEST(ControlLog, leaves_nothing_behind_when_it_cannot_be_made) {
  MemoryFileSystem files;
  files.fail_next_write_after(9);
  EXPECT_EQ(ControlLog::create(files, kPath, journal_id(), snapshot()).error().code, ErrorCode::disk_full);
  EXPECT_FALSE(files.exists(kPath).value());
  files.fail_next_sync();
  EXPECT_EQ(ControlLog::create(files, kPath, journal_id(), snapshot()).error().code, ErrorCode::disk_failed);
  EXPECT_FALSE(files.exists(kPath).value());
}

TEST(ControlLog, writes_over_a_frame_that_could_not_be_written) {
  const TopicDefinition longer{"a.topic.with.a.long.name", 2, 0};
  const std::size_t frame_bytes = 48;
  for (std::size_t landed = 0; landed <= frame_bytes; ++landed) {
    MemoryFileSystem files;
    const auto log = write_example(files);
    files.fail_next_write_after(landed);
    const auto failed = log->append(longer);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::disk_full);
    EXPECT_EQ(log->written(), kExampleBytes);

    log->append({"short", 2, 0}).value();
    const auto opened = ControlLog::read(files, kPath, journal_id(), log->written()).value();
    EXPECT_EQ(opened.good_bytes, log->written()) << landed;
    ASSERT_EQ(opened.state.topics.size(), 3U);
    EXPECT_EQ(opened.state.topics[2].name, "short");
  }
}

TEST(ControlLog, of_many_topics_and_cursors_is_read_piece_by_piece) {
  ControlState state;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    const std::string name = "topic." + std::to_string(i) + "." + std::string(1 + i % 200, 'x');
    state.topics.push_back({name, i, i % 64});
    state.cursors[{"reader " + std::to_string(i % 50), i % 64}] = {32 * i, CursorRetention(i % 2)};
  }
  MemoryFileSystem files;
  const auto log = ControlLog::create(files, kPath, journal_id(), state).value();
  for (std::uint32_t i = 0; i < 3000; ++i) {
    state.topics.push_back({"later." + std::to_string(i), 3000 + i, 1});
    log->append(state.topics.back()).value();
    state.cursors[{"reader 1", 1}] = {64 * i};
    log->append_cursor("reader 1", 1, {64 * i}).value();
  }
  const auto opened = ControlLog::read(files, kPath, journal_id(), log->written()).value();
  EXPECT_EQ(opened.state, state);
  EXPECT_EQ(opened.good_bytes, log->written());
}

TEST(ControlLog, looks_at_lengths_before_bodies) {
  for (const std::uint32_t length : {268U, 0x7fffffffU, 0xfffffff0U, 0xffffffffU}) {
    Bytes bytes = example_bytes();
    std::memcpy(bytes.data() + kFrames[2], &length, sizeof length);
    EXPECT_EQ(read_bytes(bytes).value().good_bytes, kSnapshotBytes) << length;
  }
}

}  // namespace
}  // namespace detail
}  // namespace sluice
