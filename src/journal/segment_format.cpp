#include "journal/segment_format.hpp"

#include <cstring>

#include "base/crc32c.hpp"
#include "bus/metadata.hpp"

namespace sluice::detail {

namespace {

// Of the header's fields; everything behind the checksum is zero.
constexpr std::array<char, 8> kMagic{'s', 'l', 'u', 'i', 'c', 'e', 'S', 'G'};
constexpr std::size_t kVersionAt = 8;    // u32
constexpr std::size_t kShardAt = 12;     // u32
constexpr std::size_t kJournalAt = 16;   // 16 bytes
constexpr std::size_t kBeginAt = 32;     // u64
constexpr std::size_t kBytesAt = 40;     // u64
constexpr std::size_t kEpochAt = 48;     // u64
constexpr std::size_t kSaltAt = 56;      // u64
constexpr std::size_t kChecksumAt = 64;  // u32, over all before it

template <class T>
void put(SegmentHeader& header, std::size_t at, const T& value) noexcept {
  std::memcpy(header.data() + at, &value, sizeof value);
}

template <class T>
[[nodiscard]] T load(const std::byte* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

Error corrupt(const std::string& path, std::uint64_t offset, const std::string& what) {
  return {ErrorCode::corrupt, path + ", offset " + std::to_string(offset) + ": " + what};
}

}  // namespace

SegmentHeader encode_header(const SegmentEntry& segment, const EventId& journal) {
  SegmentHeader header{};
  put(header, 0, kMagic);
  put(header, kVersionAt, kFormatVersion);
  put(header, kShardAt, segment.shard);
  put(header, kJournalAt, journal.bytes());
  put(header, kBeginAt, segment.begin);
  put(header, kBytesAt, segment.bytes);
  put(header, kEpochAt, segment.epoch);
  put(header, kSaltAt, segment.salt);
  put(header, kChecksumAt, crc32c(std::span(header).first(kChecksumAt)));
  return header;
}

Result<void> check_header(std::span<const std::byte> header, const SegmentEntry& segment,
                          const EventId& journal, const std::string& path) {
  if (header.size() < kSegmentHeaderBytes) {
    return corrupt(path, header.size(), "the file ends within its header of 4096 bytes");
  }
  if (std::memcmp(header.data(), kMagic.data(), kMagic.size()) != 0) {
    return corrupt(path, 0, "this is no segment of a journal: its first bytes are others");
  }
  if (const auto version = load<std::uint32_t>(header.data() + kVersionAt); version > kFormatVersion) {
    return Error{ErrorCode::newer_format, path + " has format version " + std::to_string(version) +
                                              ", this program reads up to " + std::to_string(kFormatVersion) +
                                              ": use a newer one"};
  }
  const SegmentHeader expected = encode_header(segment, journal);
  for (std::size_t at = 0; at < kSegmentHeaderBytes; ++at) {
    if (header[at] != expected[at]) {
      return corrupt(path, at, "the segment's header is not what the manifest says of it");
    }
  }
  return {};
}

Result<HeaderContent> decode_header(std::span<const std::byte> header, const std::string& path) {
  HeaderContent content;
  if (header.size() >= kSegmentHeaderBytes) {
    content.segment.shard = load<std::uint32_t>(header.data() + kShardAt);
    content.segment.begin = load<std::uint64_t>(header.data() + kBeginAt);
    content.segment.bytes = load<std::uint64_t>(header.data() + kBytesAt);
    content.segment.epoch = load<std::uint64_t>(header.data() + kEpochAt);
    content.segment.salt = load<std::uint64_t>(header.data() + kSaltAt);
    content.journal = EventId::from_bytes(load<EventId::Bytes>(header.data() + kJournalAt));
  }
  // Written again it is the same: magic, version, checksum and zeros included.
  if (auto checked = check_header(header, content.segment, content.journal, path); !checked) {
    Error error = std::move(checked).error();
    if (error.code == ErrorCode::corrupt)
      error.message = path + ", offset 0: the segment's header is damaged";
    return error;
  }
  return content;
}

std::uint32_t record_checksum(const std::byte* record, log::CommitWord word, std::uint64_t position,
                              std::uint64_t salt) noexcept {
  std::array<std::byte, 16 + log::kCrcOffset> first;
  std::memcpy(first.data(), &salt, sizeof salt);
  std::memcpy(first.data() + 8, &position, sizeof position);
  std::memcpy(first.data() + 16, record, log::kCrcOffset);
  const std::uint32_t crc = crc32c(first);
  if (!word.is_data()) return crc;
  return crc32c({record + log::kHeaderBytes, word.length() - log::kHeaderBytes}, crc);
}

const char* record_fault(const std::byte* record, std::size_t known, std::uint64_t room,
                         std::uint64_t position, std::uint64_t salt) noexcept {
  const log::CommitWord word = load_word(record);
  if (!word.is_committed()) return "no committed record";
  const log::RecordKind kind = word.kind();
  if (kind != log::RecordKind::data && kind != log::RecordKind::padding && kind != log::RecordKind::aborted) {
    return "a record of an unknown kind";
  }
  if (word.length() < log::kHeaderBytes) return "a record shorter than its header";
  // Not by the stride, which is that of records up to 2 GiB only.
  if (log::align_record(word.length()) > room) return "a record that reaches beyond its segment";
  if (kind == log::RecordKind::data && word.payload_offset() > word.length()) {
    return "an event whose extensions and metadata reach beyond its end";
  }
  const std::uint64_t needed = kind == log::RecordKind::data ? word.length() : log::kHeaderBytes;
  if (known < needed) return nullptr;
  if (load<std::uint32_t>(record + log::kCrcOffset) != record_checksum(record, word, position, salt)) {
    return "a record whose checksum does not fit its bytes";
  }
  if (kind == log::RecordKind::data && !metadata_is_sound(record, word)) {
    return "an event whose metadata's pairs do not fill their place";
  }
  return nullptr;
}

bool metadata_is_sound(const std::byte* record, log::CommitWord word) noexcept {
  const std::byte* at = record + log::kHeaderBytes + word.extension_bytes();
  std::size_t left = word.metadata_bytes();
  while (left != 0) {
    if (left < kPairHeaderBytes) return false;
    const std::size_t pair = kPairHeaderBytes + load<std::uint16_t>(at) + load<std::uint16_t>(at + 2);
    if (pair > left) return false;
    at += pair;
    left -= pair;
  }
  return true;
}

log::CommitWord load_word(const std::byte* record) noexcept {
  return log::CommitWord(load<std::uint64_t>(record));
}

void seal_record(std::byte* to, const std::byte* record, log::CommitWord word, std::uint64_t position,
                 std::uint64_t salt) noexcept {
  const std::uint64_t bits = word.bits();
  std::size_t kept = sizeof bits;
  if (word.is_data()) {
    kept = word.length();
    std::memcpy(to, record, kept);
  } else {
    std::memcpy(to, &bits, sizeof bits);
  }
  std::memset(to + kept, 0, word.stride() - kept);
  const std::uint32_t crc = record_checksum(to, word, position, salt);
  std::memcpy(to + log::kCrcOffset, &crc, sizeof crc);
}

}  // namespace sluice::detail
