#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

/// The record: an event as it lies in the ring and, byte for byte, in a journal. Little-endian, each record
/// at a position that is a multiple of 32.
///
///      0        4        6        8                16       20       24
///     +--------+--------+--------+-----------------+--------+--------+------------+----------+---------+
///     | length | kind   | meta   | timestamp (ns)  | topic  | crc32c | extensions | metadata | payload |
///     | u32    | flags  | bytes  | i64, UTC        | id u32 |        | 8-aligned  | to 8     |         |
///     +--------+--------+--------+-----------------+--------+--------+------------+----------+---------+
///      \______ commit word _____/
///
/// The first eight bytes are one atomic word, stored last with release: whoever acquires a committed word may
/// read the whole record. A zero word is free space that no producer has written in this lap. Bit 31 of the
/// length means claimed but not yet committed.
namespace sluice::log {

inline constexpr std::uint64_t kAlignment = 32;  ///< every record starts at a multiple of this many bytes
inline constexpr std::size_t kHeaderBytes = 24;  ///< commit word, timestamp, topic id and checksum
inline constexpr std::size_t kTimestampOffset = 8;
inline constexpr std::size_t kTopicOffset = 16;
inline constexpr std::size_t kCrcOffset = 20;
inline constexpr std::size_t kMaxMetadataBytes = 65'535;

/// The topic id that lies at `kTopicOffset` of a record; `at` points there.
[[nodiscard]] inline std::uint32_t load_topic(const std::byte* at) noexcept {
  std::uint32_t topic;
  std::memcpy(&topic, at, sizeof topic);
  return topic;
}

enum class RecordKind : std::uint8_t {
  data = 1,     ///< an event
  padding = 2,  ///< nothing: fills the ring's end, or what a claim did not use
  aborted = 3,  ///< a claim that was given up; its body is undefined
  topic = 4,    ///< a topic's definition, in the control log
};

/// Which optional parts follow the header, in the order of their bits. Absent parts take no bytes.
enum RecordFlag : std::uint16_t {
  kHasTtl = 1u << 4,         ///< i64: when reads begin to hide the event, in ns since the epoch
  kHasExplicitId = 1u << 5,  ///< 16 bytes: the caller's own event id
  // Bits 6 to 8 are kept for traceparent, schema id and partition key; bits 9 to 15 are free.
};
inline constexpr std::size_t kTtlBytes = 8;
inline constexpr std::size_t kExplicitIdBytes = 16;

/// `bytes` rounded up to a record's alignment: what a record of that length occupies.
[[nodiscard]] constexpr std::uint64_t align_record(std::uint64_t bytes) noexcept {
  return (bytes + kAlignment - 1) & ~(kAlignment - 1);
}

/// `bytes` rounded up to 8, as extensions and metadata are, so that a payload is always 8-aligned.
[[nodiscard]] constexpr std::size_t align8(std::size_t bytes) noexcept {
  return (bytes + 7) & ~std::size_t{7};
}

/// The commit word, taken apart. A value type: loading and storing it atomically is the ring's business.
class CommitWord {
 public:
  constexpr CommitWord() noexcept = default;
  constexpr explicit CommitWord(std::uint64_t bits) noexcept : bits_(bits) {}

  [[nodiscard]] static constexpr CommitWord committed(RecordKind kind, std::uint32_t length,
                                                      std::uint16_t flags = 0,
                                                      std::uint16_t metadata_bytes = 0) noexcept {
    return CommitWord(
        std::uint64_t{length} |
        (std::uint64_t{static_cast<std::uint16_t>(static_cast<std::uint16_t>(kind) | flags)} << 32) |
        (std::uint64_t{metadata_bytes} << 48));
  }
  /// What a producer stores first after winning `bytes` of space, so that a recovery knows the hole's length.
  [[nodiscard]] static constexpr CommitWord claimed(std::uint32_t bytes) noexcept {
    return CommitWord(std::uint64_t{bytes} | kClaimedBit);
  }

  /// Neither free space nor an open claim: the record may be read.
  [[nodiscard]] constexpr bool is_committed() const noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(bits_)) > 0;
  }
  [[nodiscard]] constexpr bool is_claimed() const noexcept { return (bits_ & kClaimedBit) != 0; }
  [[nodiscard]] constexpr bool is_data() const noexcept { return kind() == RecordKind::data; }
  /// A committed data record with neither extensions nor metadata, as most are: its payload follows the
  /// header. One comparison, since no record has length 0.
  [[nodiscard]] constexpr bool is_plain() const noexcept {
    return bits_ >> 31 == static_cast<std::uint64_t>(RecordKind::data) << 1;
  }

  [[nodiscard]] constexpr std::uint64_t bits() const noexcept { return bits_; }
  /// Bytes from the commit word to the end of the payload, alignment not included.
  [[nodiscard]] constexpr std::uint32_t length() const noexcept {
    return static_cast<std::uint32_t>(bits_ & 0x7fff'ffff);
  }
  /// Bytes from this record's position to the next one's: `align_record(length())`, in one step less.
  [[nodiscard]] constexpr std::uint64_t stride() const noexcept {
    return (static_cast<std::uint32_t>(bits_) + (kAlignment - 1)) & (0x8000'0000 - kAlignment);
  }
  [[nodiscard]] constexpr RecordKind kind() const noexcept {
    return static_cast<RecordKind>((bits_ >> 32) & 0xf);
  }
  [[nodiscard]] constexpr std::uint16_t flags() const noexcept {
    return static_cast<std::uint16_t>((bits_ >> 32) & 0xfff0);
  }
  [[nodiscard]] constexpr std::uint16_t metadata_bytes() const noexcept {
    return static_cast<std::uint16_t>(bits_ >> 48);
  }
  /// Bytes of the optional parts that the flags announce.
  [[nodiscard]] constexpr std::size_t extension_bytes() const noexcept {
    return ((flags() & kHasTtl) != 0 ? kTtlBytes : 0) +
           ((flags() & kHasExplicitId) != 0 ? kExplicitIdBytes : 0);
  }
  /// Where the payload begins, counted from the commit word.
  [[nodiscard]] constexpr std::size_t payload_offset() const noexcept {
    if (is_plain()) [[likely]]
      return kHeaderBytes;
    return kHeaderBytes + extension_bytes() + align8(metadata_bytes());
  }

 private:
  static constexpr std::uint64_t kClaimedBit = std::uint64_t{1} << 31;

  std::uint64_t bits_ = 0;
};

static_assert(sizeof(CommitWord) == 8);
static_assert(CommitWord::committed(RecordKind::data, 32).stride() == 32,
              "an 8-byte payload takes one line's half");

}  // namespace sluice::log
