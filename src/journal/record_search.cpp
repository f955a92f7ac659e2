#include "journal/record_search.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace sluice::detail {

namespace {

/// How much is looked through at once.
constexpr std::size_t kChunkBytes = 256 * 1024;

/// Whether a whole good record is there, of which all may not be in the chunk.
Result<bool> is_record(const Segment& segment, std::uint64_t at, std::uint64_t until) {
  SegmentScanner scanner(segment, at, until);
  auto record = scanner.next();
  if (!record) return std::move(record).error();
  return *record && scanner.position() <= until;
}

}  // namespace

Result<std::uint64_t> find_record(const Segment& segment, std::uint64_t from, std::uint64_t until) {
  std::vector<std::byte> chunk(kChunkBytes);
  for (std::uint64_t begin = from; begin < until;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kChunkBytes, until - begin));
    auto read = segment.file->read_at(file_offset(segment.entry, begin), std::span(chunk).first(wanted));
    if (!read) return std::move(read).error();
    if (*read < log::kHeaderBytes) return until;
    for (std::size_t at = 0; at + log::kHeaderBytes <= *read; at += log::kAlignment) {
      const std::uint64_t position = begin + at;
      // What does not even have the bounds of a record, as most does not, is no reason to read it again.
      if (record_fault(chunk.data() + at, *read - at, until - position, position, segment.entry.salt))
        continue;
      auto found = is_record(segment, position, until);
      if (!found) return std::move(found).error();
      if (*found) return position;
    }
    begin += kChunkBytes;
  }
  return until;
}

}  // namespace sluice::detail
