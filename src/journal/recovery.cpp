#include "journal/recovery.hpp"

#include <algorithm>
#include <optional>

#include "journal/ring_file.hpp"

namespace sluice::detail {

namespace {

/// How much is written at once.
constexpr std::size_t kStagingBytes = 256 * 1024;

}  // namespace

Result<void> Recovery::run() {
  const Manifest manifest = catalogue_->manifest();
  report_.was_closed = manifest.closed;
  std::unique_ptr<RingFile> ring;
  if (!manifest.closed) {
    report_.ring = "the last run had no ring file";
    if (!manifest.ring_file.empty()) {
      auto opened =
          RingFile::open(*files_, manifest.ring_file, manifest.journal, manifest.epoch, report_.ring);
      if (!opened) return std::move(opened).error();
      ring = *std::move(opened);
    }
    if (ring != nullptr) report_.ring.clear();
  }
  std::uint32_t shards = std::max(catalogue_->shards(), static_cast<std::uint32_t>(synced_.positions.size()));
  if (ring != nullptr) shards = std::max(shards, ring->shards());
  for (std::uint32_t shard = 0; shard < shards; ++shard) {
    report_.shards.push_back({.shard = shard});
    if (auto walked = walk(shard); !walked) return walked;
    if (ring != nullptr && shard < ring->shards()) {
      if (auto added = add_ring(*ring, shard); !added) return added;
    } else if (!manifest.closed) {
      report_.shards[shard].tail_unknown = report_.shards[shard].position;
    }
    if (auto done = sync(shard); !done) return done;
  }
  return {};
}

/// Finds where a shard's segments end.
Result<void> Recovery::walk(std::uint32_t shard) {
  ShardRecovery& found = report_.shards[shard];
  const auto segments = catalogue_->segments(shard);
  const Manifest manifest = catalogue_->manifest();
  found.position = segments.empty() ? synced(shard) : segments.front()->entry.begin;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const Segment& segment = *segments[i];
    const bool is_last = i + 1 == segments.size();
    const auto end = is_last ? segment.entry.end : std::optional(segments[i + 1]->entry.begin);
    const std::uint64_t until = end.value_or(segment.entry.begin + segment.entry.bytes);
    // A segment's records are only known one by one, so the walk begins with the segment. What is synced in
    // whole segments needs none.
    if (end && *end <= synced(shard)) {
      found.position = *end;
      continue;
    }
    SegmentScanner scanner(segment, segment.entry.begin, until);
    for (;;) {
      auto record = scanner.next();
      if (!record) return std::move(record).error();
      if (!*record) break;
    }
    found.position = scanner.position();
    if (scanner.position() == until) continue;
    if (scanner.position() < synced(shard)) {
      Error error = scanner.error();
      error.message += "; it was synced, so the disk or somebody else changed it: restore the file";
      return error;
    }
    if (!scanner.at_free_space() || end) found.cut_at = scanner.position();
    break;
  }
  if (found.position < synced(shard)) {
    return Error{ErrorCode::corrupt, "shard " + std::to_string(shard) + " was synced up to position " +
                                         std::to_string(synced(shard)) + ", but its segments end at " +
                                         std::to_string(found.position) + ": restore the missing files"};
  }
  if (found.cut_at) catalogue_->cut(shard, *found.cut_at);
  return {};
}

/// Appends what the ring has and the segments have not.
Result<void> Recovery::add_ring(RingFile& ring, std::uint32_t shard) {
  ShardRecovery& found = report_.shards[shard];
  const std::uint64_t tail = ring.tail(shard);
  if (tail < found.position || tail - found.position > ring.capacity_bytes(shard)) {
    // The segments were cut, or are another run's: what is between is nowhere.
    if (tail > found.position) found.tail_unknown = found.position;
    return {};
  }
  const auto records = ring.records(shard, found.position);
  if (records.empty()) return {};
  const auto segments = catalogue_->segments(shard);
  std::optional<SegmentWriter> writer;
  // One that was cut has records behind its end that could be taken for new ones.
  if (!segments.empty() && !segments.back()->entry.end && !found.cut_at) {
    writer.emplace(segments.back(), found.position);
  }
  for (const RingFile::Record& record : records) {
    const bool is_full = writer && writer->room() < writer->staged() + record.word.stride();
    if (writer && (is_full || writer->staged() >= kStagingBytes)) {
      if (auto written = writer->flush(); !written) return written;
    }
    if (!writer || is_full) {
      auto segment = catalogue_->begin_segment(shard, record.position, record.word.stride());
      if (!segment) return std::move(segment).error();
      writer.emplace(*std::move(segment), record.position);
    }
    writer->add(record.bytes, record.word);
    if (record.word.is_data()) ++found.from_ring;
    if (record.bytes == nullptr) found.aborted_bytes += record.word.stride();
  }
  if (auto written = writer->flush(); !written) return written;
  found.position = writer->position();
  return {};
}

Result<void> Recovery::sync(std::uint32_t shard) {
  const std::uint64_t end = report_.shards[shard].position;
  for (const auto& segment : catalogue_->segments(shard)) {
    if (end <= synced(shard) || segment->entry.begin + segment->entry.bytes <= synced(shard)) continue;
    if (auto done = segment->file->sync(); !done) return done;
  }
  return {};
}

std::vector<std::uint64_t> Recovery::ends() const {
  std::vector<std::uint64_t> ends;
  for (const ShardRecovery& shard : report_.shards) ends.push_back(shard.position);
  return ends;
}

}  // namespace sluice::detail
