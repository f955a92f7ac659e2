#include "journal/catalogue.hpp"

#include <algorithm>
#include <set>

#include "sluice/base/thread.hpp"

#include "bus/history.hpp"

namespace sluice::detail {

namespace {

/// Whether anything is where a segment's first record begins.
Result<bool> holds_records(FileSystem& files, const std::string& path) {
  auto file = files.open(path, OpenMode::read_only);
  if (!file) return std::move(file).error();
  std::uint64_t word = 0;
  auto read = (*file)->read_at(kSegmentHeaderBytes, std::as_writable_bytes(std::span(&word, 1)));
  if (!read) return std::move(read).error();
  return word != 0;
}

/// The same segment, of which the manifest now says this.
std::shared_ptr<Segment> with_entry(const Segment& segment, const SegmentEntry& entry) {
  auto same = std::make_shared<Segment>(segment);
  same->entry = entry;
  return same;
}

/// Now some of it is gone.
void cut_at(SegmentEntry& segment, std::uint64_t position) {
  if (segment.end && *segment.end < position) return;
  if (segment.end != position) segment.events.reset();
  segment.end = position;
}

}  // namespace

Catalogue::Catalogue(FileSystem& files, std::string directory, const TopicTable& topics, Manifest manifest,
                     SegmentSizes sizes, std::shared_ptr<const Clock> clock)
    : files_(&files),
      directory_(std::move(directory)),
      topics_(&topics),
      sizes_(sizes),
      clock_(std::move(clock)),
      manifest_(std::move(manifest)) {}

Result<void> Catalogue::open_segments() {
  const std::lock_guard lock(mutex_);
  for (const SegmentEntry& entry : manifest_.segments) {
    auto segment =
        Segment::open(*files_, directory_, entry, manifest_.journal, *topics_, OpenMode::read_write);
    if (!segment) return std::move(segment).error();
    if (entry.shard >= segments_.size()) segments_.resize(entry.shard + 1);
    segments_[entry.shard].push_back(*std::move(segment));
  }
  return {};
}

Result<void> Catalogue::remove_leftovers() {
  const std::lock_guard lock(mutex_);
  const auto names = files_->list(directory_);
  if (!names) return names.error();
  std::set<std::string> listed;
  for (const SegmentEntry& entry : manifest_.segments) listed.insert(segment_name(entry));
  for (const std::string& name : *names) {
    if (!name.ends_with(".segment") || listed.contains(name)) continue;
    const std::string path = join_path(directory_, name);
    if (!manifest_.dropped.contains(name)) {
      auto holds = holds_records(*files_, path);
      if (!holds) return std::move(holds).error();
      if (*holds) {
        return Error{ErrorCode::corrupt,
                     path +
                         " holds records, and the manifest does not list it: put back the manifest that "
                         "belongs to it, or move the file away"};
      }
    }
    if (auto removed = files_->remove(path); !removed) return removed;
  }
  if (manifest_.dropped.empty()) return {};
  // The manifest forgets them when a loss of power can't bring them back.
  if (auto synced = files_->sync_directory(directory_); !synced) return synced;
  manifest_.dropped.clear();
  return {};
}

Manifest Catalogue::manifest() const {
  const std::lock_guard lock(mutex_);
  return manifest_;
}

Result<void> Catalogue::change(const std::function<void(Manifest&)>& change) {
  const std::lock_guard lock(mutex_);
  Manifest next = manifest_;
  change(next);
  return store(next);
}

Result<void> Catalogue::store(Manifest& next) {
  const std::int64_t now_ns = std::max<std::int64_t>(now_by(clock_.get()), 1);
  for (SegmentEntry& entry : next.segments) {
    if (entry.end && entry.sealed_ns == 0) entry.sealed_ns = now_ns;
  }
  auto stored = store_manifest(*files_, directory_, next);
  manifest_.generation = next.generation;  // what may be on disk is not said twice
  if (!stored) return stored;
  manifest_ = std::move(next);
  for (const SegmentEntry& entry : manifest_.segments) {
    if (!entry.end || entry.shard >= segments_.size()) continue;
    auto& mine = segments_[entry.shard];
    if (!mine.empty() && mine.back()->entry.salt == entry.salt && !mine.back()->entry.end) {
      mine.back() = with_entry(*mine.back(), entry);
    }
  }
  remove_obsolete();
  return {};
}

/// What stays because of an error is found and removed when the journal is opened next: until all of it is
/// gone for good, the manifest calls it dropped.
void Catalogue::remove_obsolete() {
  if (obsolete_.empty()) return;
  bool are_gone = true;
  for (const std::string& name : obsolete_) {
    are_gone = static_cast<bool>(files_->remove(join_path(directory_, name))) && are_gone;
  }
  if (are_gone && files_->sync_directory(directory_)) {
    for (const std::string& name : obsolete_) manifest_.dropped.erase(name);
  }
  obsolete_.clear();
}

Result<std::shared_ptr<Segment>> Catalogue::begin_segment(const SegmentPlace& place) {
  const std::lock_guard lock(mutex_);
  if (place.shard >= segments_.size()) segments_.resize(place.shard + 1);
  auto& mine = segments_[place.shard];
  auto made = make_or_find(place);
  if (!made) return made;
  const std::shared_ptr<Segment> segment = *std::move(made);
  Manifest next = manifest_;
  auto at = next.segments.begin();
  while (at != next.segments.end() && at->shard <= place.shard) {
    if (at->shard == place.shard && !at->end) {
      at->end = place.before_ends;
      at->events = place.before_events;
    }
    ++at;
  }
  next.segments.insert(at, segment->entry);
  if (auto listed = files_->sync_directory(directory_); !listed) return std::move(listed).error();
  if (auto listed = store(next); !listed) return std::move(listed).error();
  std::erase(spare_, segment);
  mine.push_back(segment);
  return segment;
}

/// A file for a new segment: one that an earlier attempt made, if it fits. The manifest on disk may list that
/// one, so it is not removed before another manifest is there.
Result<std::shared_ptr<Segment>> Catalogue::make_or_find(const SegmentPlace& place) {
  const std::uint32_t shard = place.shard;
  for (const auto& spare : spare_) {
    if (spare->entry.shard != shard) continue;
    if (spare->entry.begin == place.begin && spare->entry.bytes >= place.least_bytes) return spare;
    obsolete_.push_back(segment_name(spare->entry));
    manifest_.dropped.insert(obsolete_.back());
  }
  std::erase_if(spare_, [shard](const auto& spare) { return spare->entry.shard == shard; });
  const SegmentEntry entry{.shard = shard,
                           .begin = place.begin,
                           .bytes = room_for(place),
                           .epoch = manifest_.epoch,
                           .salt = platform::random_bits64()};
  auto segment = Segment::create(*files_, directory_, entry, manifest_.journal, *topics_);
  if (segment) spare_.push_back(*segment);
  return segment;
}

std::uint64_t Catalogue::next_segment_bytes(const SegmentPlace& place) const {
  const std::lock_guard lock(mutex_);
  return kSegmentHeaderBytes + room_for(place);
}

std::uint64_t Catalogue::room_for(const SegmentPlace& place) const {
  std::uint64_t usual = sizes_.first_bytes;
  if (place.shard < segments_.size() && !segments_[place.shard].empty()) {
    const std::uint64_t before = segments_[place.shard].back()->entry.bytes;
    usual = std::clamp(2 * before, sizes_.first_bytes, sizes_.most_bytes);
  }
  return std::max(usual, place.least_bytes);
}

Result<void> Catalogue::remove(const std::vector<SegmentEntry>& segments) {
  const std::lock_guard lock(mutex_);
  std::set<std::string> names;
  for (const SegmentEntry& segment : segments) names.insert(segment_name(segment));
  const auto is_removed = [&](const SegmentEntry& entry) { return names.contains(segment_name(entry)); };
  Manifest next = manifest_;
  std::erase_if(next.segments, is_removed);
  next.dropped.insert(names.begin(), names.end());
  if (auto stored = store(next); !stored) return stored;
  for (auto& mine : segments_) {
    std::erase_if(mine, [&](const auto& segment) { return is_removed(segment->entry); });
  }
  obsolete_.insert(obsolete_.end(), names.begin(), names.end());
  remove_obsolete();
  return {};
}

void Catalogue::cut(std::uint32_t shard, std::uint64_t position) {
  const std::lock_guard lock(mutex_);
  drop_from(shard, position);
}

void Catalogue::drop_from(std::uint32_t shard, std::uint64_t position) {
  if (shard >= segments_.size()) return;
  auto& mine = segments_[shard];
  while (!mine.empty() && mine.back()->entry.begin >= position) {
    obsolete_.push_back(segment_name(mine.back()->entry));
    manifest_.dropped.insert(obsolete_.back());
    mine.pop_back();
  }
  std::erase_if(manifest_.segments,
                [&](const SegmentEntry& entry) { return entry.shard == shard && entry.begin >= position; });
  for (SegmentEntry& entry : manifest_.segments) {
    if (entry.shard == shard) cut_at(entry, position);
  }
  if (mine.empty()) return;
  SegmentEntry last = mine.back()->entry;
  cut_at(last, position);
  mine.back() = with_entry(*mine.back(), last);
}

Result<std::shared_ptr<Segment>> Catalogue::begin_copy(SegmentEntry entry) {
  const std::lock_guard lock(mutex_);
  entry.salt = platform::random_bits64();
  Manifest next = manifest_;
  next.dropped.insert(segment_name(entry));
  if (auto stored = store(next); !stored) return std::move(stored).error();
  return Segment::create(*files_, directory_, entry, manifest_.journal, *topics_);
}

Result<void> Catalogue::replace(std::uint32_t shard, std::uint64_t position,
                                const std::vector<std::shared_ptr<Segment>>& copies) {
  const std::lock_guard lock(mutex_);
  if (auto synced = files_->sync_directory(directory_); !synced) return synced;
  drop_from(shard, position);
  Manifest next = manifest_;
  const auto is_behind = [shard](const SegmentEntry& entry) { return entry.shard > shard; };
  auto at = std::find_if(next.segments.begin(), next.segments.end(), is_behind);
  for (const auto& copy : copies) {
    at = std::next(next.segments.insert(at, copy->entry));
    next.dropped.erase(segment_name(copy->entry));
    segments_[shard].push_back(copy);
  }
  return store(next);
}

std::vector<std::shared_ptr<Segment>> Catalogue::segments(std::uint32_t shard) const {
  const std::lock_guard lock(mutex_);
  return shard < segments_.size() ? segments_[shard] : std::vector<std::shared_ptr<Segment>>();
}

std::uint32_t Catalogue::shards() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::uint32_t>(segments_.size());
}

}  // namespace sluice::detail
