#include "fuzz/repair.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/crc32c.hpp"
#include "journal/bytes.hpp"
#include "journal/control_frames.hpp"
#include "journal/segment_format.hpp"
#include "journal/text.hpp"

namespace sluice::fuzz {

using detail::get;
using detail::put;

void repair_manifest(Bytes& text) {
  const std::string_view all(reinterpret_cast<const char*>(text.data()), text.size());
  // The last line that begins as a checksum's does goes, with all behind it.
  std::size_t keep = all.rfind("\ncrc32c ");
  keep = keep == std::string_view::npos ? all.size() : keep + 1;
  const std::string kept(all.substr(0, keep));
  const std::string line = "crc32c " + detail::hex_digits(crc32c(std::as_bytes(std::span(kept))), 8) + "\n";
  text.resize(keep);
  const auto bytes = std::as_bytes(std::span(line));
  text.insert(text.end(), bytes.begin(), bytes.end());
}

void repair_control_log(Bytes& file, const EventId& journal, const std::string& name) {
  const std::span<std::byte> bytes(file);
  if (bytes.size() < detail::kControlHeaderBytes) return;
  const std::uint32_t seed = detail::control_seed(journal, name);
  put(bytes, 12, crc32c(bytes.subspan(16, 24), crc32c(bytes.first(12), seed)));
  for (std::size_t at = detail::kControlHeaderBytes; at + detail::kFrameHeaderBytes <= bytes.size();) {
    const auto body_bytes = get<std::uint32_t>(bytes, at);
    const std::size_t room = bytes.size() - at - detail::kFrameHeaderBytes;
    if (body_bytes > detail::kMostFrameBytes || body_bytes > room) return;
    std::array<std::byte, 16> place{};
    put(std::span<std::byte>(place), 0, std::uint64_t{at});
    put(std::span<std::byte>(place), 8, body_bytes);
    put(std::span<std::byte>(place), 12, get<std::uint32_t>(bytes, at + 8));
    const auto body = bytes.subspan(at + detail::kFrameHeaderBytes, body_bytes);
    put(bytes, at + 4, crc32c(body, crc32c(place, seed)));
    at += (detail::kFrameHeaderBytes + body_bytes + 7) / 8 * 8;
  }
}

void repair_synced_record(Bytes& file) {
  constexpr std::size_t kSlotBytes = 40 * 1024;
  for (std::size_t at = 0; at + 120 <= file.size(); at += kSlotBytes) {
    const auto slot = std::span(file).subspan(at, std::min(kSlotBytes, file.size() - at));
    const auto shards = get<std::uint32_t>(slot, 48);
    if (shards > EventId::kMaxShards || 120 + 8 * std::size_t{shards} > slot.size()) continue;
    put(slot, 12, crc32c(slot.subspan(16, 104 + 8 * std::size_t{shards}), crc32c(slot.first(12))));
  }
}

void repair_segment(Bytes& file, const detail::SegmentEntry& entry, const EventId& journal) {
  if (file.size() < detail::kSegmentHeaderBytes) return;
  std::ranges::copy(detail::encode_header(entry, journal), file.begin());
  for (std::size_t at = detail::kSegmentHeaderBytes; at + log::kHeaderBytes <= file.size();) {
    const log::CommitWord word = detail::load_word(file.data() + at);
    if (!word.is_committed() || word.length() < log::kHeaderBytes || word.length() > file.size() - at) return;
    const std::uint64_t position = entry.begin + (at - detail::kSegmentHeaderBytes);
    put(std::span(file), at + log::kCrcOffset,
        detail::record_checksum(file.data() + at, word, position, entry.salt));
    at += word.stride();
  }
}

void repair_ring(Bytes& file) {
  constexpr std::size_t kHeaderBytes = 80;
  constexpr std::size_t kChecksumAt = 76;
  if (file.size() < kHeaderBytes) return;
  const std::span<std::byte> bytes(file);
  const auto shards = get<std::uint32_t>(bytes, 12);
  if (shards > EventId::kMaxShards || 32 * std::size_t{shards} > file.size() - kHeaderBytes) return;
  put(bytes, kChecksumAt, std::uint32_t{0});
  put(bytes, kChecksumAt,
      crc32c(bytes.subspan(kHeaderBytes, 32 * std::size_t{shards}), crc32c(bytes.first(kHeaderBytes))));
}

}  // namespace sluice::fuzz
