#include "journal/catalogue.hpp"

#include <algorithm>
#include <set>

#include "sluice/base/thread.hpp"

namespace sluice::detail {

Catalogue::Catalogue(FileSystem& files, std::string directory, const TopicTable& topics, Manifest manifest,
                     SegmentSizes sizes)
    : files_(&files),
      directory_(std::move(directory)),
      topics_(&topics),
      sizes_(sizes),
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
  const auto names = files_->list(directory_);
  if (!names) return names.error();
  std::set<std::string> listed;
  for (const SegmentEntry& entry : manifest().segments) listed.insert(segment_name(entry));
  for (const std::string& name : *names) {
    if (!name.ends_with(".segment") || listed.contains(name)) continue;
    const std::string path = join_path(directory_, name);
    auto file = files_->open(path, OpenMode::read_only);
    if (!file) return std::move(file).error();
    std::uint64_t word = 0;
    auto read = (*file)->read_at(kSegmentHeaderBytes, std::as_writable_bytes(std::span(&word, 1)));
    if (!read) return std::move(read).error();
    if (word != 0) {
      return Error{ErrorCode::corrupt,
                   path +
                       " holds records, and the manifest does not list it: put back the manifest that "
                       "belongs to it, or move the file away"};
    }
    if (auto removed = files_->remove(path); !removed) return removed;
  }
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
  auto stored = store_manifest(*files_, directory_, next);
  manifest_.generation = next.generation;  // what may be on disk is not said twice
  if (!stored) return stored;
  manifest_ = std::move(next);
  // What stays because of an error is found and removed when the journal is opened next.
  for (const std::string& path : obsolete_) (void)files_->remove(path);
  obsolete_.clear();
  return {};
}

Result<std::shared_ptr<Segment>> Catalogue::begin_segment(std::uint32_t shard, std::uint64_t begin,
                                                          std::uint64_t least_bytes) {
  const std::lock_guard lock(mutex_);
  if (shard >= segments_.size()) segments_.resize(shard + 1);
  auto& mine = segments_[shard];
  const std::uint64_t usual =
      mine.empty() ? sizes_.first_bytes
                   : std::clamp(2 * mine.back()->entry.bytes, sizes_.first_bytes, sizes_.most_bytes);
  const SegmentEntry entry{.shard = shard,
                           .begin = begin,
                           .bytes = std::max(usual, least_bytes),
                           .epoch = manifest_.epoch,
                           .salt = platform::random_bits64()};
  auto segment = Segment::create(*files_, directory_, entry, manifest_.journal, *topics_);
  if (!segment) return segment;
  Manifest next = manifest_;
  auto at = next.segments.begin();
  while (at != next.segments.end() && at->shard <= shard) {
    if (at->shard == shard && !at->end) at->end = begin;
    ++at;
  }
  next.segments.insert(at, entry);
  // On an error the file stays: the manifest on disk may list it all the same, and if not, it is a leftover.
  if (auto listed = files_->sync_directory(directory_); !listed) return std::move(listed).error();
  if (auto listed = store(next); !listed) return std::move(listed).error();
  mine.push_back(*segment);
  return segment;
}

void Catalogue::cut(std::uint32_t shard, std::uint64_t position) {
  const std::lock_guard lock(mutex_);
  if (shard >= segments_.size()) return;
  auto& mine = segments_[shard];
  while (!mine.empty() && mine.back()->entry.begin >= position) {
    obsolete_.push_back(mine.back()->file->path());
    mine.pop_back();
  }
  std::erase_if(manifest_.segments,
                [&](const SegmentEntry& entry) { return entry.shard == shard && entry.begin >= position; });
  for (SegmentEntry& entry : manifest_.segments) {
    if (entry.shard == shard && entry.end.value_or(position) >= position) entry.end = position;
  }
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
