#include "journal/segment_format.hpp"

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "hexdump.hpp"

namespace sluice::detail {
namespace {

using Bytes = std::vector<std::byte>;

constexpr std::uint64_t kSalt = 0x33b1'a908'77c2'e5d4;
constexpr std::uint64_t kPosition = 4128;
constexpr std::string_view kPath = "journal/x.segment";

EventId journal_id() {
  return EventId::parse("0b5e3c1e-52a4-4e6f-9d0c-7a1f2b3c4d5e").value();
}

SegmentEntry example_segment() {
  return {.shard = 1, .begin = 4096, .bytes = 8'388'608, .epoch = 0x001f'00aa'1234'5678, .salt = kSalt};
}

/// An event as a publisher leaves it in the ring, with what an earlier lap left behind it.
Bytes example_record(std::string_view payload) {
  const std::size_t length = log::kHeaderBytes + payload.size();
  Bytes record(log::align_record(length), std::byte{0xee});
  const auto put = [&](std::size_t at, auto value) { std::memcpy(record.data() + at, &value, sizeof value); };
  put(0, log::CommitWord::committed(log::RecordKind::data, static_cast<std::uint32_t>(length)).bits());
  put(log::kTimestampOffset, std::int64_t{1'700'000'000'000'000'000});
  put(log::kTopicOffset, std::uint32_t{7});
  put(log::kCrcOffset, std::uint32_t{0});
  std::memcpy(record.data() + log::kHeaderBytes, payload.data(), payload.size());
  return record;
}

Bytes sealed(const Bytes& record, std::uint64_t position = kPosition, std::uint64_t salt = kSalt) {
  Bytes to(record.size(), std::byte{0xdd});
  seal_record(to.data(), record.data(), load_word(record.data()), position, salt);
  return to;
}

std::string fault(const Bytes& record, std::uint64_t room = 1 << 20, std::uint64_t position = kPosition,
                  std::uint64_t salt = kSalt) {
  const char* found = record_fault(record.data(), record.size(), room, position, salt);
  return found == nullptr ? "" : found;
}

/// The examples of FORMAT.md.
constexpr std::string_view kHeaderExample =
    R"(00000000  73 6c 75 69 63 65 53 47  01 00 00 00 01 00 00 00  |sluiceSG........|
00000010  0b 5e 3c 1e 52 a4 4e 6f  9d 0c 7a 1f 2b 3c 4d 5e  |.^<.R.No..z.+<M^|
00000020  00 10 00 00 00 00 00 00  00 00 80 00 00 00 00 00  |................|
00000030  78 56 34 12 aa 00 1f 00  d4 e5 c2 77 08 a9 b1 33  |xV4........w...3|
00000040  20 7e d9 75 00 00 00 00  00 00 00 00 00 00 00 00  | ~.u............|
)";
constexpr std::string_view kRecordExample =
    R"(00000000  1e 00 00 00 01 00 00 00  00 00 2a 36 fe 9c 97 17  |..........*6....|
00000010  07 00 00 00 7f 23 65 45  73 6f 6c 64 20 35 00 00  |.....#eEsold 5..|
)";

TEST(SegmentFormat, is_what_the_document_says) {
  const SegmentHeader header = encode_header(example_segment(), journal_id());
  EXPECT_EQ(hexdump(std::span(header).first(80)), kHeaderExample);
  EXPECT_EQ(hexdump(sealed(example_record("sold 5"))), kRecordExample);
  EXPECT_NE(format_document().find(kHeaderExample), std::string::npos);
  EXPECT_NE(format_document().find(kRecordExample), std::string::npos);
}

TEST(SegmentFormat, refuses_a_header_that_differs_anywhere) {
  const SegmentHeader header = encode_header(example_segment(), journal_id());
  const std::string path(kPath);
  EXPECT_TRUE(check_header(header, example_segment(), journal_id(), path));
  for (std::size_t bit = 0; bit < 8 * header.size(); ++bit) {
    SegmentHeader flipped = header;
    flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    const auto checked = check_header(flipped, example_segment(), journal_id(), path);
    ASSERT_FALSE(checked) << bit;
    EXPECT_NE(checked.error().message.find(path), std::string::npos);
  }
  for (const std::size_t size : {0UL, 1UL, 79UL, 4095UL}) {
    const auto checked = check_header(std::span(header).first(size), example_segment(), journal_id(), path);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::corrupt);
  }
  SegmentHeader newer = header;
  newer[8] = std::byte{2};
  EXPECT_EQ(check_header(newer, example_segment(), journal_id(), path).error().code, ErrorCode::newer_format);
}

