// The journaler and the syncer: from the rings to the files, and from there to the disk.
#include <algorithm>
#include <csignal>

#include <pthread.h>

#include "sluice/base/clock.hpp"
#include "sluice/base/thread.hpp"

#include "journal/journal_impl.hpp"

namespace sluice::detail {

namespace {

/// How much is copied before its space in the ring is let go.
constexpr std::size_t kStagingBytes = 256 * 1024;
/// How long to wait before a write that failed is tried again.
constexpr std::chrono::nanoseconds kRetry = std::chrono::milliseconds(10);
constexpr std::chrono::nanoseconds kBackstop = std::chrono::milliseconds(100);
constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();
/// The least that `stop` waits behind an open claim, counted from the last record that came.
constexpr std::chrono::nanoseconds kLeastPatience = std::chrono::milliseconds(100);

/// A file size limit is an error of the write that meets it, and no signal to the program.
void block_file_size_signal() noexcept {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGXFSZ);
  (void)pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

void JournalImpl::run(Taps taps) {
  patience_ns_.store(kForever, std::memory_order_relaxed);  // the thread starts after it
  drained_ = false;
  stopping_ = false;
  stage_ = Stage::running;
  journaler_ = std::thread([this, mine = std::move(taps)]() mutable {
    platform::name_this_thread("sluice.journal");
    block_file_size_signal();
    follow(mine);
  });
  if (!options_.sync_every) return;
  syncer_ = std::thread([this] {
    platform::name_this_thread("sluice.sync");
    block_file_size_signal();
    sync_until_stopped();
  });
}

void JournalImpl::stop(std::chrono::nanoseconds timeout) noexcept {
  if (stage_ == Stage::idle) return;
  // Relaxed: the closed bus has woken the thread, and its tails say the rest; a look later does for the flag.
  patience_ns_.store(std::max(timeout, kLeastPatience).count(), std::memory_order_relaxed);
  if (journaler_.joinable()) journaler_.join();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stop_wanted_.notify_all();
  }
  if (syncer_.joinable()) syncer_.join();
  // What could not be journaled stays in the ring's file, for the next run to bring in.
  const bool all_kept = stage_ == Stage::started || drained_;
  auto closed = sync_all();
  if (closed && all_kept) closed = close_manifest();
  if (!closed) say(closed.error());
  lock_.reset();  // reading needs none
  stage_ = Stage::idle;
}

/// The run has ended in order: the ring has nothing that the segments have not.
Result<void> JournalImpl::close_manifest() {
  auto changed = catalogue_->change([this](Manifest& manifest) {
    for (SegmentEntry& entry : manifest.segments) {
      if (!entry.end) entry.end = journaled_position(entry.shard);
    }
    manifest.closed = true;
    manifest.ring_file.clear();
  });
  if (changed && ring_ != nullptr) changed = files_->remove(ring_->path());
  return changed;
}

void JournalImpl::follow(Taps& taps) {
  std::int64_t last_move_ns = monotonic_ns();
  for (;;) {
    bool moved = false;
    bool ended = true;
    for (Tap& tap : taps.shards()) {
      moved = keep(tap) || moved;
      ended = tap.at_end() && ended;
    }
    if (ended) {
      drained_ = true;
      return;
    }
    // Relaxed: it stands for itself, and takes effect a look later at worst.
    const std::int64_t patience_ns = patience_ns_.load(std::memory_order_relaxed);
    if (moved || patience_ns == kForever) last_move_ns = monotonic_ns();
    if (monotonic_ns() - last_move_ns > patience_ns) return;  // a claim that was forgotten open, a full disk
    if (moved) continue;
    if (trouble()) {
      std::this_thread::sleep_for(kRetry);
    } else {
      taps.wait(kBackstop);
    }
  }
}

/// Copies what is there; false when nothing is, or when it could not be written: then producers are held back
/// when the ring is full, and the next look tries again.
bool JournalImpl::keep(Tap& tap) {
  const std::span<const std::byte> records = tap.committed(kStagingBytes);
  if (records.empty()) return false;
  ShardState& shard = *shards_[tap.shard()];
  const std::uint64_t began = tap.position();
  Result<void> kept;
  try {
    kept = append(shard, tap, records);
  } catch (const std::bad_alloc&) {
    kept = Error{ErrorCode::out_of_memory, "no memory to copy records to the journal: free some"};
  }
  const std::uint64_t end = shard.writer ? std::max(shard.writer->position(), began) : began;
  if (end != began) {
    // SYNC journaled: the records below are in their files.
    shard.journaled.store(end, std::memory_order_release);
    tap.release(end - began);
  }
  if (!kept) {
    say(kept.error());
  } else {
    all_is_well();
  }
  return end != began;
}

Result<void> JournalImpl::append(ShardState& shard, Tap& tap, std::span<const std::byte> records) {
  std::optional<SegmentWriter>& writer = shard.writer;
  if (writer) writer->forget_staged();
  for (std::size_t at = 0; at < records.size();) {
    const log::CommitWord word = load_word(records.data() + at);
    if (!writer || writer->room() < writer->staged() + word.stride()) {
      if (writer) {
        if (auto written = writer->flush(); !written) return written;
      }
      auto segment = catalogue_->begin_segment(tap.shard(), tap.position() + at, word.stride());
      if (!segment) return std::move(segment).error();
      writer.emplace(*std::move(segment), tap.position() + at);
    }
    writer->add(records.data() + at, word);
    at += word.stride();
  }
  return writer->flush();
}

void JournalImpl::sync_until_stopped() {
  std::unique_lock lock(mutex_);
  while (!stop_wanted_.wait_for(lock, *options_.sync_every, [this] { return stopping_; })) {
    lock.unlock();
    if (auto synced = sync_all(); !synced) say(synced.error());
    lock.lock();
  }
}

/// Has the disk keep what is journaled now: the topics first, then the records that name them, then the
/// record that says so.
Result<void> JournalImpl::sync_all() {
  const std::lock_guard one(sync_mutex_);
  SyncedPositions now;
  for (std::uint32_t shard = 0; shard < shards_.size(); ++shard) {
    now.positions.push_back(journaled_position(shard));
  }
  const std::string& control_path = control_->path();
  now.control_log = control_path.substr(control_path.rfind('/') + 1);
  now.control_bytes = control_->written();
  if (auto done = control_->sync(); !done) return done;
  for (std::uint32_t shard = 0; shard < shards_.size(); ++shard) {
    const std::uint64_t durable = durable_position(shard);
    if (now.positions[shard] == durable) continue;
    for (const auto& segment : catalogue_->segments(shard)) {
      const SegmentEntry& entry = segment->entry;
      if (entry.begin + entry.bytes <= durable || entry.begin >= now.positions[shard]) continue;
      if (auto done = segment->file->sync(); !done) return done;
    }
  }
  if (now == synced_->latest()) return {};
  if (auto done = synced_->write(now); !done) return done;
  for (std::uint32_t shard = 0; shard < shards_.size(); ++shard) {
    // SYNC durable: the records below outlive the machine.
    shards_[shard]->durable.store(now.positions[shard], std::memory_order_release);
  }
  return {};
}

void JournalImpl::say(const Error& error) {
  const std::lock_guard lock(mutex_);
  trouble_ = error;
}

void JournalImpl::all_is_well() {
  const std::lock_guard lock(mutex_);
  trouble_.reset();
}

}  // namespace sluice::detail
