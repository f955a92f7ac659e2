#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "sluice/base/hash.hpp"

/// Events that tell by themselves whether they are what was published.
namespace sluice::test {

/// The bytes of an event: its number, a check, and a filler that follows from both. Of any length from 16 on.
inline std::span<const std::byte> write_numbered(std::uint64_t number, std::uint32_t shard,
                                                 std::vector<std::byte>& bytes) {
  const std::uint64_t check = mix64(number * 64 + shard);
  bytes.resize(16 + check % 300);
  std::memcpy(bytes.data(), &number, sizeof number);
  std::memcpy(bytes.data() + 8, &check, sizeof check);
  for (std::size_t i = 16; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(check >> (i % 8 * 8));
  return bytes;
}

/// The number of an event; nothing for bytes that no event ever had.
inline std::optional<std::uint64_t> read_numbered(std::span<const std::byte> bytes, std::uint32_t shard) {
  if (bytes.size() < 16) return std::nullopt;
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof number);
  std::vector<std::byte> expected;
  write_numbered(number, shard, expected);
  if (expected.size() != bytes.size() || std::memcmp(expected.data(), bytes.data(), bytes.size()) != 0) {
    return std::nullopt;
  }
  return number;
}

}  // namespace sluice::test
