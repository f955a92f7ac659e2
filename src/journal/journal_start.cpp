// How a journal is opened: what is there is recovered, and a run of its own begins behind it.
#include <algorithm>

#include "sluice/base/clock.hpp"
#include "sluice/base/thread.hpp"

#include "journal/file_size_signal.hpp"
#include "journal/journal_impl.hpp"
#include "journal/options.hpp"
#include "journal/recovery.hpp"

namespace sluice::detail {

namespace {

constexpr const char* kLockName = "LOCK";
constexpr const char* kSyncedName = "SYNCED";
/// As many topics as any bus may have.
constexpr std::uint32_t kMostTopics = 1U << 24;

EventId random_id() {
  EventId::Bytes bytes;
  for (std::size_t i = 0; i < bytes.size(); i += 8) {
    const std::uint64_t bits = platform::random_bits64();
    std::memcpy(bytes.data() + i, &bits, sizeof bits);
  }
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);  // a random UUID: version 4
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  return EventId::from_bytes(bytes);
}

}  // namespace

Result<StartState> JournalImpl::start(const StartRequest& request) {
  if (stage_ != Stage::idle) {
    if (auto home = check_home(); !home) return std::move(home).error();
    return Error{ErrorCode::persistence_failed,
                 "the journal " + options_.directory +
                     " serves a bus that is still open: close that first, or make another with journal()"};
  }
  home_ = {};
  const NoFileSizeSignal no_signal;
  if (auto valid = validate(options_); !valid) return std::move(valid).error();
  if (auto opened = open_directory(); !opened) return std::move(opened).error();
  auto started = recover_and_begin(request);
  if (!started) lock_.reset();
  return started;
}

Result<StartState> JournalImpl::recover_and_begin(const StartRequest& request) {
  recovery_ = {};
  clock_ = request.clock;
  auto found = load_manifest(*files_, options_.directory);
  if (!found) return std::move(found).error();
  const bool is_new = !*found;
  if (is_new) {
    auto made = make_new();
    if (!made) return std::move(made).error();
    *found = *std::move(made);
  }

  const Manifest manifest = **std::move(found);
  SyncedPositions synced;
  auto control = read_control(manifest, synced);
  if (!control) return std::move(control).error();
  topics_ = std::make_unique<TopicTable>(TopicTableOptions{.max_topics = kMostTopics}, ShardMap(1, {}));
  if (auto restored = restore_topics(*control); !restored) return std::move(restored).error();
  catalogue_ = std::make_unique<Catalogue>(
      *files_, options_.directory, *topics_, manifest,
      SegmentSizes{options_.first_segment_bytes, options_.most_segment_bytes}, clock_);
  if (auto opened = catalogue_->open_segments(); !opened) return std::move(opened).error();
  if (auto removed = catalogue_->remove_leftovers(); !removed) return std::move(removed).error();

  Recovery recovery(*files_, *catalogue_, *synced_);
  if (auto recovered = recovery.run(); !recovered) return std::move(recovered).error();
  const std::vector<std::uint64_t> ends = recovery.ends();
  recovery_ = std::move(recovery.report());
  recovery_.is_new = is_new;
  // What was lost is lost for its readers too: they go on with what follows.
  for (auto& [reader, cursor] : control->cursors) {
    const std::uint64_t end = reader.second < ends.size() ? ends[reader.second] : 0;
    if (!recovery_.was_closed) cursor.position = std::min(cursor.position, end);
  }
  StartState state{.positions = ends, .topics = control->topics};
  if (auto begun = begin_run(request, *std::move(control)); !begun) return std::move(begun).error();
  state.epoch = catalogue_->manifest().epoch;
  stage_ = Stage::started;
  return state;
}

Result<void> JournalImpl::open_directory() {
  if (auto made = files_->make_directory(options_.directory); !made) return made;
  if (!options_.allow_network_file_system) {
    auto kind = files_->network_kind(options_.directory);
    if (!kind) return std::move(kind).error();
    if (!kind->empty()) {
      return Error{ErrorCode::invalid_option,
                   options_.directory + " lies on a network file system (" + *kind +
                       "), whose locks and syncs may promise more than they keep: use a local disk, or set "
                       "JournalOptions::allow_network_file_system"};
    }
  }
  if (lock_ != nullptr) return {};
  auto lock = files_->lock(path(kLockName));
  if (!lock) return std::move(lock).error();
  lock_ = *std::move(lock);
  return {};
}

/// A journal without a record. The manifest comes last: what was made before it, and is not in it, is made
/// anew the next time.
Result<Manifest> JournalImpl::make_new() {
  const auto names = files_->list(options_.directory);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!name.ends_with(".segment")) continue;
    return Error{ErrorCode::corrupt, options_.directory + " has segments (" + name +
                                         ") and no MANIFEST that lists them: put it back, or name another "
                                         "directory"};
  }
  Manifest manifest;
  manifest.journal = random_id();
  manifest.closed = true;
  manifest.control_log = control_name(0);
  const auto control_path = path(manifest.control_log);
  // Of a journal that was never finished.
  if (auto removed = files_->remove(control_path); !removed) return std::move(removed).error();
  auto control = ControlLog::create(*files_, control_path, manifest.journal, {});
  if (!control) return std::move(control).error();
  auto synced =
      SyncedRecord::create(*files_, path(kSyncedName), manifest.journal,
                           {.control_log = manifest.control_log, .control_bytes = (*control)->written()});
  if (!synced) return std::move(synced).error();
  // The directory itself may be new.
  if (auto listed = files_->sync_directory(path("..")); !listed) return std::move(listed).error();
  if (auto stored = store_manifest(*files_, options_.directory, manifest); !stored) {
    return std::move(stored).error();
  }
  return manifest;
}

