#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::detail {

/// Which rules a text is held to.
enum class NameKind { topic, pattern };

/// The rules that topics and patterns share: length, token count, allowed characters, no empty token. A topic
/// with `*` or `>` is refused (`wildcard_in_topic`); in a pattern they pass here wherever they stand, and
/// where they may is for the caller to judge. Reports the length before all, then the first fault from the
/// left; one token too many is a fault of the dot before it.
[[nodiscard]] Result<void> scan_name(std::string_view text, NameKind kind);

/// `topic "orders new"`: the text as a message shows it, unprintable bytes as `\xNN`, long texts cut short.
[[nodiscard]] std::string named(std::string_view text, NameKind kind);

}  // namespace sluice::detail
