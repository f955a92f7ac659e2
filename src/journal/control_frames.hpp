#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sluice/base/event_id.hpp"
#include "sluice/base/result.hpp"
#include "sluice/bus/persistence.hpp"
#include "sluice/topic/name.hpp"

/// How a control log's file looks: a header, and frames at multiples of 8 bytes. See FORMAT.md.
namespace sluice::detail {

inline constexpr std::size_t kControlHeaderBytes = 40;
using ControlHeader = std::array<std::byte, kControlHeaderBytes>;

inline constexpr std::size_t kMaxCursorNameBytes = 255;
inline constexpr std::size_t kFrameHeaderBytes = 12;
/// Of a whole frame. A length that says more is no length.
inline constexpr std::size_t kMostFrameBytes = 280;

/// A named reader's place.
struct CursorPlace {
  std::string_view name{};
  std::uint32_t shard = 0;
  std::uint64_t position = 0;
  CursorRetention retention = CursorRetention::gap;
};
/// A named reader that is none any more.
struct RemovedCursor {
  std::string_view name{};
  std::uint32_t shard = 0;
};

/// What every checksum in a control log begins with, so that the frames of another journal, or of another of
/// its control logs, are none here.
[[nodiscard]] std::uint32_t control_seed(const EventId& journal, std::string_view file_name) noexcept;

/// `snapshot_bytes`: how much of the file was synced before it was first used, header included.
[[nodiscard]] ControlHeader encode_control_header(const EventId& journal, std::string_view file_name,
                                                  std::uint64_t snapshot_bytes) noexcept;
/// The length of the snapshot. `bytes` is the beginning of the file. Errors: `corrupt` with path and offset,
/// `newer_format`.
[[nodiscard]] Result<std::uint64_t> check_control_header(std::span<const std::byte> bytes,
                                                         const EventId& journal, const std::string& path);

/// Add one frame that will lie at `offset` to `to`.
void encode_frame(std::vector<std::byte>& to, const TopicDefinition& topic, std::uint64_t offset,
                  std::uint32_t seed);
void encode_frame(std::vector<std::byte>& to, const CursorPlace& cursor, std::uint64_t offset,
                  std::uint32_t seed);
void encode_frame(std::vector<std::byte>& to, const RemovedCursor& cursor, std::uint64_t offset,
                  std::uint32_t seed);

/// A topic, as a frame holds it.
struct TopicRecord {
  std::string_view name{};
  std::uint32_t id = 0;
  std::uint32_t shard = 0;
};
/// Bytes that are what was written, and mean nothing.
struct Nonsense {
  std::string_view why{};
};
/// A frame that was read. Names point into the bytes it was read from.
struct Frame {
  std::size_t bytes = 0;
  std::variant<TopicRecord, CursorPlace, RemovedCursor, Nonsense> content{};
};

/// The frame that begins with `bytes`, which lie at `offset` and go on for `kMostFrameBytes` unless the file
/// ends before; or what keeps them from being one. Looks at bounds before bodies.
[[nodiscard]] std::variant<Frame, std::string_view> decode_frame(std::span<const std::byte> bytes,
                                                                 std::uint64_t offset,
                                                                 std::uint32_t seed) noexcept;

}  // namespace sluice::detail
