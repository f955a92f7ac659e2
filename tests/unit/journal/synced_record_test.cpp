#include "journal/synced_record.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/crc32c.hpp"
#include "hexdump.hpp"
#include "journal/bytes.hpp"
#include "memory_file_system.hpp"

namespace sluice::detail {
namespace {

using Bytes = MemoryFileSystem::Bytes;

const std::string kPath = "/journal/SYNCED";
constexpr std::size_t kSlotBytes = 40 * 1024;
constexpr std::size_t kFileBytes = 3 * kSlotBytes;
constexpr std::size_t kUsedBytes = 120 + 2 * 8;  ///< of a slot of two shards

EventId journal_id() {
  return EventId::parse("0b5e3c1e-52a4-4e6f-9d0c-7a1f2b3c4d5e").value();
}

SyncedPositions positions(std::uint64_t step) {
  return {"control-0000000000000011.log", 104 + 8 * step, {4096 + 32 * step, 64 * step}};
}

/// The second slot in the example of FORMAT.md.
constexpr std::string_view kExample =
    "00000000  73 6c 75 69 63 65 53 59  01 00 00 00 e9 40 57 c0  |sluiceSY.....@W.|\n"
    "00000010  0b 5e 3c 1e 52 a4 4e 6f  9d 0c 7a 1f 2b 3c 4d 5e  |.^<.R.No..z.+<M^|\n"
    "00000020  01 00 00 00 00 00 00 00  70 00 00 00 00 00 00 00  |........p.......|\n"
    "00000030  02 00 00 00 00 00 00 00  63 6f 6e 74 72 6f 6c 2d  |........control-|\n"
    "00000040  30 30 30 30 30 30 30 30  30 30 30 30 30 30 31 31  |0000000000000011|\n"
    "00000050  2e 6c 6f 67 00 00 00 00  00 00 00 00 00 00 00 00  |.log............|\n"
    "00000060  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n"
    "00000070  00 00 00 00 00 00 00 00  20 10 00 00 00 00 00 00  |........ .......|\n"
    "00000080  40 00 00 00 00 00 00 00                           |@.......|\n";

/// A record that was made, and written `writes` times.
Bytes written(std::uint64_t writes) {
  MemoryFileSystem files;
  auto record = SyncedRecord::create(files, kPath, journal_id(), positions(0)).value();
  for (std::uint64_t step = 1; step <= writes; ++step) record->write(positions(step)).value();
  return files.at(kPath);
}

Result<SyncedPositions> latest_in(const Bytes& bytes) {
  MemoryFileSystem files;
  files.at(kPath) = bytes;
  auto record = SyncedRecord::open(files, kPath, journal_id(), OpenMode::read_only);
  if (!record) return std::move(record).error();
  return (*record)->latest();
}

/// The offset of the slot that the write of this number went to.
std::size_t slot_of(std::uint64_t write) {
  return (1 + write % 2) * kSlotBytes;
}

TEST(SyncedRecord, has_the_bytes_that_the_format_document_shows) {
  const Bytes bytes = written(1);
  EXPECT_EQ(hexdump(std::span(bytes).subspan(slot_of(1), kUsedBytes)), kExample);
  EXPECT_NE(format_document().find(kExample), std::string::npos);
}

TEST(SyncedRecord, is_whole_synced_and_in_its_directory_when_it_is_made) {
  MemoryFileSystem files;
  const auto record = SyncedRecord::create(files, kPath, journal_id(), positions(0)).value();
  EXPECT_EQ(record->latest(), positions(0));
  EXPECT_EQ(files.at(kPath).size(), kFileBytes);
  EXPECT_EQ(files.synced(kPath), files.at(kPath));
  EXPECT_TRUE(files.unsynced_directories().empty());
}

TEST(SyncedRecord, takes_the_place_of_one_that_is_there) {
  MemoryFileSystem files;
  files.at(kPath) = written(7);
  (void)SyncedRecord::create(files, kPath, journal_id(), positions(3)).value();
  EXPECT_EQ(latest_in(files.at(kPath)).value(), positions(3));
}

TEST(SyncedRecord, tells_what_was_written_last) {
  for (std::uint64_t writes = 0; writes < 10; ++writes) {
    EXPECT_EQ(latest_in(written(writes)).value(), positions(writes));
  }
}

TEST(SyncedRecord, goes_on_where_it_was_when_it_is_opened_again) {
  MemoryFileSystem files;
  (void)SyncedRecord::create(files, kPath, journal_id(), positions(0)).value();
  for (std::uint64_t step = 1; step < 10; ++step) {
    auto record = SyncedRecord::open(files, kPath, journal_id(), OpenMode::read_write).value();
    EXPECT_EQ(record->latest(), positions(step - 1));
    record->write(positions(step)).value();
    EXPECT_EQ(record->latest(), positions(step));
    EXPECT_EQ(files.at(kPath), written(step));
  }
}

TEST(SyncedRecord, holds_from_no_shard_to_4096_of_them) {
  for (const std::size_t shards : {0U, 1U, 49U, 64U, 4096U, 2U}) {
    MemoryFileSystem files;
    auto record = SyncedRecord::create(files, kPath, journal_id(), positions(0)).value();
    SyncedPositions many = positions(1);
    many.control_log = std::string(63, 'c');
    many.positions.assign(shards, ~std::uint64_t{31});
    record->write(many).value();
    EXPECT_EQ(latest_in(files.at(kPath)).value(), many) << shards;
    record->write(positions(2)).value();
    record->write(positions(3)).value();  // over the long one
    EXPECT_EQ(latest_in(files.at(kPath)).value(), positions(3)) << shards;
    EXPECT_EQ(files.at(kPath).size(), kFileBytes);
  }
}

TEST(SyncedRecord, keeps_nothing_that_it_could_not_read_again) {
  MemoryFileSystem files;
  auto record = SyncedRecord::create(files, kPath, journal_id(), positions(0)).value();
  const Bytes before = files.at(kPath);
  const SyncedPositions bad[] = {{"", 40, {}},
                                 {"a/b", 40, {}},
                                 {std::string(64, 'c'), 40, {}},
                                 {"c", 40, {0, 33}},
                                 {"c", 40, std::vector<std::uint64_t>(4097)}};
  for (const SyncedPositions& positions : bad) {
    EXPECT_EQ(record->write(positions).error().code, ErrorCode::invalid_option);
    EXPECT_EQ(SyncedRecord::create(files, kPath, journal_id(), positions).error().code,
              ErrorCode::invalid_option);
  }
  EXPECT_EQ(files.at(kPath), before);
}

TEST(SyncedRecord, with_any_bit_flipped_in_one_slot_tells_the_newest_of_the_others) {
  Bytes bytes = written(2);
  const auto flip = [&](std::size_t bit) { bytes[bit / 8] ^= std::byte{1} << static_cast<int>(bit % 8); };
  // The slots in the order of the file, and what is left to tell when one is damaged.
  const std::uint64_t without[] = {2, 1, 2};
  ASSERT_EQ(slot_of(2), kSlotBytes);
  for (std::size_t slot = 0; slot < 3; ++slot) {
    for (std::size_t bit = 0; bit < 8 * kUsedBytes; ++bit) {
      flip(8 * slot * kSlotBytes + bit);
      const auto latest = latest_in(bytes);
      ASSERT_TRUE(latest) << latest.error();
      EXPECT_EQ(*latest, positions(without[slot])) << slot << ", " << bit;
      flip(8 * slot * kSlotBytes + bit);
    }
    // What lies behind a slot's last position means nothing.
    for (std::size_t bit = 8 * kUsedBytes; bit < 8 * kSlotBytes; bit += 8 * 509 + 1) {
      flip(8 * slot * kSlotBytes + bit);
      EXPECT_EQ(latest_in(bytes).value(), positions(2));
      flip(8 * slot * kSlotBytes + bit);
    }
  }
}

TEST(SyncedRecord, with_every_slot_damaged_is_refused_with_what_is_wrong_in_each) {
  Bytes bytes = written(2);
  bytes[3] ^= std::byte{1};
  bytes[kSlotBytes + 60] ^= std::byte{1};
  bytes[2 * kSlotBytes + 50] ^= std::byte{1};
  const auto latest = latest_in(bytes);
  ASSERT_FALSE(latest);
  EXPECT_EQ(latest.error().code, ErrorCode::corrupt);
  EXPECT_EQ(
      latest.error().message,
      kPath +
          ", offset 0: none of the slots can be used; the slot at offset 0: its first bytes are others; the "
          "slot at offset 40960: its checksum does not fit its bytes; the slot at offset 81920: it has more "
          "shards than can be");
}

TEST(SyncedRecord, takes_no_slot_that_says_nonsense_though_its_checksum_fits) {
  const Bytes good = written(2);
  const auto latest_with = [&](std::size_t offset, std::uint8_t value, std::size_t shards) {
    Bytes bytes = good;
    const std::span<std::byte> slot = std::span(bytes).subspan(slot_of(2), kSlotBytes);
    slot[offset] = std::byte{value};
    const std::span<const std::byte> covered = slot.subspan(16, 104 + 8 * shards);
    put(slot, 12, crc32c(covered, crc32c(slot.first(12))));
    return latest_in(bytes).value();
  };
  EXPECT_EQ(latest_with(32, 2, 2), positions(2)) << "as it was";
  EXPECT_EQ(latest_with(8, 0, 2), positions(1)) << "version 0";
  EXPECT_TRUE(latest_with(52, 1, 2).sync_begun);
  EXPECT_EQ(latest_with(52, 2, 2), positions(1)) << "neither begun nor not";
  EXPECT_EQ(latest_with(53, 1, 2), positions(1)) << "neither begun nor not";
  EXPECT_EQ(latest_with(119, 'x', 2), positions(1)) << "behind the end of the name";
  EXPECT_EQ(latest_with(56, '/', 2), positions(1)) << "a name that leads elsewhere";
  EXPECT_EQ(latest_with(56, 0, 2), positions(1)) << "no name";
  EXPECT_EQ(latest_with(120, 1, 2), positions(1)) << "no multiple of 32";
  EXPECT_EQ(latest_with(16, 0xff, 2), positions(1)) << "another journal";
  EXPECT_EQ(latest_with(48, 1, 1).positions.size(), 1U) << "one shard less";
}

TEST(SyncedRecord, ending_anywhere_or_longer_than_it_was_made_is_refused) {
  MemoryFileSystem files;
  Bytes& bytes = files.at(kPath) = written(2);
  bytes.push_back(std::byte{0});
  const auto refused = [&] {
    const auto record = SyncedRecord::open(files, kPath, journal_id(), OpenMode::read_only);
    return !record && record.error().code == ErrorCode::corrupt &&
           record.error().message.starts_with(kPath + ", offset ");
  };
  EXPECT_TRUE(refused());
  // Every length near where slots begin and end, and some between.
  for (std::size_t size = kFileBytes - 1; size > 0; --size) {
    if (size % kSlotBytes > 200 && size % 499 != 0) continue;
    bytes.resize(size);
    EXPECT_TRUE(refused()) << size;
  }
  bytes.clear();
  EXPECT_TRUE(refused());
}

TEST(SyncedRecord, of_another_journal_is_refused) {
  MemoryFileSystem files;
  files.at(kPath) = written(2);
  const EventId other = EventId::from_position(7, 0, 0);
  const auto record = SyncedRecord::open(files, kPath, other, OpenMode::read_write);
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, ErrorCode::corrupt);
  EXPECT_NE(record.error().message.find("it belongs to journal " + journal_id().to_string()),
            std::string::npos);
}

TEST(SyncedRecord, of_a_newer_version_is_refused_with_both_versions) {
  Bytes bytes = written(2);
  for (std::size_t slot = 0; slot < 3; ++slot) bytes[slot * kSlotBytes + 8] = std::byte{2};
  bytes.resize(500);  // a newer one may be of another size
  const auto latest = latest_in(bytes);
  ASSERT_FALSE(latest);
  EXPECT_EQ(latest.error().code, ErrorCode::newer_format);
  EXPECT_EQ(
      latest.error().message,
      kPath + " has format version 2, and this program reads versions up to 1: open it with a newer one");
}

TEST(SyncedRecord, whose_write_failed_still_tells_the_one_before_and_writes_there_again) {
  // The last byte of a slot differs from that of every other, so that it has landed only with the last byte.
  const auto high = [](std::uint64_t step) { return SyncedPositions{"c", 40, {step << 56U}}; };
  constexpr std::size_t kHighBytes = 120 + 8;
  for (std::size_t landed = 0; landed < kHighBytes; ++landed) {
    MemoryFileSystem files;
    auto record = SyncedRecord::create(files, kPath, journal_id(), high(0)).value();
    for (std::uint64_t step = 1; step <= 4; ++step) record->write(high(step)).value();
    files.fail_next_write_after(landed);
    EXPECT_EQ(record->write(high(5)).error().code, ErrorCode::disk_full);
    EXPECT_EQ(record->latest(), high(4));
    EXPECT_EQ(latest_in(files.at(kPath)).value(), high(4)) << landed;
    record->write(high(6)).value();
    EXPECT_EQ(latest_in(files.at(kPath)).value(), high(6));
  }
}

TEST(SyncedRecord, with_both_later_slots_torn_tells_what_it_was_made_with) {
  // 64 shards need two sectors. After a loss of power each may be of any write since the last sync.
  MemoryFileSystem files;
  const auto wide = [](std::uint64_t step) {
    return SyncedPositions{"c", 40, std::vector<std::uint64_t>(64, 32 * step)};
  };
  auto record = SyncedRecord::create(files, kPath, journal_id(), wide(0)).value();
  std::vector<Bytes> images = {files.at(kPath)};
  for (std::uint64_t step = 1; step <= 6; ++step) {
    record->write(wide(step)).value();
    images.push_back(files.at(kPath));
  }
  constexpr std::ptrdiff_t kSector = 512;
  for (std::size_t a = 0; a < images.size(); ++a) {
    for (std::size_t b = 0; b < images.size(); ++b) {
      Bytes mixed = images[a];
      for (const std::ptrdiff_t slot : {std::ptrdiff_t{kSlotBytes}, std::ptrdiff_t{2 * kSlotBytes}}) {
        std::copy_n(images[b].begin() + slot, kSector, mixed.begin() + slot);
      }
      const auto latest = latest_in(mixed);
      ASSERT_TRUE(latest) << latest.error();
      const std::uint64_t told = latest->positions.front() / 32;
      EXPECT_EQ(*latest, wide(told));
      EXPECT_LE(told, std::max(a, b));
    }
  }
  Bytes torn = images[6];
  std::copy_n(images[1].begin() + kSlotBytes, kSector, torn.begin() + kSlotBytes);
  std::copy_n(images[2].begin() + 2 * kSlotBytes, kSector, torn.begin() + 2 * kSlotBytes);
  EXPECT_EQ(latest_in(torn).value(), wide(0)) << "neither is whole";
}

TEST(SyncedRecord, opened_for_reading_writes_nothing) {
  MemoryFileSystem files;
  files.at(kPath) = written(2);
  auto record = SyncedRecord::open(files, kPath, journal_id(), OpenMode::read_only).value();
  EXPECT_FALSE(record->write(positions(3)));
  EXPECT_EQ(files.at(kPath), written(2));
}

}  // namespace
}  // namespace sluice::detail
