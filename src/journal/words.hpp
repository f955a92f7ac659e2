#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "journal/text.hpp"

namespace sluice::detail {

/// Reads one line word by word. The first word that is not what it should be becomes the line's fault, and
/// everything after it reads as nothing; so a line is read in one go and asked for its fault once.
class Words {
 public:
  explicit Words(std::string_view line) : line_(line), rest_(line) {}

  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

  /// The next word must be `expected`.
  Words& word(std::string_view expected) {
    if (const std::string_view found = next(); found != expected) expect(shown(expected), found);
    return *this;
  }

  /// The next word must be one of two; whether it is `yes`.
  bool choice(std::string_view yes, std::string_view no) {
    const std::string_view found = next();
    if (found != yes && found != no) expect(shown(yes) + " or " + shown(no), found);
    return found == yes;
  }

  /// A decimal number, at most `most`, as short as it can be written.
  std::uint64_t number(std::uint64_t most = ~std::uint64_t{0}) {
    const std::string_view found = next();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(found.data(), found.data() + found.size(), value);
    const bool whole = error == std::errc() && end == found.data() + found.size();
    const bool padded = found.size() > 1 && found.front() == '0';
    if (!whole || padded || value > most) expect("a number from 0 to " + std::to_string(most), found);
    return fault_.empty() ? value : 0;
  }

  /// Exactly `digits` hexadecimal digits, lower case.
  std::uint64_t hex(std::size_t digits) {
    const std::string_view found = next();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(found.data(), found.data() + found.size(), value, 16);
    // Written again it is the same: so there is no sign, no capital and no digit too few.
    if (error != std::errc() || end != found.data() + found.size() || hex_digits(value, digits) != found) {
      expect(std::to_string(digits) + " hexadecimal digits in lower case", found);
    }
    return fault_.empty() ? value : 0;
  }

  /// All that is left of the line, spaces included.
  std::string_view remainder() { return std::exchange(rest_, {}); }

  /// Nothing may be left of the line.
  void end() {
    if (!rest_.empty()) expect("the end of the line", rest_);
  }

  void fail(std::string fault) {
    if (fault_.empty()) fault_ = std::move(fault);
  }

 private:
  std::string_view next() {
    const std::size_t space = rest_.find(' ');
    const std::string_view word = rest_.substr(0, space);
    // A space with nothing behind it stays, for `end` to find.
    const bool last = space == std::string_view::npos;
    rest_ = last ? std::string_view() : rest_.substr(space + (space + 1 < rest_.size() ? 1 : 0));
    return word;
  }

  void expect(const std::string& what, std::string_view found) {
    fail("expected " + what + ", found " + (found.empty() ? "nothing" : shown(found)) + " in " +
         shown(line_));
  }

  std::string_view line_;
  std::string_view rest_;
  std::string fault_;
};

}  // namespace sluice::detail