TEST(SegmentFormat, keeps_an_event_and_zeros_what_is_behind_it) {
  const Bytes record = example_record("sold 5");
  const Bytes kept = sealed(record);
  EXPECT_EQ(fault(kept), "");
  const std::size_t length = load_word(record.data()).length();
  EXPECT_EQ(Bytes(kept.begin() + log::kHeaderBytes, kept.begin() + static_cast<std::ptrdiff_t>(length)),
            Bytes(record.begin() + log::kHeaderBytes, record.begin() + static_cast<std::ptrdiff_t>(length)));
  for (std::size_t at = length; at < kept.size(); ++at) EXPECT_EQ(kept[at], std::byte{0});
}

TEST(SegmentFormat, keeps_nothing_of_a_record_that_is_no_event) {
  for (const log::RecordKind kind : {log::RecordKind::padding, log::RecordKind::aborted}) {
    Bytes record(96, std::byte{0xee});
    const std::uint64_t bits = log::CommitWord::committed(kind, 96).bits();
    std::memcpy(record.data(), &bits, sizeof bits);
    const Bytes kept = sealed(record);
    EXPECT_EQ(fault(kept), "");
    for (std::size_t at = 8; at < kept.size(); ++at) {
      const bool is_checksum = at >= log::kCrcOffset && at < log::kHeaderBytes;
      EXPECT_TRUE(is_checksum || kept[at] == std::byte{0}) << at;
    }
  }
}

TEST(SegmentFormat, notices_every_bit_of_an_event) {
  const Bytes kept = sealed(example_record("a payload of some length, so that it is not all header"));
  const std::size_t length = load_word(kept.data()).length();
  for (std::size_t bit = 0; bit < 8 * length; ++bit) {
    Bytes flipped = kept;
    flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    // A length that grows may need bytes that are not at hand yet.
    const bool is_longer = load_word(flipped.data()).length() > flipped.size();
    EXPECT_TRUE(is_longer || !fault(flipped).empty()) << bit;
  }
}

TEST(SegmentFormat, knows_a_record_by_its_place_and_its_segment) {
  const Bytes kept = sealed(example_record("sold 5"));
  EXPECT_NE(fault(kept, 1 << 20, kPosition + 32), "") << "the same bytes elsewhere";
  EXPECT_NE(fault(kept, 1 << 20, kPosition, kSalt + 1), "") << "another file's record";
  EXPECT_NE(fault(kept, 0), "") << "beyond the segment";
}

TEST(SegmentFormat, looks_at_bounds_before_bodies) {
  const auto with_word = [](std::uint64_t bits) {
    Bytes record(32);
    std::memcpy(record.data(), &bits, sizeof bits);
    return record;
  };
  using log::CommitWord;
  using log::RecordKind;
  EXPECT_NE(fault(with_word(0)), "") << "free space";
  EXPECT_NE(fault(with_word(CommitWord::claimed(64).bits())), "") << "never committed";
  EXPECT_NE(fault(with_word(CommitWord::committed(RecordKind::topic, 32).bits())), "");
  EXPECT_NE(fault(with_word(CommitWord::committed(RecordKind::data, 23).bits())), "");
  EXPECT_NE(fault(with_word(CommitWord::committed(RecordKind::data, 0x7fff'ffff).bits())), "");
  EXPECT_NE(fault(with_word(CommitWord::committed(RecordKind::data, 32, 0, 65'535).bits())), "")
      << "metadata longer than the event";
}

}  // namespace
}  // namespace sluice::detail
