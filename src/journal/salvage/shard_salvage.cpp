#include "journal/salvage/shard_salvage.hpp"

#include <algorithm>
#include <utility>

#include "sluice/base/thread.hpp"

namespace sluice::detail {

namespace {

constexpr std::uint64_t kClaimBytes = log::kAlignment;

std::uint64_t events_in(const std::vector<RingFile::Record>& records) {
  const auto is_event = [](const RingFile::Record& record) { return record.word.is_data(); };
  return static_cast<std::uint64_t>(std::count_if(records.begin(), records.end(), is_event));
}

}  // namespace

void ShardSalvage::add(const std::vector<SurveyedSegment>& segments, std::uint64_t reached) {
  first_ = plan_.segments.size();
  told_ = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) keep(segments[i], i + 1 == segments.size());
  // Without a segment the log goes on where SYNCED says.
  if (segments.empty()) return;
  const auto& [last, survey] = segments.back();
  end_at(last, std::max(reached, told_));
  if (!survey.is_torn || !has_segments() || plan_.segments.back() != last) return;
  plan_.findings.push_back({.kind = SalvageFinding::Kind::note,
                            .file = join_path(plan_.directory, segment_name(last)),
                            .offset = file_offset(last, survey.end),
                            .shard = last.shard,
                            .from = survey.end,
                            .to = survey.end,
                            .what = "the torn end of what was being written, and nothing good behind it: an "
                                    "opening cuts it"});
}

void ShardSalvage::keep(const SurveyedSegment& segment, bool is_last) {
  const auto& [entry, survey] = segment;
  const std::string file = join_path(plan_.directory, segment_name(entry));
  if (!survey.is_there && survey.stretches.empty()) {
    plan_.findings.push_back({.file = file,
                              .shard = entry.shard,
                              .from = entry.begin,
                              .to = entry.begin,
                              .what = "the file is missing; where it ended is not known"});
  }
  for (const FileFault& fault : survey.faults) {
    plan_.findings.push_back({.file = file,
                              .offset = fault.offset,
                              .shard = entry.shard,
                              .from = entry.begin,
                              .what = fault.what});
    plan_.findings.back().to = entry.begin;
  }
  for (const GoodRun& run : survey.runs) {
    plan_.events += run.events;
    plan_.bytes += run.to - run.from;
  }
  if (!survey.is_sound()) return write_anew(segment);
  plan_.segments.push_back(entry);
  told_ = std::max(told_, entry.end.value_or(survey.end));
  if (!is_last) seal(survey.end);
}

/// Ends the segment that is open; one without a record is not listed any more.
void ShardSalvage::seal(std::uint64_t end) {
  if (!has_segments() || plan_.segments.back().end) return;
  SegmentEntry& last = plan_.segments.back();
  last.end = end;
  if (last.begin != end) return;
  plan_.to_move.push_back(segment_name(last));
  plan_.segments.pop_back();
}

/// Its runs and stretches in the order of their positions.
void ShardSalvage::write_anew(const SurveyedSegment& segment) {
  const auto& [entry, survey] = segment;
  const std::string name = segment_name(entry);
  auto stretch = survey.stretches.begin();
  const auto lose_up_to = [&](std::uint64_t position) {
    for (; stretch != survey.stretches.end() && stretch->from < position; ++stretch) {
      fill_or_lose(entry, *stretch, join_path(plan_.directory, name));
    }
  };
  for (const GoodRun& run : survey.runs) {
    lose_up_to(run.from);
    SegmentEntry part = entry;
    part.begin = run.from;
    part.bytes = run.to - run.from;
    part.end = run.to;
    part.events = run.events;
    add_part(part, SalvagePart::Source::segment, entry);
  }
  lose_up_to(~std::uint64_t{0});
  if (survey.is_there) plan_.to_move.push_back(name);
}

void ShardSalvage::add_part(SegmentEntry entry, SalvagePart::Source source, const SegmentEntry& read_from) {
  entry.salt = platform::random_bits64();
  plan_.parts.push_back({entry, source, read_from});
  plan_.segments.push_back(entry);
  told_ = std::max(told_, *entry.end);
}

