#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// What the journal's files and their errors have in common as text.
namespace sluice::detail {

/// The longest name of a file that another file of a journal may mention, in bytes.
inline constexpr std::size_t kMaxFileNameBytes = 63;

/// The lowest `digits` hexadecimal digits of `value`, lower case.
[[nodiscard]] std::string hex_digits(std::uint64_t value, std::size_t digits);

/// `text` in quotes, as an error shows what it found: at most 60 bytes of it, what can't be printed as \xNN.
[[nodiscard]] std::string shown(std::string_view text);

/// Whether `name` may name a file beside the one that mentions it: 1 to 63 ASCII letters, digits, `.`, `_`
/// and `-`, the first one no dot. So it never leads out of the directory.
[[nodiscard]] bool is_file_name(std::string_view name) noexcept;

/// "path, offset 12: what".
[[nodiscard]] std::string at_offset(std::string_view path, std::uint64_t offset, std::string_view what);

/// What is said of a file whose format version is too high.
[[nodiscard]] std::string too_new(std::string_view path, std::uint64_t version);

}  // namespace sluice::detail
