#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

/// Numbers as the journal's binary files hold them: little-endian, at any offset.
namespace sluice::detail {

static_assert(std::endian::native == std::endian::little, "files are little-endian, and so is every target");

/// Writes `value` at `offset`; it must fit.
template <class T>
void put(std::span<std::byte> bytes, std::size_t offset, const T& value) noexcept {
  static_assert(std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>);
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

/// Reads a `T` at `offset`; it must lie within `bytes`.
template <class T>
[[nodiscard]] T get(std::span<const std::byte> bytes, std::size_t offset) noexcept {
  static_assert(std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>);
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

[[nodiscard]] inline bool all_zero(std::span<const std::byte> bytes) noexcept {
  for (const std::byte byte : bytes) {
    if (byte != std::byte{0}) return false;
  }
  return true;
}

}  // namespace sluice::detail