void ShardSalvage::fill_or_lose(const SegmentEntry& segment, const BadStretch& stretch, std::string file) {
  SalvageFinding& finding = plan_.findings.emplace_back();
  finding.file = std::move(file);
  if (stretch.offset != 0) finding.offset = stretch.offset;  // records lie behind a header
  finding.shard = segment.shard;
  finding.from = stretch.from;
  finding.to = stretch.to;
  finding.what = stretch.what;
  told_ = std::max(told_, stretch.to);
  auto records = ring_records(segment, stretch.from);
  std::erase_if(records, [&](const RingFile::Record& record) { return record.position >= stretch.to; });
  const bool is_whole =
      std::all_of(records.begin(), records.end(), [](const auto& record) { return record.bytes != nullptr; });
  if (!is_whole || records.empty() || records.back().position + records.back().word.stride() != stretch.to) {
    plan_.lost.push_back({segment.shard, stretch.from, stretch.to});
    return;
  }
  finding.what += "; the last run's ring still has what was there";
  SegmentEntry part = segment;
  part.begin = stretch.from;
  part.bytes = stretch.to - stretch.from;
  part.end = stretch.to;
  part.events = events_in(records);
  show(records, part);
  add_part(part, SalvagePart::Source::ring, segment);
}

/// Has the log end where it had come to, whatever of it is lost.
void ShardSalvage::end_at(const SegmentEntry& last, std::uint64_t reached) {
  if (end() >= reached) return;
  seal(told_);
  if (const std::uint64_t from = std::max(told_, last.begin); from < reached) {
    const BadStretch rest{from, reached, 0,
                          "the segments of shard " + std::to_string(last.shard) + " end at position " +
                              std::to_string(from) + ", and " + std::to_string(reached) +
                              " had been reached"};
    fill_or_lose(last, rest, join_path(plan_.directory, "MANIFEST"));
  }
  if (end() >= reached) return;
  SegmentEntry place;
  place.shard = last.shard;
  place.begin = reached;
  place.epoch = plan_.manifest.epoch;
  place.bytes = kClaimBytes;
  // Where the ring goes on just there, its next record stands for the place.
  const auto next = ring_records(last, reached);
  if (!next.empty()) place.bytes = next.front().word.stride();
  place.end = reached + place.bytes;
  place.events = 0;
  const bool is_record = !next.empty() && next.front().bytes != nullptr;
  if (is_record) {
    place.events = events_in({next.front()});
    show({next.front()}, place);
  }
  add_part(place, is_record ? SalvagePart::Source::ring : SalvagePart::Source::claim, place);
}

/// What the ring has from `from` on; nothing if that is no longer all in it.
std::vector<RingFile::Record> ShardSalvage::ring_records(const SegmentEntry& segment, std::uint64_t from) {
  RingFile* const ring = plan_.ring.get();
  // What an earlier run wrote was never in this ring, whose beginning may look as if it were.
  if (ring == nullptr || segment.epoch != plan_.manifest.epoch || segment.shard >= ring->shards()) return {};
  const std::uint64_t tail = ring->tail(segment.shard);
  const bool has_it = tail % log::kAlignment == 0 && from >= ring->oldest(segment.shard) && from <= tail &&
                      tail - from <= ring->capacity_bytes(segment.shard);
  return has_it ? ring->records(segment.shard, from) : std::vector<RingFile::Record>();
}

void ShardSalvage::show(const std::vector<RingFile::Record>& records, const SegmentEntry& part) {
  for (const RingFile::Record& record : records) {
    visit_(part, {record.position, record.bytes, record.word});
  }
  plan_.events += events_in(records);
  plan_.bytes += part.bytes;
}

bool ShardSalvage::has_segments() const noexcept {
  return first_ < plan_.segments.size();
}

std::uint64_t ShardSalvage::end() const noexcept {
  return has_segments() ? plan_.segments.back().end.value_or(told_) : 0;
}

}  // namespace sluice::detail
