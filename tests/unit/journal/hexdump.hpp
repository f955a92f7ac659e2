#pragma once

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <span>
#include <sstream>
#include <string>

#include "paths.hpp"

namespace sluice::detail {

/// `bytes` as `hexdump -C` prints them, the way FORMAT.md shows examples.
inline std::string hexdump(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto hex = [&](std::size_t value, std::size_t digits) {
    std::string text(digits, '0');
    for (std::size_t at = digits; at-- > 0; value /= 16) text[at] = kDigits[value % 16];
    return text;
  };
  std::string dump;
  for (std::size_t begin = 0; begin < bytes.size(); begin += 16) {
    const auto row = bytes.subspan(begin, std::min<std::size_t>(16, bytes.size() - begin));
    std::string numbers;
    std::string text;
    for (std::size_t i = 0; i < 16; ++i) {
      if (i == 8) numbers += ' ';
      if (i >= row.size()) {
        numbers += "   ";
        continue;
      }
      const auto value = std::to_integer<unsigned char>(row[i]);
      numbers += hex(value, 2) + ' ';
      text += value >= ' ' && value <= '~' ? static_cast<char>(value) : '.';
    }
    dump += hex(begin, 8) + "  " + numbers + " |" + text + "|\n";
  }
  return dump;
}

/// The whole of FORMAT.md.
inline std::string format_document() {
  std::ifstream file(std::string(SLUICE_SOURCE_TREE) + "/FORMAT.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace sluice::detail
