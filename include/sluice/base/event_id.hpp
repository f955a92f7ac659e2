#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/hash.hpp"
#include "sluice/base/result.hpp"

namespace sluice {

/// The name of an event, for ever: 16 bytes, printed as a UUID.
///
/// An event that was given no id of its own has the one of its place, a UUIDv8 (RFC 9562, section 5.8) made
/// of epoch, shard and position, so it costs nothing to make and needn't be stored. Bits, from the first byte
/// on:
///
///     48 epoch | 4 version (8) | 12 epoch | 2 variant (binary 10) | 4 epoch | 12 shard | 46 position / 32
///
/// - The epoch is kept whole, 64 bits. Ids of one epoch and shard sort as their positions do.
/// - 46 bits of a position in units of 32 bytes (records are aligned to that) reach 2^51 bytes, 2.25
/// petabytes.
///   What lies beyond is not cut off: it is carried into the epoch by addition, so the 2^64 positions of an
///   epoch all have ids of their own.
///
/// Uniqueness: within an epoch two events never share an id. Across epochs they could only if two runs drew
/// the same 64 random bits (after a million runs: about 1 in 37 million), or bits that differ by no more than
/// the petabytes / 2.25 that the earlier of them wrote.
///
/// A value; default is the nil id, all zero, which names nothing.
class EventId {
 public:
  /// Shards are numbered below this.
  static constexpr std::uint32_t kMaxShards = 4096;

  using Bytes = std::array<std::uint8_t, 16>;

  /// Where an event lies in the log.
  struct Place {
    std::uint32_t shard;
    std::uint64_t position;

    friend bool operator==(const Place&, const Place&) = default;
  };

  constexpr EventId() noexcept = default;

  /// The id of the record at `position` (bytes, a multiple of 32) of `shard` (below `kMaxShards`). Bits of
  /// other values are ignored: the caller answers for the ranges.
  [[nodiscard]] static EventId from_position(std::uint64_t epoch, std::uint32_t shard,
                                             std::uint64_t position) noexcept;

  /// An id from elsewhere, in network byte order, of any version: kept as it is.
  [[nodiscard]] static constexpr EventId from_bytes(const Bytes& bytes) noexcept { return EventId(bytes); }

  /// Reads 36 characters, 8-4-4-4-12 hexadecimal digits of either case. `invalid_id` names the length, or the
  /// first wrong character and its column (from 1).
  static Result<EventId> parse(std::string_view text);

  /// The place this id was made of, if it was made in `epoch`; the inverse of `from_position`. None for ids
  /// of other epochs and for ids from elsewhere.
  [[nodiscard]] std::optional<Place> place_in(std::uint64_t epoch) const noexcept;

  [[nodiscard]] constexpr const Bytes& bytes() const noexcept { return bytes_; }

  [[nodiscard]] constexpr bool is_nil() const noexcept { return *this == EventId(); }

  /// 36 characters, lower case; `parse` reads them back.
  [[nodiscard]] std::string to_string() const;

  /// Byte by byte, as the text sorts too.
  friend constexpr auto operator<=>(const EventId&, const EventId&) noexcept = default;

 private:
  explicit constexpr EventId(const Bytes& bytes) noexcept : bytes_(bytes) {}

  Bytes bytes_{};
};

}  // namespace sluice

template <>
struct std::hash<sluice::EventId> {
  [[nodiscard]] std::size_t operator()(const sluice::EventId& id) const noexcept {
    return sluice::hash_bytes({reinterpret_cast<const char*>(id.bytes().data()), id.bytes().size()});
  }
};
