#include "json.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

namespace trading {

void JsonWriter::member(std::string_view key, std::optional<std::int64_t> value) {
  name(key);
  text_ += value ? std::to_string(*value) : "null";
}

void JsonWriter::member(std::string_view key, double value, int decimals) {
  name(key);
  // JSON has no word for infinity, nor for what is no number.
  if (!std::isfinite(value)) {
    text_ += "null";
    return;
  }
  std::array<char, 400> digits{};
  std::snprintf(digits.data(), digits.size(), "%.*f", decimals, value);
  text_ += digits.data();
}

std::string JsonWriter::finish() {
  close('}');
  return std::exchange(text_, {});
}

void JsonWriter::separate() {
  if (!std::exchange(first_, false)) text_ += ',';
}

void JsonWriter::name(std::string_view key) {
  separate();
  quote(key);
  text_ += ':';
}

/// Quotes, backslashes and control characters are escaped; all else is passed on, so UTF-8 stays UTF-8. Bytes
/// that are no UTF-8 (a file's name may hold any) become U+FFFD one by one: the output is to stay readable by
/// machines.
void JsonWriter::quote(std::string_view text) {
  const auto continues = [&](std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
  };
  text_ += '"';
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte == '"' || byte == '\\') {
      (text_ += '\\') += text[at];
    } else if (byte < 0x20 || byte == 0x7F) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(byte));
      text_ += escape.data();
    } else if (byte < 0x80) {
      text_ += text[at];
    } else {
      const std::size_t length = byte >= 0xF0 && byte < 0xF5 ? 4 : (byte >= 0xE0 ? 3 : 2);
      bool valid = byte >= 0xC2 && byte < 0xF5;
      for (std::size_t part = 1; valid && part < length; ++part) valid = continues(at + part);
      text_ += valid ? text.substr(at, length) : std::string_view("\\ufffd");
      if (valid) at += length - 1;
    }
  }
  text_ += '"';
}

void JsonWriter::open(char bracket) {
  text_ += bracket;
  first_ = true;
}

void JsonWriter::close(char bracket) {
  text_ += bracket;
  first_ = false;
}

}  // namespace trading
