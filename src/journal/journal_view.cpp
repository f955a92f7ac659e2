#include "journal/journal_view.hpp"

#include <algorithm>

#include "journal/control_file.hpp"

namespace sluice::detail {

namespace {

constexpr const char* kLockName = "LOCK";
constexpr const char* kSyncedName = "SYNCED";
/// How often a view is taken anew when another run began while it was taken. Runs are not begun that fast.
constexpr int kTries = 20;
/// As many topics as any bus may have.
constexpr std::uint32_t kMostTopics = 1U << 24;

Error no_journal(const std::string& directory, const std::string& what) {
  return {ErrorCode::invalid_option, directory + what};
}

}  // namespace

Result<std::unique_ptr<JournalView>> JournalView::open(FileSystem& files, std::string directory) {
  std::unique_ptr<JournalView> view(new JournalView(files, std::move(directory)));
  for (int i = 0; i < kTries; ++i) {
    auto done = view->look();
    if (!done) return std::move(done).error();
    if (*done) return view;
  }
  return Error{ErrorCode::busy, view->directory_ + ": a new run began each of the " + std::to_string(kTries) +
                                    " times that this was read; try again"};
}

Result<Manifest> JournalView::load() const {
  auto manifest = load_manifest(*files_, directory_);
  if (!manifest) return std::move(manifest).error();
  if (*manifest) return **std::move(manifest);
  const auto there = files_->exists(directory_);
  if (!there) return there.error();
  if (!*there) return no_journal(directory_, ": there is no such directory; correct the path");
  const auto names = files_->list(directory_);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!name.ends_with(".segment")) continue;
    return Error{ErrorCode::corrupt, path("MANIFEST") + " is missing, and there are segments (" + name +
                                         "): put back the manifest that belongs to them"};
  }
  return no_journal(directory_, " holds no journal: there is no MANIFEST in it; name a journal's directory");
}

/// False when another run began meanwhile, so that the parts may not belong together.
Result<bool> JournalView::look() {
  const auto before = load();
  if (!before) return before.error();
  // What says how far the log goes comes first: whatever lies below is listed by a manifest, and its topics
  // are in a control log, that is read later. And of that, what is synced before what is journaled.
  read_synced(before->journal);
  std::string ignored;
  auto positions = ControlFile::open(*files_, directory_, before->journal, before->epoch, ignored);
  if (!positions) return std::move(positions).error();
  std::vector<Reached> reached;
  for (std::uint32_t shard = 0; *positions != nullptr && shard < (*positions)->shards(); ++shard) {
    const std::uint64_t durable = (*positions)->durable(shard);
    reached.push_back({.durable = durable, .journaled = (*positions)->journaled(shard)});
  }
  holder_ = find_lock_holder(path(kLockName));
  auto manifest = load();
  if (!manifest) return std::move(manifest).error();
  manifest_ = *std::move(manifest);
  state_ = manifest_.closed ? JournalState::closed : holder_ ? JournalState::open : JournalState::not_closed;
  if (state_ == JournalState::closed) holder_.reset();
  read_control();
  const auto after = load();
  if (!after) return after.error();
  if (after->epoch != before->epoch || after->control_log != manifest_.control_log) return false;
  restore_topics();
  lay_out(reached);
  return true;
}

/// A file that every journal has and that is not there is damage, and no wrong path.
Error JournalView::fault_of(const std::string& name, Error error) const {
  const auto there = files_->exists(path(name));
  if (!there || *there) return error;
  return {ErrorCode::corrupt, path(name) + " is missing: restore it"};
}

void JournalView::read_synced(const EventId& journal) {
  synced_fault_.reset();
  synced_ = {};
  auto synced = SyncedRecord::open(*files_, path(kSyncedName), journal, OpenMode::read_only);
  if (synced) {
    synced_ = (*synced)->latest();
  } else {
    synced_fault_ = fault_of(kSyncedName, std::move(synced).error());
  }
}

void JournalView::read_control() {
  control_fault_.reset();
  control_ = {};
  const std::uint64_t bytes = synced_.control_log == manifest_.control_log ? synced_.control_bytes : 0;
  auto control = ControlLog::read(*files_, path(manifest_.control_log), manifest_.journal, bytes);
  if (control) {
    control_ = *std::move(control);
  } else {
    control_fault_ = fault_of(manifest_.control_log, std::move(control).error());
  }
}

void JournalView::restore_topics() {
  topics_ = std::make_unique<TopicTable>(TopicTableOptions{.max_topics = kMostTopics}, ShardMap(1, {}));
  for (const TopicDefinition& topic : control_.state.topics) {
    if (auto restored = topics_->restore(topic.name, topic.id, topic.shard); !restored) {
      control_fault_ = std::move(restored).error();
      return;
    }
  }
}

void JournalView::lay_out(const std::vector<Reached>& reached) {
  shards_.clear();
  std::size_t shards = std::max(synced_.positions.size(), reached.size());
  if (!manifest_.segments.empty()) {
    shards = std::max(shards, std::size_t{manifest_.segments.back().shard} + 1);
  }
  shards_.resize(shards);
  for (const SegmentEntry& entry : manifest_.segments) shards_[entry.shard].segments.push_back(entry);
  for (std::uint32_t number = 0; number < shards; ++number) {
    ShardView& shard = shards_[number];
    if (number < synced_.positions.size()) shard.durable = synced_.positions[number];
    shard.whole = shard.durable;
    if (number < reached.size() && !manifest_.closed) {
      shard.whole = std::max(shard.whole, reached[number].journaled);
      shard.durable = std::max(shard.durable, reached[number].durable);
      if (state_ == JournalState::open) shard.end = reached[number].journaled;
    }
    if (shard.segments.empty()) {
      shard.oldest = shard.whole;
      shard.end = shard.whole;
      continue;
    }
    shard.oldest = shard.segments.front().begin;
    if (manifest_.closed) {
      shard.end = shard.segments.back().end;
      shard.whole = std::max(shard.whole, shard.end.value_or(0));
    }
  }
}

Result<bool> JournalView::still_lists(const SegmentEntry& segment) const {
  const auto now = load();
  if (!now) return now.error();
  return std::any_of(now->segments.begin(), now->segments.end(),
                     [&](const SegmentEntry& entry) { return segment_name(entry) == segment_name(segment); });
}

}  // namespace sluice::detail
