#include "journal/shard_reader.hpp"

#include <algorithm>
#include <utility>

#include "journal/record_search.hpp"

namespace sluice::detail {

std::uint64_t ShardReader::limit(const SegmentEntry& entry) const noexcept {
  const std::uint64_t stop = entry.end.value_or(entry.begin + entry.bytes);
  return std::min(stop, shard_->end.value_or(stop));
}

void ShardReader::skip_to(std::uint64_t position) {
  const auto& segments = shard_->segments;
  while (next_segment_ < segments.size() && segments[next_segment_].end &&
         *segments[next_segment_].end <= position) {
    at_ = *segments[next_segment_++].end;
  }
}

Result<ShardReader::Next> ShardReader::next() {
  while (!ended_) {
    if (!scanner_) {
      auto item = next_segment();
      if (!item || *item) return item;
      continue;
    }
    auto record = scanner_->next();
    if (!record) return std::move(record).error();
    if (!*record) {
      if (scanner_->fault() != nullptr) return bad_record(scanner_->position(), scanner_->fault());
      at_ = until_;
      scanner_.reset();
      continue;
    }
    const SegmentScanner::Record& found = **record;
    if (found.position + found.word.stride() > until_) {
      return bad_record(found.position, "a record that reaches beyond the end that the manifest names");
    }
    at_ = scanner_->position();
    if (has_topic(found)) return Next(FoundRecord{found, segment_.get()});
    return Next(hole_here(Hole::Kind::damaged, found.position, at_,
                          "an event of topic " +
                              std::to_string(log::load_topic(found.bytes + log::kTopicOffset)) +
                              ", which the control log does not define"));
  }
  return Next();
}

/// Goes to the next segment that is to be read; an item where something stands before its first record.
Result<ShardReader::Next> ShardReader::next_segment() {
  const auto& segments = shard_->segments;
  if (next_segment_ == segments.size()) return at_end();
  const SegmentEntry& entry = segments[next_segment_];
  if (shard_->end && entry.begin >= *shard_->end) return at_end();
  if (entry.begin > at_) {
    const std::uint64_t from = std::exchange(at_, entry.begin);
    return Next(Hole{Hole::Kind::gap, from, entry.begin, {}, 0, "no segment is listed for these positions"});
  }
  ++next_segment_;
  until_ = limit(entry);
  if (entry.begin == until_) return Next();  // nothing is in it yet
  return open_segment(entry);
}

Result<ShardReader::Next> ShardReader::open_segment(const SegmentEntry& entry) {
  const std::string path = view_->path(segment_name(entry));
  auto file = view_->files().open(path, OpenMode::read_only);
  if (!file) {
    const auto there = view_->files().exists(path);
    if (!there || *there) return std::move(file).error();
    return missing(entry);
  }
  segment_ = std::make_shared<Segment>(
      Segment{entry, *std::move(file), ShardContext{entry.epoch, entry.shard, &view_->topics()}});
  scanner_.emplace(*segment_, entry.begin, until_);
  SegmentHeader header{};
  auto read = segment_->file->read_at(0, header);
  if (!read) return std::move(read).error();
  const EventId& journal = view_->manifest().journal;
  const auto checked = check_header(std::span(header).first(*read), entry, journal, path);
  if (checked) return Next();
  if (checked.error().code == ErrorCode::newer_format) return checked.error();
  // Where the records are, and how they are checked, the manifest says too: they are read all the same.
  const SegmentHeader expected = encode_header(entry, journal);
  const auto differs = std::mismatch(header.begin(), header.end(), expected.begin()).first - header.begin();
  return Next(Hole{Hole::Kind::damaged, entry.begin, entry.begin, path, static_cast<std::uint64_t>(differs),
                   "the segment's header is not what the manifest says of it"});
}

Result<ShardReader::Next> ShardReader::missing(const SegmentEntry& entry) {
  const auto listed = view_->still_lists(entry);
  if (!listed) return listed.error();
  at_ = until_;
  const std::string path = view_->path(segment_name(entry));
  if (!*listed) {
    return Next(Hole{Hole::Kind::gap, entry.begin, until_, path, 0, "removed while this was read"});
  }
  return Next(Hole{Hole::Kind::damaged, entry.begin, until_, path, 0,
                   "the file is missing, and the manifest lists it"});
}

/// What is wrong with the end, once.
ShardReader::Next ShardReader::at_end() {
  ended_ = true;
  const std::uint64_t expected = std::max(shard_->whole, shard_->end.value_or(0));
  if (at_ >= expected) return {};
  return Hole{Hole::Kind::damaged,
              at_,
              expected,
              view_->path("MANIFEST"),
              0,
              "the segments of shard " + std::to_string(number_) + " end at position " + std::to_string(at_) +
                  ", and " + std::to_string(expected) + " had been reached"};
}

/// At something that is no record: damage, the torn end, or space that was never written.
Result<ShardReader::Next> ShardReader::bad_record(std::uint64_t from, std::string fault) {
  if (from >= shard_->whole) {
    const bool is_free = scanner_->at_free_space() && !segment_->entry.end;
    scanner_.reset();
    ended_ = true;
    at_ = from;
    if (is_free) return Next();
    return Next(hole_here(Hole::Kind::torn, from, until_, std::move(fault)));
  }
  const auto to = find_record(*segment_, from + log::kAlignment, until_);
  if (!to) return to.error();
  scanner_.emplace(*segment_, *to, until_);
  at_ = *to;
  return Next(hole_here(Hole::Kind::damaged, from, *to, std::move(fault)));
}

/// Without the control log no topic is known, and that is said elsewhere.
bool ShardReader::has_topic(const SegmentScanner::Record& record) const {
  if (!record.word.is_data() || view_->control_fault()) return true;
  return log::load_topic(record.bytes + log::kTopicOffset) < view_->topics().size();
}

Hole ShardReader::hole_here(Hole::Kind kind, std::uint64_t from, std::uint64_t to, std::string what) const {
  return {kind, from, to, segment_->file->path(), file_offset(segment_->entry, from), std::move(what)};
}

}  // namespace sluice::detail
