#include "model/checker/facts.hpp"

#include <charconv>

namespace sluice::model {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

unsigned hex_value(char digit) {
  const std::size_t value = kHex.find(digit);
  return value == std::string_view::npos ? 0 : static_cast<unsigned>(value);
}

}  // namespace

std::string Facts::to_string() const {
  std::string text;
  for (const std::uint8_t threads : fences_) {
    text += kHex[threads >> 4];
    text += kHex[threads & 15];
  }
  for (std::size_t first = 0; first < places_.size(); first += 4) {
    std::size_t digit = 0;
    for (std::size_t i = first; i < first + 4 && i < places_.size(); ++i) {
      if (places_[i].slot != kPrivate) digit |= std::size_t{1} << (i - first);
    }
    text += kHex[digit];
  }
  while (text.size() > 6 && text.back() == '0') text.pop_back();
  return text;
}

Facts Facts::parse(std::string_view text) {
  Facts facts;
  if (text.size() < 6) return facts;
  for (std::size_t i = 0; i < 3; ++i) {
    facts.fences_[i] = static_cast<std::uint8_t>(hex_value(text[2 * i]) * 16 + hex_value(text[2 * i + 1]));
  }
  for (const char digit : text.substr(6)) {
    for (unsigned i = 0; i < 4; ++i) {
      Place place;
      if ((hex_value(digit) >> i & 1) != 0) place.slot = facts.next_slot_++;
      facts.places_.push_back(place);
    }
  }
  return facts;
}

}  // namespace sluice::model