Result<ControlState> JournalImpl::read_control(const Manifest& manifest, SyncedPositions& synced) {
  auto record = SyncedRecord::open(*files_, path(kSyncedName), manifest.journal, OpenMode::read_write);
  if (!record) return std::move(record).error();
  synced_ = *std::move(record);
  synced = synced_->latest();
  const std::uint64_t control_bytes = synced.control_log == manifest.control_log ? synced.control_bytes : 0;
  auto opened = ControlLog::read(*files_, path(manifest.control_log), manifest.journal, control_bytes);
  if (!opened) return std::move(opened).error();
  return std::move(opened->state);
}

Result<void> JournalImpl::restore_topics(const ControlState& control) {
  for (const TopicDefinition& topic : control.topics) {
    if (auto restored = topics_->restore(topic.name, topic.id, topic.shard); !restored) {
      return std::move(restored).error();
    }
  }
  return {};
}

/// A new epoch, control log and ring, in this order: the manifest that names them comes when all are there,
/// and what it no longer names goes after it.
Result<void> JournalImpl::begin_run(const StartRequest& request, ControlState control) {
  const Manifest before = catalogue_->manifest();
  const std::uint64_t epoch = platform::random_bits64();
  const std::string control_log = control_name(before.generation + 1);
  if (auto removed = files_->remove(path(control_log)); !removed) return removed;  // of a run that never was
  auto created = ControlLog::create(*files_, path(control_log), before.journal, control);
  if (!created) return std::move(created).error();
  control_ = *std::move(created);
  SyncedPositions positions{.control_log = control_log, .control_bytes = control_->written()};
  for (const ShardRecovery& shard : recovery_.shards) positions.positions.push_back(shard.position);
  // All of this run's, so that the next one knows how many there were: each may have lost its tail.
  if (positions.positions.size() < request.shards.size()) positions.positions.resize(request.shards.size());
  std::vector<std::uint64_t> begins = positions.positions;
  begins.resize(std::max(begins.size(), request.shards.size()));
  auto control_file = ControlFile::create(*files_, options_.directory, before.journal, epoch, begins);
  if (!control_file) return std::move(control_file).error();
  positions_ = *std::move(control_file);
  std::string ring_path;
  if (!options_.ring_directory.empty()) {
    auto ring = RingFile::create(*files_, options_.ring_directory, before.journal, epoch, request.shards);
    if (!ring) return std::move(ring).error();
    ring_ = *std::move(ring);
    ring_path = ring_->path();
  }
  const auto& found = recovery_.shards;
  for (const ShardRecovery& shard : found) {
    const auto segments = catalogue_->segments(shard.shard);
    // One without a record makes way for the new run's, which may begin at the same place.
    if (!segments.empty() && segments.back()->entry.begin == shard.position) {
      catalogue_->cut(shard.shard, shard.position);
    }
  }
  // The manifest must not name what a loss of power can take.
  auto stored = files_->sync_directory(options_.directory);
  const auto begin = [&](Manifest& manifest) {
    for (const ShardRecovery& shard : found) {
      if (shard.tail_unknown) {
        manifest.tails_unknown.push_back({shard.shard, *shard.tail_unknown, before.epoch});
      }
    }
    for (SegmentEntry& entry : manifest.segments) {
      if (!entry.end) entry.end = found[entry.shard].position;
    }
    manifest.epoch = epoch;
    manifest.control_log = control_log;
    manifest.ring_file = ring_path;
    manifest.closed = false;
  };
  if (stored) stored = catalogue_->change(begin);
  if (!stored) {
    if (ring_ != nullptr) (void)files_->remove(ring_path);
    ring_.reset();
    return stored;
  }
  // Only now: until the manifest names the new control log, the old record vouches for the old one.
  auto record = SyncedRecord::create(*files_, path(kSyncedName), before.journal, positions);
  if (!record) return std::move(record).error();
  synced_ = *std::move(record);
  if (!before.ring_file.empty()) (void)files_->remove(before.ring_file);
  remove_others(options_.directory, "control-", control_log);
  if (ring_ != nullptr) remove_others(options_.ring_directory, ring_prefix(before.journal), ring_path);

  shards_.clear();
  for (std::size_t shard = 0; shard < std::max(found.size(), request.shards.size()); ++shard) {
    auto state = std::make_unique<ShardState>();
    const std::uint64_t position = shard < found.size() ? found[shard].position : 0;
    if (shard < request.shards.size()) state->ring_bytes = request.shards[shard].capacity_bytes;
    // Relaxed: the threads that read them start later.
    state->journaled.store(position, std::memory_order_relaxed);
    state->durable.store(position, std::memory_order_relaxed);
    shards_.push_back(std::move(state));
  }
  cursors_ = std::move(control.cursors);
  next_control_.reset();
  limit_control();
  trouble_.reset();
  sync_trouble_.reset();
  retain_trouble_.reset();
  synced_at_ns_.store(monotonic_ns(), std::memory_order_relaxed);  // nor here: the recovery synced all of it
  poisoned_.store(false, std::memory_order_relaxed);               // no thread of this run is there yet
  return {};
}

/// What runs that never began left behind. Whatever can't be removed takes space, and no more.
void JournalImpl::remove_others(const std::string& directory, std::string_view prefix, std::string_view but) {
  const auto names = files_->list(directory);
  if (!names) return;
  for (const std::string& name : *names) {
    if (name.starts_with(prefix) && !but.ends_with(name)) (void)files_->remove(join_path(directory, name));
  }
}

}  // namespace sluice::detail
