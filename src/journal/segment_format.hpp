#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "sluice/base/event_id.hpp"
#include "sluice/base/result.hpp"
#include "sluice/log/record.hpp"

#include "journal/manifest.hpp"

/// How a segment's file looks: one page that says whose records follow, and the records, each as far behind
/// it as its position is behind the segment's first one. See FORMAT.md.
namespace sluice::detail {

inline constexpr std::uint64_t kSegmentHeaderBytes = 4096;
using SegmentHeader = std::array<std::byte, kSegmentHeaderBytes>;

/// Where in its file a record of a segment lies.
[[nodiscard]] constexpr std::uint64_t file_offset(const SegmentEntry& segment,
                                                  std::uint64_t position) noexcept {
  return kSegmentHeaderBytes + (position - segment.begin);
}

[[nodiscard]] SegmentHeader encode_header(const SegmentEntry& segment, const EventId& journal);
/// `corrupt`, naming `path`, the offset and what differs, unless the header says what the manifest says;
/// `newer_format` for a higher version.
[[nodiscard]] Result<void> check_header(std::span<const std::byte> header, const SegmentEntry& segment,
                                        const EventId& journal, const std::string& path);

/// What a header says of its segment.
struct HeaderContent {
  SegmentEntry segment{};  ///< without an end, which is not in it
  EventId journal{};
};
/// Reads a header without a manifest to hold it against. `corrupt`, naming `path`, unless all of it is as it
/// was written; `newer_format` for a higher version.
[[nodiscard]] Result<HeaderContent> decode_header(std::span<const std::byte> header, const std::string& path);

/// The checksum of a record at `position`: over the segment's salt, the position, the header but for the
/// checksum itself, and, of an event, everything behind it.
[[nodiscard]] std::uint32_t record_checksum(const std::byte* record, log::CommitWord word,
                                            std::uint64_t position, std::uint64_t salt) noexcept;

/// What is wrong with the record of which the first `known` bytes are at hand, and behind which `room` bytes
/// of the segment are left; null for nothing so far. Looks at bounds before bodies, and at the body only when
/// all of the record is known.
[[nodiscard]] const char* record_fault(const std::byte* record, std::size_t known, std::uint64_t room,
                                       std::uint64_t position, std::uint64_t salt) noexcept;

/// Whether the pairs of an event's metadata fill just the place that it has. All of the record is known, and
/// its payload begins within it.
[[nodiscard]] bool metadata_is_sound(const std::byte* record, log::CommitWord word) noexcept;

/// The commit word of a record, as plain bytes.
[[nodiscard]] log::CommitWord load_word(const std::byte* record) noexcept;

/// Copies a committed record as it is to be kept, its checksum filled in, to `to`, which has room for its
/// stride: what lies behind it up to the next record becomes zeros, and so does everything in a record that
/// is no event.
void seal_record(std::byte* to, const std::byte* record, log::CommitWord word, std::uint64_t position,
                 std::uint64_t salt) noexcept;

}  // namespace sluice::detail
