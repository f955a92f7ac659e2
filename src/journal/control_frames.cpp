#include "journal/control_frames.hpp"

#include <algorithm>

#include "base/crc32c.hpp"
#include "journal/bytes.hpp"
#include "journal/file_system.hpp"
#include "journal/manifest.hpp"
#include "journal/text.hpp"

namespace sluice::detail {

namespace {

constexpr std::array<char, 8> kMagic{'s', 'l', 'u', 'i', 'c', 'e', 'C', 'L'};

// Of the header.
constexpr std::size_t kVersionAt = 8;     // u32
constexpr std::size_t kHeaderCrcAt = 12;  // u32, over all other bytes of the header
constexpr std::size_t kJournalAt = 16;    // 16 bytes
constexpr std::size_t kSnapshotAt = 32;   // u64

// Of a frame.
constexpr std::size_t kLengthAt = 0;  // u32, of the body
constexpr std::size_t kCrcAt = 4;     // u32, over offset, length, kind and body
constexpr std::size_t kKindAt = 8;    // u8, and three zeros

enum class FrameKind : std::uint8_t { topic = 1, cursor = 2, removed_cursor = 3 };

// Of a topic's body; its name is the rest.
constexpr std::size_t kTopicIdAt = 0;     // u32
constexpr std::size_t kTopicShardAt = 4;  // u32
constexpr std::size_t kTopicNameAt = 8;
// Of a cursor's body; its name is the rest.
constexpr std::size_t kCursorPositionAt = 0;    // u64
constexpr std::size_t kCursorShardAt = 8;       // u32
constexpr std::size_t kCursorRetentionAt = 12;  // u8, a CursorRetention
constexpr std::size_t kCursorNameAt = 13;
// Of a removed cursor's body; its name is the rest.
constexpr std::size_t kRemovedShardAt = 0;  // u32
constexpr std::size_t kRemovedNameAt = 4;

constexpr std::size_t kMostBodyBytes =
    std::max(kTopicNameAt + kMaxTopicBytes, kCursorNameAt + kMaxCursorNameBytes);

constexpr std::size_t frame_bytes(std::size_t body_bytes) noexcept {
  return (kFrameHeaderBytes + body_bytes + 7) / 8 * 8;
}
static_assert(frame_bytes(kMostBodyBytes) == kMostFrameBytes);

using Bytes = std::span<const std::byte>;

std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint32_t header_crc(Bytes header, std::uint32_t seed) noexcept {
  return crc32c(header.subspan(kJournalAt, kControlHeaderBytes - kJournalAt),
                crc32c(header.first(kHeaderCrcAt), seed));
}

/// A length that was damaged would put the checksum over other bytes, most of them zeros; so it is in it too.
std::uint32_t frame_crc(Bytes frame, std::size_t body_bytes, std::uint64_t offset,
                        std::uint32_t seed) noexcept {
  std::array<std::byte, 16> place{};
  put(std::span(place), 0, offset);
  put(std::span(place), 8, static_cast<std::uint32_t>(body_bytes));
  std::memcpy(place.data() + 12, frame.data() + kKindAt, 4);
  return crc32c(frame.subspan(kFrameHeaderBytes, body_bytes), crc32c(place, seed));
}

/// Adds a frame to the end of `to`, whose body, zeroed, `fill` is given.
template <class Fill>
void add_frame(std::vector<std::byte>& to, FrameKind kind, std::size_t body_bytes, std::uint64_t offset,
               std::uint32_t seed, Fill fill) {
  const std::size_t begin = to.size();
  to.resize(begin + frame_bytes(body_bytes));
  const std::span<std::byte> frame = std::span(to).subspan(begin);
  put(frame, kLengthAt, static_cast<std::uint32_t>(body_bytes));
  put(frame, kKindAt, kind);
  fill(frame.subspan(kFrameHeaderBytes));
  put(frame, kCrcAt, frame_crc(frame, body_bytes, offset, seed));
}

void put_name(std::span<std::byte> to, std::string_view name) {
  std::copy_n(std::as_bytes(std::span(name)).begin(), name.size(), to.begin());
}

Frame frame_of_topic(Bytes body, std::size_t bytes) noexcept {
  if (body.size() < kTopicNameAt) return {bytes, Nonsense{"a topic without a name"}};
  TopicRecord topic;
  topic.id = get<std::uint32_t>(body, kTopicIdAt);
  topic.shard = get<std::uint32_t>(body, kTopicShardAt);
  topic.name = as_text(body.subspan(kTopicNameAt));
  return {bytes, topic};
}

Frame frame_of_cursor(Bytes body, std::size_t bytes) noexcept {
  if (body.size() < kCursorNameAt) return {bytes, Nonsense{"a cursor without a name"}};
  CursorPlace cursor;
  cursor.position = get<std::uint64_t>(body, kCursorPositionAt);
  cursor.shard = get<std::uint32_t>(body, kCursorShardAt);
  cursor.retention = get<CursorRetention>(body, kCursorRetentionAt);
  if (cursor.retention > CursorRetention::hold)
    return {bytes, Nonsense{"a cursor that holds in no known way"}};
  cursor.name = as_text(body.subspan(kCursorNameAt));
  return {bytes, cursor};
}

Frame frame_of_removed(Bytes body, std::size_t bytes) noexcept {
  if (body.size() < kRemovedNameAt) return {bytes, Nonsense{"a removed cursor without a name"}};
  RemovedCursor cursor;
  cursor.shard = get<std::uint32_t>(body, kRemovedShardAt);
  cursor.name = as_text(body.subspan(kRemovedNameAt));
  return {bytes, cursor};
}

}  // namespace

std::uint32_t control_seed(const EventId& journal, std::string_view file_name) noexcept {
  return crc32c(std::as_bytes(std::span(file_name)), crc32c(std::as_bytes(std::span(journal.bytes()))));
}

ControlHeader encode_control_header(const EventId& journal, std::string_view file_name,
                                    std::uint64_t snapshot_bytes) noexcept {
  ControlHeader header{};
  const std::span<std::byte> bytes(header);
  put(bytes, 0, kMagic);
  put(bytes, kVersionAt, kFormatVersion);
  put(bytes, kJournalAt, journal.bytes());
  put(bytes, kSnapshotAt, snapshot_bytes);
  put(bytes, kHeaderCrcAt, header_crc(bytes, control_seed(journal, file_name)));
  return header;
}

Result<std::uint64_t> check_control_header(Bytes bytes, const EventId& journal, const std::string& path) {
  const auto corrupt = [&](std::uint64_t offset, std::string_view what) {
    return Error{ErrorCode::corrupt, at_offset(path, offset, what)};
  };
  if (bytes.size() < kHeaderCrcAt) return corrupt(bytes.size(), "the file ends within its header");
  if (std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    return corrupt(0, "this is no control log of a journal: its first bytes are others");
  }
  const auto version = get<std::uint32_t>(bytes, kVersionAt);
  if (version > kFormatVersion) return Error{ErrorCode::newer_format, too_new(path, version)};
  if (bytes.size() < kControlHeaderBytes) return corrupt(bytes.size(), "the file ends within its header");

  const EventId owner = EventId::from_bytes(get<EventId::Bytes>(bytes, kJournalAt));
  if (get<std::uint32_t>(bytes, kHeaderCrcAt) != header_crc(bytes, control_seed(owner, file_name(path)))) {
    return corrupt(
        kHeaderCrcAt,
        "the header's checksum does not fit its bytes and the file's name; the file was damaged, or "
        "written under another name");
  }
  if (owner != journal) {
    return corrupt(kJournalAt,
                   "it belongs to journal " + owner.to_string() + ", not to " + journal.to_string());
  }
  if (version == 0) return corrupt(kVersionAt, "format versions begin with 1");
  const auto snapshot_bytes = get<std::uint64_t>(bytes, kSnapshotAt);
  if (snapshot_bytes < kControlHeaderBytes || snapshot_bytes % 8 != 0) {
    return corrupt(kSnapshotAt,
                   "a snapshot of " + std::to_string(snapshot_bytes) + " bytes, its header included");
  }
  return snapshot_bytes;
}

void encode_frame(std::vector<std::byte>& to, const TopicDefinition& topic, std::uint64_t offset,
                  std::uint32_t seed) {
  add_frame(to, FrameKind::topic, kTopicNameAt + topic.name.size(), offset, seed,
            [&](std::span<std::byte> body) {
              put(body, kTopicIdAt, topic.id);
              put(body, kTopicShardAt, topic.shard);
              put_name(body.subspan(kTopicNameAt), topic.name);
            });
}

void encode_frame(std::vector<std::byte>& to, const CursorPlace& cursor, std::uint64_t offset,
                  std::uint32_t seed) {
  add_frame(to, FrameKind::cursor, kCursorNameAt + cursor.name.size(), offset, seed,
            [&](std::span<std::byte> body) {
              put(body, kCursorPositionAt, cursor.position);
              put(body, kCursorShardAt, cursor.shard);
              put(body, kCursorRetentionAt, cursor.retention);
              put_name(body.subspan(kCursorNameAt), cursor.name);
            });
}

void encode_frame(std::vector<std::byte>& to, const RemovedCursor& cursor, std::uint64_t offset,
                  std::uint32_t seed) {
  add_frame(to, FrameKind::removed_cursor, kRemovedNameAt + cursor.name.size(), offset, seed,
            [&](std::span<std::byte> body) {
              put(body, kRemovedShardAt, cursor.shard);
              put_name(body.subspan(kRemovedNameAt), cursor.name);
            });
}

std::variant<Frame, std::string_view> decode_frame(Bytes bytes, std::uint64_t offset,
                                                   std::uint32_t seed) noexcept {
  if (bytes.size() < kFrameHeaderBytes) return "the file ends within a frame";
  const auto body_bytes = get<std::uint32_t>(bytes, kLengthAt);
  if (body_bytes > kMostBodyBytes) return "a frame that is longer than any";
  const std::size_t frame_size = frame_bytes(body_bytes);
  if (bytes.size() < frame_size) return "the file ends within a frame";
  const Bytes frame = bytes.first(frame_size);
  if (get<std::uint32_t>(frame, kCrcAt) != frame_crc(frame, body_bytes, offset, seed)) {
    return "a frame whose checksum does not fit its bytes";
  }
  if (!all_zero(frame.subspan(kKindAt + 1, 3)) || !all_zero(frame.subspan(kFrameHeaderBytes + body_bytes))) {
    return "a frame with other bytes than zeros where it is filled up";
  }
  const Bytes body = frame.subspan(kFrameHeaderBytes, body_bytes);
  switch (get<FrameKind>(frame, kKindAt)) {
    case FrameKind::topic:
      return frame_of_topic(body, frame_size);
    case FrameKind::cursor:
      return frame_of_cursor(body, frame_size);
    case FrameKind::removed_cursor:
      return frame_of_removed(body, frame_size);
  }
  return Frame{frame_size, Nonsense{"a frame of an unknown kind"}};
}

}  // namespace sluice::detail
