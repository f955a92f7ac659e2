#include "sluice/topic/pattern.hpp"

#include <cstddef>

#include "scan.hpp"

namespace sluice {
namespace {

Error misplaced_wildcard(std::string_view text, std::size_t index, const std::string& rule) {
  return Error{ErrorCode::invalid_pattern, detail::named(text, detail::NameKind::pattern) + " has '" +
                                               text[index] + "' at column " + std::to_string(index + 1) +
                                               ", " + rule};
}

bool is_whole_token(std::string_view text, std::size_t index) noexcept {
  const bool begins = index == 0 || text[index - 1] == '.';
  const bool ends = index + 1 == text.size() || text[index + 1] == '.';
  return begins && ends;
}

Result<void> check_wildcards(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '*' && text[i] != '>') continue;
    if (!is_whole_token(text, i)) {
      return misplaced_wildcard(text, i,
                                "but a wildcard is a whole token: put a dot between it and the rest");
    }
    if (text[i] == '>' && i + 1 != text.size()) {
      return misplaced_wildcard(text, i, "but '>' matches all that remains, so it is last: use '*' here");
    }
  }
  return {};
}

}  // namespace

Result<Pattern> Pattern::parse(std::string_view text) {
  if (text.empty()) return everything();
  if (auto scanned = detail::scan_name(text, detail::NameKind::pattern); !scanned) return scanned.error();
  if (auto placed = check_wildcards(text); !placed) return placed.error();
  if (text == ">") return everything();
  const bool has_wildcard = text.find_first_of("*>") != std::string_view::npos;
  return Pattern(text, has_wildcard ? Kind::wildcard : Kind::exact);
}

Pattern Pattern::everything() {
  return Pattern(">", Kind::everything);
}

bool Pattern::matches(std::string_view topic) const noexcept {
  if (kind_ == Kind::exact) return topic == text_;
  std::size_t t = 0;
  for (const char p : text_) {
    if (p == '>') return t < topic.size();
    if (p == '*') {
      const std::size_t begin = t;
      while (t < topic.size() && topic[t] != '.') ++t;
      if (t == begin) return false;
      continue;
    }
    if (t == topic.size() || topic[t] != p) return false;
    ++t;
  }
  return t == topic.size();
}

}  // namespace sluice
