#include "sluice/base/event_id.hpp"

namespace sluice {

namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr std::size_t kTextLength = 36;

constexpr unsigned kAlignmentBits = 5;  // Records lie at multiples of 32 bytes.
constexpr unsigned kUnitBits = 46;
constexpr unsigned kShardBits = 12;
constexpr unsigned kLowEpochBits = 4;
constexpr unsigned kMiddleEpochBits = 12;
constexpr unsigned kCarryShift = kAlignmentBits + kUnitBits;
static_assert(EventId::kMaxShards == 1U << kShardBits);
static_assert(2 + kLowEpochBits + kShardBits + kUnitBits == 64);

constexpr std::uint64_t kVersion = 8;
constexpr std::uint64_t kVariant = 2;

constexpr std::uint64_t low_bits(std::uint64_t value, unsigned count) noexcept {
  return value & ((std::uint64_t{1} << count) - 1);
}

/// The id as two numbers, first byte highest.
struct Halves {
  std::uint64_t high;
  std::uint64_t low;
};

/// The number whose bytes, as they lie in memory, are `number`'s from the highest down; and the other way
/// round.
std::uint64_t big_endian(std::uint64_t number) noexcept {
  static_assert(std::endian::native == std::endian::little);
  return __builtin_bswap64(number);
}

EventId::Bytes to_bytes(const Halves& halves) noexcept {
  const std::uint64_t in_order[] = {big_endian(halves.high), big_endian(halves.low)};
  EventId::Bytes bytes;
  std::memcpy(bytes.data(), in_order, sizeof in_order);
  return bytes;
}

Halves to_halves(const EventId::Bytes& bytes) noexcept {
  std::uint64_t in_order[2];
  std::memcpy(in_order, bytes.data(), sizeof in_order);
  return {big_endian(in_order[0]), big_endian(in_order[1])};
}

constexpr bool is_hyphen_column(std::size_t index) noexcept {
  return index == 8 || index == 13 || index == 18 || index == 23;
}

/// The digit's value, or nothing for any other character.
constexpr std::optional<std::uint8_t> hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

/// The character as a message shows it: in quotes, or as a byte when it can't be printed.
std::string shown(char c) {
  if (c >= ' ' && c <= '~') return {'\'', c, '\''};
  const auto value = static_cast<unsigned char>(c);
  return {'b', 'y', 't', 'e', ' ', '0', 'x', kDigits[value >> 4U], kDigits[value & 15U]};
}

Error wrong_length(std::size_t length) {
  return {ErrorCode::invalid_id,
          "an event id has 36 characters (8-4-4-4-12 hexadecimal digits), this text has " +
              std::to_string(length)};
}

Error wrong_character(char c, std::size_t index) {
  const char* const expected = is_hyphen_column(index) ? "a hyphen" : "a hexadecimal digit";
  return {ErrorCode::invalid_id, shown(c) + " in column " + std::to_string(index + 1) +
                                     " of an event id, where " + expected + " belongs"};
}

}  // namespace

EventId EventId::from_position(std::uint64_t epoch, std::uint32_t shard, std::uint64_t position) noexcept {
  const std::uint64_t carried = epoch + (position >> kCarryShift);
  const std::uint64_t epoch_high = carried >> (kMiddleEpochBits + kLowEpochBits);
  const std::uint64_t epoch_middle = low_bits(carried >> kLowEpochBits, kMiddleEpochBits);
  const std::uint64_t units = low_bits(position >> kAlignmentBits, kUnitBits);
  Halves halves{};
  halves.high = epoch_high << 16U | kVersion << 12U | epoch_middle;
  halves.low = kVariant << 62U | low_bits(carried, kLowEpochBits) << (kShardBits + kUnitBits) |
               low_bits(shard, kShardBits) << kUnitBits | units;
  return EventId(to_bytes(halves));
}

std::optional<EventId::Place> EventId::place_in(std::uint64_t epoch) const noexcept {
  const Halves halves = to_halves(bytes_);
  if (low_bits(halves.high >> 12U, 4) != kVersion || halves.low >> 62U != kVariant) return std::nullopt;
  const std::uint64_t carried = (halves.high >> 16U) << (kMiddleEpochBits + kLowEpochBits) |
                                low_bits(halves.high, kMiddleEpochBits) << kLowEpochBits |
                                low_bits(halves.low >> (kShardBits + kUnitBits), kLowEpochBits);
  const std::uint64_t carry = carried - epoch;
  if (carry >= std::uint64_t{1} << (64U - kCarryShift)) return std::nullopt;
  return Place{static_cast<std::uint32_t>(low_bits(halves.low >> kUnitBits, kShardBits)),
               carry << kCarryShift | low_bits(halves.low, kUnitBits) << kAlignmentBits};
}

Result<EventId> EventId::parse(std::string_view text) {
  if (text.size() != kTextLength) return wrong_length(text.size());
  Bytes bytes{};
  std::size_t digits = 0;
  for (std::size_t index = 0; index < text.size(); ++index) {
    const char c = text[index];
    if (is_hyphen_column(index)) {
      if (c != '-') return wrong_character(c, index);
      continue;
    }
    const std::optional<std::uint8_t> value = hex_value(c);
    if (!value.has_value()) return wrong_character(c, index);
    std::uint8_t& byte = bytes[digits / 2];
    byte = static_cast<std::uint8_t>(byte << 4U | *value);
    ++digits;
  }
  return EventId(bytes);
}

std::string EventId::to_string() const {
  std::string text;
  text.reserve(kTextLength);
  for (const std::uint8_t byte : bytes_) {
    if (is_hyphen_column(text.size())) text.push_back('-');
    text.push_back(kDigits[byte >> 4U]);
    text.push_back(kDigits[byte & 15U]);
  }
  return text;
}

}  // namespace sluice
