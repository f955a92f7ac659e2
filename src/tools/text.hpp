#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// How values look on the screen.
namespace sluice::tools {

/// Nanoseconds since the Unix epoch as ISO 8601, UTC: "2026-11-21T18:22:18.000000042Z".
[[nodiscard]] std::string iso_time(std::int64_t timestamp_ns);

/// Whether bytes can be shown as text: valid UTF-8 without control characters but tab, line feed and
/// carriage return.
[[nodiscard]] bool is_text(std::string_view bytes) noexcept;

/// In quotes, on one line: quotes, backslashes and control characters escaped, what is no UTF-8 as \xNN.
[[nodiscard]] std::string quoted(std::string_view text);

/// Valid UTF-8: what is none becomes \xNN.
[[nodiscard]] std::string as_utf8(std::string_view bytes);

/// Hexadecimal digits, two for each byte.
[[nodiscard]] std::string hex(std::span<const std::byte> bytes);

/// A number with a comma after each three digits.
[[nodiscard]] std::string grouped(std::uint64_t number);

/// "1.5 MiB", for people.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

/// The longest beginning of `text` with at most `most_bytes` that ends between two characters.
[[nodiscard]] std::string_view beginning(std::string_view text, std::size_t most_bytes) noexcept;

}  // namespace sluice::tools
