#include "sluice/log/record.hpp"

#include <gtest/gtest.h>

namespace sluice::log {
namespace {

TEST(Record, is_as_long_as_the_next_multiple_of_32) {
  EXPECT_EQ(align_record(0), 0U);
  EXPECT_EQ(align_record(1), 32U);
  EXPECT_EQ(align_record(32), 32U);
  EXPECT_EQ(align_record(33), 64U);
}

TEST(Record, takes_32_bytes_for_a_payload_of_eight) {
  EXPECT_EQ(CommitWord::committed(RecordKind::data, kHeaderBytes + 8).stride(), 32U);
  EXPECT_EQ(CommitWord::committed(RecordKind::data, kHeaderBytes + 9).stride(), 64U);
}

TEST(CommitWord, of_zero_is_neither_committed_nor_claimed) {
  EXPECT_FALSE(CommitWord().is_committed());
  EXPECT_FALSE(CommitWord().is_claimed());
}

TEST(CommitWord, that_is_claimed_says_how_long_the_hole_is_and_is_not_committed) {
  const CommitWord word = CommitWord::claimed(96);
  EXPECT_TRUE(word.is_claimed());
  EXPECT_FALSE(word.is_committed());
  EXPECT_EQ(word.length(), 96U);
  EXPECT_EQ(word.stride(), 96U);
}

TEST(CommitWord, of_each_kind_is_committed_and_only_data_is_data) {
  for (const RecordKind kind :
       {RecordKind::data, RecordKind::padding, RecordKind::aborted, RecordKind::topic}) {
    const CommitWord word = CommitWord::committed(kind, 24);
    EXPECT_TRUE(word.is_committed());
    EXPECT_FALSE(word.is_claimed());
    EXPECT_EQ(word.kind(), kind);
    EXPECT_EQ(word.is_data(), kind == RecordKind::data);
  }
}

TEST(CommitWord, lays_its_fields_out_as_the_format_says) {
  const CommitWord word = CommitWord::committed(RecordKind::data, 0x1234, kHasTtl, 0xabcd);
  EXPECT_EQ(word.bits(), 0xabcd'0011'0000'1234U);
}

TEST(CommitWord, places_the_payload_behind_the_parts_that_are_there) {
  EXPECT_EQ(CommitWord::committed(RecordKind::data, 24).payload_offset(), 24U);
  EXPECT_EQ(CommitWord::committed(RecordKind::data, 64, kHasTtl).payload_offset(), 32U);
  EXPECT_EQ(CommitWord::committed(RecordKind::data, 64, kHasExplicitId).payload_offset(), 40U);
  EXPECT_EQ(CommitWord::committed(RecordKind::data, 64, kHasTtl | kHasExplicitId).payload_offset(), 48U);
  EXPECT_EQ(CommitWord::committed(RecordKind::data, 64, 0, 1).payload_offset(), 32U);
  EXPECT_EQ(CommitWord::committed(RecordKind::data, 64, kHasTtl, 9).payload_offset(), 48U);
}

TEST(CommitWord, that_is_plain_has_nothing_between_header_and_payload) {
  EXPECT_TRUE(CommitWord::committed(RecordKind::data, 32).is_plain());
  EXPECT_FALSE(CommitWord().is_plain());
  EXPECT_FALSE(CommitWord::claimed(32).is_plain());
  EXPECT_FALSE(CommitWord::committed(RecordKind::padding, 32).is_plain());
  EXPECT_FALSE(CommitWord::committed(RecordKind::data, 32, kHasTtl).is_plain());
  EXPECT_FALSE(CommitWord::committed(RecordKind::data, 32, 0, 1).is_plain());
}

}  // namespace
}  // namespace sluice::log
