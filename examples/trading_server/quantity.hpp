#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace trading {

// Numbers as people type and read them.

/// Digits only, with `_` or `'` between them if you like: `5000`, `5_000`. Nothing when it is not, or over 64
/// bits.
[[nodiscard]] std::optional<std::uint64_t> parse_count(std::string_view text);

/// A whole number or a decimal fraction with a unit: `250ns`, `20us`, `1.5ms`, `30s`, `10m`, `8h`. A unit is
/// needed, but for `0`. At most a year.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// A whole number with or without a unit: `65536`, `64KiB`, `1MiB`, `1GiB`.
[[nodiscard]] std::optional<std::uint64_t> parse_bytes(std::string_view text);

/// Whole, with a comma between thousands: `5,000,000`.
[[nodiscard]] std::string format_count(std::uint64_t value);

/// Three digits and a unit: `85 ns`, `1.24 us`, `20.1 ms`, `3.50 s`; what is longer as `2 m 5 s` or `8 h 0
/// m`.
[[nodiscard]] std::string format_duration(std::uint64_t nanoseconds);

/// `0 B`, `12.5 KiB`, `1.00 MiB`.
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

/// In dollars: `585.3300`.
[[nodiscard]] std::string format_price(std::int64_t price);

}  // namespace trading
