#include "quantity.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <utility>

namespace trading {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 6> kTimeUnits = {
    {{"ns", 1.0}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3'600e9}}};
constexpr double kLongestDuration = 366.0 * 24 * 3'600e9;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// How much of `text` reads like a number: digits, and one dot with a digit on both sides.
std::size_t number_length(std::string_view text) {
  std::size_t end = 0;
  bool dot = false;
  for (; end < text.size(); ++end) {
    if (is_digit(text[end])) continue;
    const bool between_digits = end > 0 && end + 1 < text.size() && is_digit(text[end + 1]);
    if (text[end] != '.' || dot || !between_digits) break;
    dot = true;
  }
  return end;
}

/// Three digits of what counts, at the scale of the unit.
std::string scaled(double value, std::string_view unit) {
  std::array<char, 48> text{};
  const int decimals = value < 9.995 ? 2 : (value < 99.95 ? 1 : 0);
  std::snprintf(text.data(), text.size(), "%.*f ", decimals, value);
  return text.data() + std::string(unit);
}

}  // namespace

std::optional<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t value = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (!is_digit(c)) {
      const bool separates =
          (c == '_' || c == '\'') && at > 0 && at + 1 < text.size() && is_digit(text[at - 1]);
      if (!separates) return std::nullopt;
      continue;
    }
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return text.empty() ? std::nullopt : std::optional(value);
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  if (text == "0") return std::chrono::nanoseconds(0);
  const std::size_t digits = number_length(text);
  if (digits == 0) return std::nullopt;
  const double number = std::strtod(std::string(text.substr(0, digits)).c_str(), nullptr);
  for (const Unit& unit : kTimeUnits) {
    if (text.substr(digits) != unit.name) continue;
    const double duration = number * unit.factor;
    if (duration > kLongestDuration) return std::nullopt;
    return std::chrono::nanoseconds(std::llround(duration));
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  std::uint64_t factor = 1;
  const std::array<std::pair<std::string_view, std::uint64_t>, 3> units = {
      {{"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}}};
  for (const auto& [name, bytes] : units) {
    if (!text.ends_with(name)) continue;
    factor = bytes;
    text.remove_suffix(name.size());
    break;
  }
  const auto count = parse_count(text);
  if (!count || *count > std::numeric_limits<std::uint64_t>::max() / factor) return std::nullopt;
  return *count * factor;
}

std::string format_count(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t end = text.size(); end > 3; end -= 3) text.insert(end - 3, 1, ',');
  return text;
}

std::string format_duration(std::uint64_t nanoseconds) {
  const auto value = static_cast<double>(nanoseconds);
  if (nanoseconds < 1'000) return std::to_string(nanoseconds) + " ns";
  if (value < 999.5e3) return scaled(value / 1e3, "us");
  if (value < 999.5e6) return scaled(value / 1e6, "ms");
  if (value < 99.95e9) return scaled(value / 1e9, "s");
  const std::uint64_t minutes = nanoseconds / 60'000'000'000;
  if (minutes < 60)
    return std::to_string(minutes) + " m " + std::to_string(nanoseconds / 1'000'000'000 % 60) + " s";
  return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " m";
}

std::string format_bytes(std::uint64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes < 1'024) return std::to_string(bytes) + " B";
  if (value < 1'023.5 * 1'024) return scaled(value / 1'024, "KiB");
  if (value < 1'023.5 * 1'024 * 1'024) return scaled(value / (1'024 * 1'024), "MiB");
  return scaled(value / (1'024.0 * 1'024 * 1'024), "GiB");
}

std::string format_price(std::int64_t price) {
  const std::uint64_t absolute =
      price < 0 ? 0 - static_cast<std::uint64_t>(price) : static_cast<std::uint64_t>(price);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%s%llu.%04llu", price < 0 ? "-" : "",
                static_cast<unsigned long long>(absolute / 10'000),
                static_cast<unsigned long long>(absolute % 10'000));
  return text.data();
}

}  // namespace trading
