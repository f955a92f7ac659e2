#include "base/crc32c.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace sluice {
namespace {

using Bytes = std::vector<std::byte>;

Bytes noise(std::size_t count) {
  Bytes bytes(count);
  std::uint32_t state = 1;
  for (std::byte& byte : bytes) {
    state = state * 1'664'525U + 1'013'904'223U;
    byte = static_cast<std::byte>(state >> 24U);
  }
  return bytes;
}

/// The definition, bit by bit: what both implementations must agree with.
std::uint32_t by_definition(std::span<const std::byte> bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const std::byte byte : bytes) {
    crc ^= static_cast<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0x82F63B78U : 0U);
  }
  return ~crc;
}

void expect(std::span<const std::byte> bytes, std::uint32_t crc) {
  EXPECT_EQ(crc32c(bytes), crc);
  EXPECT_EQ(crc32c_by_tables(bytes), crc);
}

TEST(Crc32c, answers_what_rfc_3720_lists) {
  expect(Bytes(32, std::byte{0x00}), 0x8A9136AA);
  expect(Bytes(32, std::byte{0xFF}), 0x62A8AB43);
  Bytes rising(32);
  Bytes falling(32);
  for (std::size_t at = 0; at < 32; ++at) {
    rising[at] = static_cast<std::byte>(at);
    falling[at] = static_cast<std::byte>(31 - at);
  }
  expect(rising, 0x46DD794E);
  expect(falling, 0x113FDB5C);
  constexpr std::uint8_t kReadCommand[48] = {
      0x01, 0xC0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x18,
      0x28, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};
  expect(std::as_bytes(std::span(kReadCommand)), 0xD9963A56);
}

TEST(Crc32c, answers_the_check_value_of_the_catalogues) {
  expect(std::as_bytes(std::span(std::string_view("123456789"))), 0xE3069283);
}

TEST(Crc32c, of_nothing_is_zero_and_changes_nothing) {
  expect({}, 0);
  EXPECT_EQ(crc32c({}, 0x12345678), 0x12345678U);
  EXPECT_EQ(crc32c_by_tables({}, 0x12345678), 0x12345678U);
}

TEST(Crc32c, is_the_same_by_definition_tables_and_instructions_at_every_length_and_alignment) {
  const Bytes bytes = noise(216);
  for (std::size_t begin = 0; begin < 16; ++begin) {
    for (std::size_t length = 0; length <= 200; ++length) {
      const std::span part = std::span(bytes).subspan(begin, length);
      const std::uint32_t crc = by_definition(part);
      ASSERT_EQ(crc32c(part), crc) << length << " bytes from " << begin;
      ASSERT_EQ(crc32c_by_tables(part), crc) << length << " bytes from " << begin;
    }
  }
}

TEST(Crc32c, joins_streams_of_every_size_right) {
  // Streams are up to 1,024 bytes each, three of them a round.
  const Bytes bytes = noise(2 * 3072 + 240);
  for (std::size_t length = 200; length <= bytes.size(); length += 7) {
    const std::span part = std::span(bytes).first(length);
    ASSERT_EQ(crc32c(part), crc32c_by_tables(part)) << length << " bytes";
  }
  expect(bytes, by_definition(bytes));
}

TEST(Crc32c, goes_on_from_the_checksum_of_what_stands_before) {
  const Bytes bytes = noise(700);
  const std::span all = bytes;
  const std::uint32_t whole = by_definition(all);
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    ASSERT_EQ(crc32c(all.subspan(cut), crc32c(all.first(cut))), whole) << "cut at " << cut;
    ASSERT_EQ(crc32c_by_tables(all.subspan(cut), crc32c_by_tables(all.first(cut))), whole) << "at " << cut;
  }
}

TEST(Crc32c, changes_with_every_bit) {
  Bytes bytes = noise(160);
  const std::uint32_t whole = crc32c(bytes);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    const std::byte mask = std::byte{1} << (bit % 8);
    bytes[bit / 8] ^= mask;
    ASSERT_NE(crc32c(bytes), whole) << "bit " << bit;
    bytes[bit / 8] ^= mask;
  }
}

}  // namespace
}  // namespace sluice
