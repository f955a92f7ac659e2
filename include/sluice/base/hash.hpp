#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "sluice/base/uint128.hpp"

/// Hashes whose results are the same in every run and on every machine: a topic's shard depends on them, and
/// so do files on disk. They must never change (fixed vectors in the tests hold them). Not for hostile input:
/// the seeds are public, so someone who may choose names freely can make them collide.
namespace sluice {

/// Mixes 64 bits so that each input bit flips each output bit about half the time. One-to-one: different
/// inputs give different results. The shifts and factors are David Stafford's "Mix13", as used in SplitMix64
/// (Steele, Lea, Flood 2014).
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t value) noexcept {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

namespace detail {

static_assert(std::endian::native == std::endian::little, "reads below would give other hashes");

/// Odd constants with half their bits set: the fractional parts of the square roots of 2, 3 and 5, made odd.
inline constexpr std::uint64_t kHashSeed = 0x6a09e667f3bcc909U;
inline constexpr std::uint64_t kHashFirst = 0xbb67ae8584caa73bU;
inline constexpr std::uint64_t kHashLength = 0x3c6ef372fe94f82bU;

/// The `Word` at `bytes`, wherever that lies; a loop for the compiler, one load for the processor.
template <class Word>
[[nodiscard]] constexpr std::uint64_t read_word(const char* bytes) noexcept {
  if (!std::is_constant_evaluated()) {
    Word word;
    std::memcpy(&word, bytes, sizeof word);
    return word;
  }
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < sizeof(Word); ++i) {
    word |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8U * i);
  }
  return word;
}

/// The two halves of the 128-bit product, folded onto each other: one multiplication mixes two words.
[[nodiscard]] constexpr std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) noexcept {
  const Uint128 product = static_cast<Uint128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

struct HashTail {
  std::uint64_t first;
  std::uint64_t last;
};

/// Up to 16 bytes as two words that overlap in the middle, so that no length needs a loop.
[[nodiscard]] constexpr HashTail read_tail(const char* bytes, std::size_t size) noexcept {
  if (size >= 8) return {read_word<std::uint64_t>(bytes), read_word<std::uint64_t>(bytes + size - 8)};
  if (size >= 4) return {read_word<std::uint32_t>(bytes), read_word<std::uint32_t>(bytes + size - 4)};
  if (size == 0) return {0, 0};
  const std::uint64_t ends =
      read_word<std::uint8_t>(bytes) | (read_word<std::uint8_t>(bytes + size - 1) << 8U);
  return {ends, read_word<std::uint8_t>(bytes + size / 2)};
}

}  // namespace detail

/// All bytes of `text`, and their number, in 64 well-mixed bits: use any of them. Some 2 ns for a short name.
/// The folded multiplication and the overlapping reads are ideas of Wang Yi's wyhash; the function is our
/// own.
[[nodiscard]] constexpr std::uint64_t hash_bytes(std::string_view text) noexcept {
  constexpr std::size_t kStep = 16;
  std::uint64_t state = detail::kHashSeed;
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left > kStep; left -= kStep, at += kStep) {
    state = detail::fold_multiply(detail::read_word<std::uint64_t>(at) ^ detail::kHashFirst,
                                  detail::read_word<std::uint64_t>(at + 8) ^ state);
  }
  const detail::HashTail tail = detail::read_tail(at, left);
  state = detail::fold_multiply(tail.first ^ detail::kHashFirst, tail.last ^ state);
  return mix64(state ^ (text.size() * detail::kHashLength));
}

}  // namespace sluice
