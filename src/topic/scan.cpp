#include "scan.hpp"

#include <algorithm>

#include "sluice/topic/name.hpp"

namespace sluice::detail {
namespace {

constexpr std::string_view kPunctuation = "_-:/@#$+=~!%&',;";
constexpr std::size_t kShownBytes = 80;

// Spelled out rather than asked of <cctype>, whose answer depends on the locale.
constexpr bool is_allowed(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kPunctuation.find(c) != std::string_view::npos;
}

constexpr bool is_printable(char c) noexcept {
  return c >= ' ' && c <= '~';
}

constexpr ErrorCode fault_of(NameKind kind) noexcept {
  return kind == NameKind::topic ? ErrorCode::invalid_topic : ErrorCode::invalid_pattern;
}

std::string hex(char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  return {kDigits[byte >> 4U], kDigits[byte & 0xFU]};
}

std::string shown_character(char c) {
  if (c == ' ') return "a space";
  return is_printable(c) ? std::string("'") + c + "'" : "0x" + hex(c);
}

Error fault_at(std::string_view text, NameKind kind, std::size_t index, const std::string& what) {
  return Error{fault_of(kind),
               named(text, kind) + " has " + what + " at column " + std::to_string(index + 1)};
}

Error bad_character(std::string_view text, NameKind kind, std::size_t index) {
  Error error = fault_at(text, kind, index, shown_character(text[index]));
  error.message +=
      "; allowed are ASCII letters, digits and _ - : / @ # $ + = ~ ! % & ' , ; with '.' between tokens";
  return error;
}

Error wildcard_in_topic(std::string_view name, std::size_t index) {
  return Error{ErrorCode::wildcard_in_topic,
               named(name, NameKind::topic) + " has the wildcard '" + name[index] + "' at column " +
                   std::to_string(index + 1) +
                   "; patterns are for subscriptions, an event belongs to one topic: name that"};
}

Error lonely_dot(std::string_view text, NameKind kind, std::size_t index, std::string_view side) {
  Error error = fault_at(text, kind, index, "a '.' with no token " + std::string(side) + " it,");
  error.message += "; put a token on both sides of every dot, or leave the dot out";
  return error;
}

Error too_long(std::string_view text, NameKind kind) {
  return Error{fault_of(kind), named(text, kind) + " is " + std::to_string(text.size()) + " bytes long and " +
                                   std::to_string(kMaxTopicBytes) +
                                   " are allowed; shorten it, and carry details in the metadata"};
}

Error too_many_tokens(std::string_view text, NameKind kind) {
  const auto dots = static_cast<std::size_t>(std::count(text.begin(), text.end(), '.'));
  return Error{fault_of(kind), named(text, kind) + " has " + std::to_string(dots + 1) + " tokens and " +
                                   std::to_string(kMaxTopicTokens) +
                                   " are allowed; join some of them, or carry details in the metadata"};
}

}  // namespace

std::string named(std::string_view text, NameKind kind) {
  std::string shown(kind == NameKind::topic ? "topic" : "pattern");
  shown += " \"";
  for (const char c : text.substr(0, kShownBytes)) {
    if (is_printable(c)) {
      shown += c;
    } else {
      shown += "\\x" + hex(c);
    }
  }
  shown += text.size() > kShownBytes ? "...\"" : "\"";
  return shown;
}

Result<void> scan_name(std::string_view text, NameKind kind) {
  if (text.size() > kMaxTopicBytes) return too_long(text, kind);
  std::size_t tokens = 1;
  bool in_token = false;  // Whether the current token has a character yet.
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.') {
      if (!in_token) return lonely_dot(text, kind, i, "before");
      if (i + 1 == text.size()) return lonely_dot(text, kind, i, "after");
      if (++tokens > kMaxTopicTokens) return too_many_tokens(text, kind);
      in_token = false;
      continue;
    }
    const bool is_wildcard = c == '*' || c == '>';
    if (is_wildcard && kind == NameKind::topic) return wildcard_in_topic(text, i);
    if (!is_wildcard && !is_allowed(c)) return bad_character(text, kind, i);
    in_token = true;
  }
  return {};
}

}  // namespace sluice::detail
