#include "journal/text.hpp"

#include "journal/manifest.hpp"

namespace sluice::detail {

namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr std::size_t kShownBytes = 60;

constexpr bool is_file_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

}  // namespace

std::string hex_digits(std::uint64_t value, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t at = digits; at-- > 0 && value != 0; value >>= 4U) text[at] = kDigits[value & 15U];
  return text;
}

std::string shown(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text.substr(0, kShownBytes)) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c >= ' ' && c <= '~') {
      quoted += c;
    } else {
      quoted += "\\x" + hex_digits(static_cast<unsigned char>(c), 2);
    }
  }
  return quoted + (text.size() > kShownBytes ? "...\"" : "\"");
}

bool is_file_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > kMaxFileNameBytes || name.front() == '.') return false;
  for (const char c : name) {
    if (!is_file_name_character(c)) return false;
  }
  return true;
}

std::string at_offset(std::string_view path, std::uint64_t offset, std::string_view what) {
  return std::string(path) + ", offset " + std::to_string(offset) + ": " + std::string(what);
}

std::string too_new(std::string_view path, std::uint64_t version) {
  return std::string(path) + " has format version " + std::to_string(version) + ", and this program reads " +
         "versions up to " + std::to_string(kFormatVersion) + ": open it with a newer one";
}

}  // namespace sluice::detail
