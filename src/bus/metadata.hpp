#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

/// How metadata lies in a record: pairs one behind the other, each
///
///     | key bytes u16 | value bytes u16 | key | value |
///
/// little-endian and unaligned; the commit word says how many bytes they take in all.
namespace sluice::detail {

using MetadataPairs = std::span<const std::pair<std::string_view, std::string_view>>;

inline constexpr std::size_t kPairHeaderBytes = 4;

/// What the pairs take, or nothing encodable: an empty or repeated key, or more than 65,535 bytes.
struct MetadataSize {
  bool valid = true;
  std::size_t bytes = 0;
};
[[nodiscard]] MetadataSize measure(MetadataPairs pairs) noexcept;

/// Writes measured pairs; returns the byte behind them.
std::byte* encode(MetadataPairs pairs, std::byte* to) noexcept;

}  // namespace sluice::detail
