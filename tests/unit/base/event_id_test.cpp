#include "sluice/base/event_id.hpp"

#include <limits>
#include <set>
#include <string>
#include <unordered_set>

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr std::uint64_t kEpoch = 0x0123456789abcdefU;
constexpr std::string_view kText = "01234567-89ab-8cde-bc00-000000000001";

TEST(EventId, prints_epoch_version_shard_and_position_in_their_places) {
  EXPECT_EQ(EventId::from_position(kEpoch, 0, 32).to_string(), kText);
  EXPECT_EQ(EventId::from_position(0, 0, 0).to_string(), "00000000-0000-8000-8000-000000000000");
  EXPECT_EQ(EventId::from_position(0, 4095, 0).to_string(), "00000000-0000-8000-83ff-c00000000000");
  const std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(EventId::from_position(last, 4095, (std::uint64_t{1} << 51U) - 32).to_string(),
            "ffffffff-ffff-8fff-bfff-ffffffffffff");
}

TEST(EventId, of_a_position_tells_the_place_it_was_made_of) {
  const EventId id = EventId::from_position(kEpoch, 17, 4096);
  EXPECT_EQ(id.place_in(kEpoch), (EventId::Place{17, 4096}));
  EXPECT_EQ(id.place_in(kEpoch + 1), std::nullopt);
  EXPECT_EQ(id.place_in(0), std::nullopt);
}

TEST(EventId, carries_a_position_beyond_two_petabytes_into_the_epoch) {
  const std::uint64_t far = (std::uint64_t{1} << 51U) + 64;
  const EventId id = EventId::from_position(kEpoch, 3, far);
  EXPECT_NE(id, EventId::from_position(kEpoch, 3, 64));
  EXPECT_EQ(id.place_in(kEpoch), (EventId::Place{3, far}));
  const std::uint64_t last = std::numeric_limits<std::uint64_t>::max() - 31;
  EXPECT_EQ(EventId::from_position(~std::uint64_t{0}, 3, last).place_in(~std::uint64_t{0}),
            (EventId::Place{3, last}));
}

TEST(EventId, from_elsewhere_has_no_place) {
  EXPECT_EQ(EventId().place_in(0), std::nullopt);
  const EventId version4 = EventId::parse("01234567-89ab-4cde-bc00-000000000001").value();
  EXPECT_EQ(version4.place_in(kEpoch), std::nullopt);
  const EventId other_variant = EventId::parse("01234567-89ab-8cde-fc00-000000000001").value();
  EXPECT_EQ(other_variant.place_in(kEpoch), std::nullopt);
}

TEST(EventId, is_nil_only_by_default) {
  EXPECT_TRUE(EventId().is_nil());
  EXPECT_EQ(EventId().to_string(), "00000000-0000-0000-0000-000000000000");
  EXPECT_FALSE(EventId::from_position(0, 0, 0).is_nil());
}

TEST(EventId, keeps_foreign_bytes_as_they_are) {
  EventId::Bytes bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(0xf0 + i);
  EXPECT_EQ(EventId::from_bytes(bytes).bytes(), bytes);
  EXPECT_EQ(EventId::from_bytes(bytes).to_string(), "f0f1f2f3-f4f5-f6f7-f8f9-fafbfcfdfeff");
}

TEST(EventId, reads_digits_of_either_case) {
  EXPECT_EQ(EventId::parse(kText).value(), EventId::from_position(kEpoch, 0, 32));
  EXPECT_EQ(EventId::parse("01234567-89AB-8CDE-BC00-000000000001").value(), EventId::parse(kText).value());
}

TEST(EventId, sorts_as_the_positions_of_its_shard_do) {
  const EventId early = EventId::from_position(kEpoch, 5, 32);
  const EventId later = EventId::from_position(kEpoch, 5, 1U << 20U);
  EXPECT_LT(early, later);
  EXPECT_LT(early.to_string(), later.to_string());
  EXPECT_LT(later, EventId::from_position(kEpoch, 6, 0));
}

TEST(EventId, hashes_neighbours_apart) {
  std::unordered_set<EventId> ids;
  std::set<std::size_t> hashes;
  for (std::uint64_t n = 0; n < 2000; ++n) {
    const EventId id = EventId::from_position(kEpoch, 1, n * 32);
    ids.insert(id);
    hashes.insert(std::hash<EventId>{}(id));
  }
  EXPECT_EQ(ids.size(), 2000U);
  EXPECT_EQ(hashes.size(), 2000U);
  EXPECT_EQ(ids.count(EventId::from_position(kEpoch, 1, 64)), 1U);
}

std::string refusal(std::string_view text) {
  const Result<EventId> parsed = EventId::parse(text);
  if (parsed) return "accepted";
  EXPECT_EQ(parsed.error().code, ErrorCode::invalid_id);
  return parsed.error().message;
}

bool contains(const std::string& message, std::string_view part) {
  return message.find(part) != std::string::npos;
}

TEST(EventIdParse, names_a_wrong_length) {
  EXPECT_TRUE(contains(refusal(""), "has 0")) << refusal("");
  EXPECT_TRUE(contains(refusal(std::string(kText) + "0"), "has 37"));
  EXPECT_TRUE(contains(refusal("{" + std::string(kText) + "}"), "has 38"));
}

TEST(EventIdParse, names_the_first_wrong_character_and_its_column) {
  std::string text(kText);
  text[10] = 'g';
  text[20] = 'z';
  EXPECT_TRUE(contains(refusal(text), "'g' in column 11")) << refusal(text);
  EXPECT_TRUE(contains(refusal(text), "hexadecimal digit"));
  text = kText;
  text[8] = '0';
  EXPECT_TRUE(contains(refusal(text), "'0' in column 9")) << refusal(text);
  EXPECT_TRUE(contains(refusal(text), "hyphen"));
  text = kText;
  text[35] = '\n';
  EXPECT_TRUE(contains(refusal(text), "byte 0x0a in column 36")) << refusal(text);
}

TEST(EventIdParse, refuses_every_other_byte_in_every_column) {
  for (std::size_t column = 0; column < kText.size(); ++column) {
    for (int byte = 0; byte < 256; ++byte) {
      const char c = static_cast<char>(byte);
      const bool is_digit = std::string_view("0123456789abcdefABCDEF").find(c) != std::string_view::npos;
      const bool belongs = kText[column] == '-' ? c == '-' : is_digit;
      std::string text(kText);
      text[column] = c;
      ASSERT_EQ(EventId::parse(text).has_value(), belongs) << "byte " << byte << " in column " << column + 1;
    }
  }
}

}  // namespace
}  // namespace sluice
