#include "journal/recovery.hpp"

#include <algorithm>
#include <optional>

#include "journal/ring_file.hpp"
#include "journal/text.hpp"

namespace sluice::detail {

namespace {

/// How much is written at once.
constexpr std::size_t kStagingBytes = 256 * 1024;

/// Whether a record is an event of a topic that the control log does not know. Its definition came before it,
/// so only a loss of power, or of what a failed sync was to write, can have taken the one and left the other.
bool is_of_lost_topic(const ShardContext& context, const std::byte* bytes, log::CommitWord word,
                      std::uint64_t position) {
  return word.is_data() && EventView(context, bytes, word, position).topic_id() >= context.topics->size();
}

Error lost_topic(const Segment& segment, std::uint64_t position) {
  return {ErrorCode::corrupt, at_offset(segment.file->path(), file_offset(segment.entry, position),
                                        "an event of a topic that the control log does not define")};
}

}  // namespace

Result<void> Recovery::run() {
  const Manifest manifest = catalogue_->manifest();
  trust_earlier_runs();
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
  }
  return make_durable();
}

/// What runs before the last one wrote was synced before that one began; and so was its own, if it was
/// closed.
void Recovery::trust_earlier_runs() {
  const Manifest manifest = catalogue_->manifest();
  auto& positions = synced_.positions;
  for (const SegmentEntry& entry : manifest.segments) {
    if (!entry.end || (entry.epoch == manifest.epoch && !manifest.closed)) continue;
    if (entry.shard >= positions.size()) positions.resize(entry.shard + 1);
    positions[entry.shard] = std::max(positions[entry.shard], *entry.end);
  }
}

