#pragma once

#include <cstddef>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice {

/// The longest topic name and the longest pattern, in bytes.
inline constexpr std::size_t kMaxTopicBytes = 255;

/// The most tokens (the parts between dots) of a topic name or pattern.
inline constexpr std::size_t kMaxTopicTokens = 32;

/// Whether `name` may be a topic. A topic is 1 to `kMaxTopicTokens` tokens with one `.` between two of them,
/// at most `kMaxTopicBytes` bytes in all. A token is one or more ASCII letters, digits, or
/// `_ - : / @ # $ + = ~ ! % & ' , ;`. Upper and lower case differ. Nothing is reserved: `$SYS.x` is a topic
/// like any other, and patterns match it.
///
/// The first offence from the left is reported, with its 1-based column:
/// - `missing_topic`: the name is empty;
/// - `wildcard_in_topic`: it has `*` or `>`, which are for subscriptions only;
/// - `invalid_topic`: it is too long or has too many tokens (both sizes are named), has a character that is
///   not allowed, or a dot without a token on both sides.
///
/// Thread safety: a pure function; call it from anywhere.
[[nodiscard]] Result<void> validate_topic(std::string_view name);

}  // namespace sluice
