#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice {

/// CRC-32C (Castagnoli; RFC 3720, appendix B.4) of `bytes`, going on from `crc`, the checksum of what stands
/// before them (0 for nothing): `crc32c(b, crc32c(a))` is that of a and b together. By the processor's own
/// instructions where it has them (SSE 4.2, the CRC extension of ARMv8), else by tables. Any thread.
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc = 0) noexcept;

/// The same by tables alone: what the instructions are tested against.
[[nodiscard]] std::uint32_t crc32c_by_tables(std::span<const std::byte> bytes,
                                             std::uint32_t crc = 0) noexcept;

}  // namespace sluice
