#include "base/crc32c.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <arm_neon.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

// Checksums are polynomials over one bit, lowest power in the highest bit ("reflected"), as the RFC has them.
// Every function here but the two public ones works on the bare remainder: the inversion of its bits at the
// start and at the end is theirs.
namespace sluice {

namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78;

/// `value` times x, modulo the polynomial.
constexpr std::uint32_t times_x(std::uint32_t value) noexcept {
  return (value >> 1U) ^ ((value & 1U) != 0 ? kPolynomial : 0U);
}

std::uint64_t word_at(const std::byte* bytes) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

// By tables: eight bytes a step, one look-up each. M. E. Kounavis and F. L. Berry, "A Systematic Approach to
// Building High Performance Software-Based CRC Generators", ISCC 2005 ("slicing-by-8").

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

/// Table t gives what a byte with t zero bytes behind it leaves.
constexpr Tables make_tables() noexcept {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (Tables::value_type& table : tables) {
      for (int bit = 0; bit < 8; ++bit) remainder = times_x(remainder);
      table[byte] = remainder;
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

std::uint32_t remainder_by_tables(const std::byte* bytes, std::size_t count, std::uint32_t crc) noexcept {
  for (; count >= 8; bytes += 8, count -= 8) {
    const std::uint64_t word = word_at(bytes) ^ crc;
    crc = 0;
    for (unsigned byte = 0; byte < 8; ++byte) crc ^= kTables[7 - byte][(word >> (8 * byte)) & 0xFFU];
  }
  for (; count > 0; ++bytes, --count) {
    crc = (crc >> 8U) ^ kTables[0][(crc ^ static_cast<std::uint32_t>(*bytes)) & 0xFFU];
  }
  return crc;
}

// By instructions: one takes eight bytes and starts every cycle, but answers only three cycles later. So the
// bytes are cut into three streams that run side by side, and joined by carry-less multiplication: V. Gopal
// and others, "Fast CRC Computation for iSCSI Polynomial Using CRC32 Instruction", Intel, 2011.

#if defined(__x86_64__)

#define SLUICE_CRC_INSTRUCTIONS __attribute__((target("sse4.2,pclmul")))

bool has_instructions() noexcept {
  return __builtin_cpu_supports("sse4.2") != 0 && __builtin_cpu_supports("pclmul") != 0;
}

SLUICE_CRC_INSTRUCTIONS inline std::uint32_t step(std::uint32_t crc, std::uint64_t word) noexcept {
  return static_cast<std::uint32_t>(_mm_crc32_u64(crc, word));
}

SLUICE_CRC_INSTRUCTIONS inline std::uint32_t step(std::uint32_t crc, std::byte byte) noexcept {
  return _mm_crc32_u8(crc, static_cast<std::uint8_t>(byte));
}

SLUICE_CRC_INSTRUCTIONS inline std::uint64_t multiply(std::uint32_t a, std::uint32_t b) noexcept {
  const __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128(a), _mm_cvtsi64_si128(b), 0);
  return static_cast<std::uint64_t>(_mm_cvtsi128_si64(product));
}

#elif defined(__aarch64__)

#define SLUICE_CRC_INSTRUCTIONS __attribute__((target("+crc+crypto")))

bool has_instructions() noexcept {
  const unsigned long features = ::getauxval(AT_HWCAP);
  return (features & HWCAP_CRC32) != 0 && (features & HWCAP_PMULL) != 0;
}

SLUICE_CRC_INSTRUCTIONS inline std::uint32_t step(std::uint32_t crc, std::uint64_t word) noexcept {
  return __crc32cd(crc, word);
}

SLUICE_CRC_INSTRUCTIONS inline std::uint32_t step(std::uint32_t crc, std::byte byte) noexcept {
  return __crc32cb(crc, static_cast<std::uint8_t>(byte));
}

SLUICE_CRC_INSTRUCTIONS inline std::uint64_t multiply(std::uint32_t a, std::uint32_t b) noexcept {
  return static_cast<std::uint64_t>(vmull_p64(a, b));
}

#endif

/// Words of a stream, at most. Longer streams would gain nothing, and cost a longer table.
constexpr std::size_t kMostWords = 128;
/// Below this, joining costs more than running side by side saves. Measured.
constexpr std::size_t kLeastBytes = 48;

/// What a remainder must be multiplied by, to stand n words further to the left. The product of two reflected
/// numbers comes out one power too high and `step` adds 32 more, so n words are a power of 64 n - 33.
constexpr std::array<std::uint32_t, 2 * kMostWords + 1> make_shifts() noexcept {
  std::array<std::uint32_t, 2 * kMostWords + 1> shifts{};
  std::uint32_t power = 1;  // x^31, which is one word
  for (std::size_t words = 1; words < shifts.size(); ++words) {
    shifts[words] = power;
    for (int bit = 0; bit < 64; ++bit) power = times_x(power);
  }
  return shifts;
}

constexpr auto kShifts = make_shifts();

SLUICE_CRC_INSTRUCTIONS std::uint32_t remainder_by_instructions(const std::byte* bytes, std::size_t count,
                                                                std::uint32_t crc) noexcept {
  while (count >= kLeastBytes) {
    const std::size_t words = count / 24 < kMostWords ? count / 24 : kMostWords;
    const std::byte* const second = bytes + 8 * words;
    const std::byte* const third = second + 8 * words;
    std::uint32_t crc_of_second = 0;
    std::uint32_t crc_of_third = 0;
    for (std::size_t at = 0; at < 8 * words; at += 8) {
      crc = step(crc, word_at(bytes + at));
      crc_of_second = step(crc_of_second, word_at(second + at));
      crc_of_third = step(crc_of_third, word_at(third + at));
    }
    // Both products before one step: remainders add up bit by bit.
    crc =
        step(0U, multiply(crc, kShifts[2 * words]) ^ multiply(crc_of_second, kShifts[words])) ^ crc_of_third;
    bytes = third + 8 * words;
    count -= 24 * words;
  }
  for (; count >= 8; bytes += 8, count -= 8) crc = step(crc, word_at(bytes));
  for (; count > 0; ++bytes, --count) crc = step(crc, *bytes);
  return crc;
}

#undef SLUICE_CRC_INSTRUCTIONS

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc) noexcept {
  static const auto remainder = has_instructions() ? remainder_by_instructions : remainder_by_tables;
  return ~remainder(bytes.data(), bytes.size(), ~crc);
}

std::uint32_t crc32c_by_tables(std::span<const std::byte> bytes, std::uint32_t crc) noexcept {
  return ~remainder_by_tables(bytes.data(), bytes.size(), ~crc);
}

}  // namespace sluice
