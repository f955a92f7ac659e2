// The syncer: from the files to the disk.
#include "sluice/base/clock.hpp"

#include "journal/journal_impl.hpp"

namespace sluice::detail {

void JournalImpl::sync_until_stopped() {
  while (commits_.await_work(options_.sync_every)) {
    (void)sync_all();  // `trouble` says what came of it
    commits_.synced();
  }
}

Result<void> JournalImpl::sync_all() {
  const std::lock_guard one(sync_mutex_);
  if (is_poisoned()) return *trouble_of_sync();
  auto synced = sync_what_is_new();
  const std::lock_guard lock(mutex_);
  if (synced) {
    sync_trouble_.reset();
  } else {
    sync_trouble_ = synced.error();
  }
  return synced;
}

/// Has the disk keep what is journaled now: the topics first, then the records that name them, then the
/// record that says so. A record before it says that this was begun, so that a run that finds that one knows
/// not to trust the files.
Result<void> JournalImpl::sync_what_is_new() {
  const std::int64_t began_ns = monotonic_ns();
  auto synced = sync_up_to_now();
  // Relaxed: a time, which orders nothing.
  if (synced) synced_at_ns_.store(began_ns, std::memory_order_relaxed);
  return synced;
}

Result<void> JournalImpl::sync_up_to_now() {
  SyncedPositions now;
  for (std::uint32_t shard = 0; shard < shards_.size(); ++shard) {
    now.positions.push_back(journaled_position(shard));
  }
  now.control_log = file_name(control_->path());
  now.control_bytes = control_->written();
  if (now == synced_->latest()) return {};
  SyncedPositions begun = synced_->latest();
  begun.sync_begun = true;
  if (begun != synced_->latest()) {
    if (auto done = synced_->write(begun); !done) return done;
  }
  if (auto done = sync_files(now.positions); !done) return poisoned_by(done.error());
  if (auto done = synced_->write(now); !done) return done;
  for (std::uint32_t shard = 0; shard < shards_.size(); ++shard) {
    // SYNC durable: the records below outlive the machine.
    shards_[shard]->durable.store(now.positions[shard], std::memory_order_release);
    positions_->store_durable(shard, now.positions[shard]);
  }
  return {};
}

Result<void> JournalImpl::sync_files(const std::vector<std::uint64_t>& positions) {
  if (auto done = control_->sync(); !done) return done;
  for (std::uint32_t shard = 0; shard < shards_.size(); ++shard) {
    const std::uint64_t durable = durable_position(shard);
    if (positions[shard] == durable) continue;
    for (const auto& segment : catalogue_->segments(shard)) {
      const SegmentEntry& entry = segment->entry;
      if (entry.begin + entry.bytes <= durable || entry.begin >= positions[shard]) continue;
      if (auto done = segment->file->sync(); !done) return done;
    }
  }
  return {};
}

/// The system now counts what that sync was to write as written, and nothing says what of it is. So nothing
/// that is not durable yet becomes so in this run.
Error JournalImpl::poisoned_by(Error failure) {
  failure.message +=
      "; what was published since the last sync is kept if the process ends, but perhaps not if the power "
      "goes, "
      "and nothing more is called durable: close the bus and open it again, which writes all of that anew";
  // SYNC poisoned: nothing but the flag; who waits for a sync stops waiting.
  poisoned_.store(true, std::memory_order_release);
  return failure;
}

bool JournalImpl::is_poisoned() const noexcept {
  return poisoned_.load(std::memory_order_acquire);  // SYNC poisoned: see poisoned_by
}

std::chrono::nanoseconds JournalImpl::unsynced_age() const noexcept {
  for (std::uint32_t shard = 0; shard < shards_.size(); ++shard) {
    if (durable_position(shard) >= journaled_position(shard)) continue;
    // Relaxed: a sync that ends at this moment makes it younger than we say.
    return std::chrono::nanoseconds(monotonic_ns() - synced_at_ns_.load(std::memory_order_relaxed));
  }
  return std::chrono::nanoseconds(0);
}

/// Whether events have waited too long to become durable: then it is as if the disk were full.
std::optional<Error> JournalImpl::sync_is_late() const {
  if (!options_.sync_every) return {};
  const auto limit = options_.most_unsynced_age.value_or(2 * *options_.sync_every);
  const auto age = unsynced_age();
  if (age <= limit) return {};
  if (auto trouble = trouble_of_sync()) return trouble;
  return Error{ErrorCode::durability_unknown,
               "the oldest event that is in no sync of " + options_.directory + " is " +
                   std::to_string(age / std::chrono::milliseconds(1)) + " ms old, and the limit is " +
                   std::to_string(limit / std::chrono::milliseconds(1)) +
                   " ms: the disk is slower than JournalOptions::sync_every asks for; set it or "
                   "most_unsynced_age higher"};
}

std::optional<Error> JournalImpl::trouble_of_sync() const {
  const std::lock_guard lock(mutex_);
  return sync_trouble_;
}

}  // namespace sluice::detail