/// Finds where a shard's segments end.
Result<void> Recovery::walk(std::uint32_t shard) {
  ShardRecovery& found = report_.shards[shard];
  const auto segments = catalogue_->segments(shard);
  found.position = segments.empty() ? synced(shard) : segments.front()->entry.begin;
  for (const auto& listed : segments) {
    const Segment& segment = *listed;
    const auto end = segment.entry.end;
    const std::uint64_t until = end.value_or(segment.entry.begin + segment.entry.bytes);
    // A segment's records are only known one by one, so the walk begins with the segment. What is synced in
    // whole segments needs none.
    if (end && *end <= synced(shard)) {
      found.position = *end;
      continue;
    }
    SegmentScanner scanner(segment, segment.entry.begin, until);
    std::uint64_t good_end = segment.entry.begin;
    for (;; good_end = scanner.position()) {
      auto record = scanner.next();
      if (!record) return std::move(record).error();
      if (!*record) break;
      if (is_of_lost_topic(segment.context, (*record)->bytes, (*record)->word, (*record)->position)) break;
    }
    found.position = good_end;
    if (good_end == until) continue;
    if (good_end < synced(shard)) {
      Error error = scanner.fault() != nullptr ? scanner.error() : lost_topic(segment, good_end);
      error.message += "; it was synced, so the disk or somebody else changed it: restore the file";
      return error;
    }
    if (!scanner.at_free_space() || end) found.cut_at = good_end;
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
  const bool is_nonsense = tail % log::kAlignment != 0 ||
                           (tail > found.position && tail - found.position > ring.capacity_bytes(shard));
  if (is_nonsense || tail < found.position || found.position < ring.oldest(shard)) {
    // The segments were cut, or not all was journaled, or the dying process spoilt its ring's state: what is
    // between is nowhere.
    if (is_nonsense || tail > found.position) found.tail_unknown = found.position;
    return {};
  }
  // The ring has what was cut: a write that the death of the process broke off.
  const bool was_cut = found.cut_at.has_value();
  found.cut_at.reset();
  const auto records = ring.records(shard, found.position);
  if (records.empty()) return {};
  const auto segments = catalogue_->segments(shard);
  std::optional<SegmentWriter> writer;
  // One that was cut has records behind its end that could be taken for new ones.
  if (!segments.empty() && !segments.back()->entry.end && !was_cut) {
    writer.emplace(segments.back(), found.position);
  }
  const Manifest manifest = catalogue_->manifest();
  const ShardContext context{manifest.epoch, shard, &catalogue_->topics()};
  for (const RingFile::Record& record : records) {
    if (record.bytes != nullptr && is_of_lost_topic(context, record.bytes, record.word, record.position)) {
      found.tail_unknown = record.position;
      break;
    }
    const bool is_full = writer && writer->room() < writer->staged() + record.word.stride();
    if (writer && (is_full || writer->staged() >= kStagingBytes)) {
      if (auto written = writer->flush(); !written) return written;
    }
    if (!writer || is_full) {
      auto segment = catalogue_->begin_segment({.shard = shard,
                                                .begin = record.position,
                                                .least_bytes = record.word.stride(),
                                                .before_ends = record.position});
      if (!segment) return std::move(segment).error();
      writer.emplace(*std::move(segment), record.position);
    }
    writer->add(record.bytes, record.word);
    if (record.word.is_data()) ++found.from_ring;
    if (record.bytes == nullptr) found.aborted_bytes += record.word.stride();
  }
  if (!writer) return {};
  if (auto written = writer->flush(); !written) return written;
  found.position = writer->position();
  return {};
}

Result<void> Recovery::make_durable() {
  const auto shards = static_cast<std::uint32_t>(report_.shards.size());
  const auto is_new = [&](const ShardRecovery& shard) { return shard.position > synced(shard.shard); };
  const auto each = [&](auto step) {
    Result<void> done;
    for (std::uint32_t shard = 0; done && shard < shards; ++shard) {
      if (is_new(report_.shards[shard])) done = (this->*step)(shard);
    }
    return done;
  };
  if (std::none_of(report_.shards.begin(), report_.shards.end(), is_new)) return {};
  if (!record_->latest().sync_begun) {
    SyncedPositions begun = record_->latest();
    begun.sync_begun = true;
    if (auto written = record_->write(begun); !written) return written;
    if (each(&Recovery::sync)) return {};
  }
  return each(&Recovery::write_anew);
}

Result<void> Recovery::sync(std::uint32_t shard) {
  const std::uint64_t end = report_.shards[shard].position;
  for (const auto& segment : catalogue_->segments(shard)) {
    if (segment->entry.begin >= end || segment->entry.begin + segment->entry.bytes <= synced(shard)) continue;
    if (auto done = segment->file->sync(); !done) return done;
  }
  return {};
}

/// Copies what is not known to be synced into segments of its own, at the same positions and of the same run,
/// and lets go of the old ones once those are synced.
Result<void> Recovery::write_anew(std::uint32_t shard) {
  ShardRecovery& found = report_.shards[shard];
  std::vector<std::shared_ptr<Segment>> copies;
  for (const auto& segment : catalogue_->segments(shard)) {
    const std::uint64_t from = std::max(synced(shard), segment->entry.begin);
    const std::uint64_t until = std::min(found.position, segment->entry.end.value_or(found.position));
    if (from >= until) continue;
    auto made = copy(*segment, from, until);
    if (!made) return std::move(made).error();
    copies.push_back(*std::move(made));
    found.written_anew_bytes += until - from;
  }
  return catalogue_->replace(shard, synced(shard), copies);
}

Result<std::shared_ptr<Segment>> Recovery::copy(const Segment& segment, std::uint64_t from,
                                                std::uint64_t until) {
  SegmentEntry entry = segment.entry;
  entry.begin = from;
  entry.bytes = until - from;
  entry.end = until;
  entry.events.reset();
  auto made = catalogue_->begin_copy(entry);
  if (!made) return made;
  SegmentWriter writer(*made, from);
  SegmentScanner scanner(segment, from, until);
  for (;;) {
    auto record = scanner.next();
    if (!record) return std::move(record).error();
    if (!*record) break;
    writer.add((*record)->word.is_data() ? (*record)->bytes : nullptr, (*record)->word);
    if (writer.staged() < kStagingBytes) continue;
    if (auto written = writer.flush(); !written) return std::move(written).error();
  }
  if (scanner.fault() != nullptr) return scanner.error();  // it was read well a moment ago
  if (auto written = writer.flush(); !written) return std::move(written).error();
  if (auto synced = (*made)->file->sync(); !synced) return std::move(synced).error();
  (*made)->entry.events = writer.events();
  return made;
}

std::vector<std::uint64_t> Recovery::ends() const {
  std::vector<std::uint64_t> ends;
  for (const ShardRecovery& shard : report_.shards) ends.push_back(shard.position);
  return ends;
}

}  // namespace sluice::detail
