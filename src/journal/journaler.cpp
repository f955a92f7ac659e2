// The journaler: from the rings to the files.
#include <algorithm>

#include "sluice/base/clock.hpp"
#include "sluice/base/thread.hpp"

#include "journal/file_size_signal.hpp"
#include "journal/journal_impl.hpp"

namespace sluice::detail {

namespace {

/// How much is copied before its space in the ring is let go.
constexpr std::size_t kStagingBytes = 256 * 1024;
/// How long it rests behind a small write.
constexpr std::chrono::nanoseconds kMoment = std::chrono::microseconds(500);
/// How long to wait before a write that failed is tried again.
constexpr std::chrono::nanoseconds kRetry = std::chrono::milliseconds(10);
/// How often it is looked whether some of it is old enough to go.
constexpr std::chrono::nanoseconds kRetainEvery = std::chrono::seconds(1);
constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();
/// The least that `stop` waits behind an open claim, counted from the last record that came; and the longest
/// time between two looks whether it is called.
constexpr std::chrono::nanoseconds kLeastPatience = std::chrono::milliseconds(100);

/// Whether a write of so many bytes, up to where the tap is now, tells of a flow that leaves no time to rest.
/// One that ends where the ring does may be small for that reason alone.
bool is_much(std::uint64_t bytes, const Tap& tap, std::uint64_t ring_bytes) {
  return bytes >= std::min<std::uint64_t>(kStagingBytes, ring_bytes / 4) ||
         (bytes != 0 && tap.position() % ring_bytes == 0);
}

}  // namespace

void JournalImpl::run(Taps taps) {
  patience_ns_.store(kForever, std::memory_order_relaxed);  // the thread starts after it
  drained_ = false;
  stage_ = Stage::running;
  journaler_ = std::thread([this, mine = std::move(taps)]() mutable {
    platform::name_this_thread("sluice.journal");
    block_file_size_signal();
    follow(mine);
  });
  if (has_limits()) {
    retaining_.start("sluice.retain", kRetainEvery, [this] {
      block_file_size_signal();
      (void)retain();  // what fails is tried again, and `trouble` says so
    });
  }
  commits_.start();
  syncer_ = std::thread([this] {
    platform::name_this_thread("sluice.sync");
    block_file_size_signal();
    sync_until_stopped();
  });
}

void JournalImpl::stop(std::chrono::nanoseconds timeout) noexcept {
  if (stage_ == Stage::idle) return;
  if (!home_.is_here()) {
    // Of a child's own making are only these pictures of threads.
    platform::abandon(std::move(journaler_));
    retaining_.abandon();
    platform::abandon(std::move(syncer_));
    return;
  }
  const NoFileSizeSignal no_signal;
  // Relaxed: the closed bus has woken the thread, and its tails say the rest; a look later does for the flag.
  patience_ns_.store(std::max(timeout, kLeastPatience).count(), std::memory_order_relaxed);
  if (journaler_.joinable()) journaler_.join();
  retaining_.stop();
  commits_.stop();
  if (syncer_.joinable()) syncer_.join();
  // What could not be journaled stays in the ring's file, for the next run to bring in.
  bool all_kept = stage_ == Stage::started || drained_;
  for (const auto& shard : shards_) all_kept = all_kept && !shard->has_dropped;
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
      if (entry.end) continue;
      entry.end = journaled_position(entry.shard);
      if (const auto& writer = shards_[entry.shard]->writer) entry.events = writer->events();
    }
    manifest.closed = true;
    manifest.ring_file.clear();
  });
  if (changed && ring_ != nullptr) changed = files_->remove(ring_->path());
  return changed;
}

void JournalImpl::follow(Taps& taps) {
  std::int64_t last_move_ns = monotonic_ns();
  bool was_stuck = false;
  for (;;) {
    bool moved = false;
    bool ended = true;
    bool is_stuck = false;
    bool is_busy = false;
    for (Tap& tap : taps.shards()) {
      const std::uint64_t before = tap.position();
      moved = keep(tap) || moved;
      is_busy = is_busy || is_much(tap.position() - before, tap, shards_[tap.shard()]->ring_bytes);
      ended = tap.at_end() && ended;
      is_stuck = is_stuck || shards_[tap.shard()]->stuck_since_ns.has_value();
    }
    if (was_stuck && !is_stuck) all_is_well();
    was_stuck = is_stuck;
    if (ended) {
      drained_ = true;
      return;
    }
    // Relaxed: it stands for itself, and takes effect a look later at worst.
    const std::int64_t patience_ns = patience_ns_.load(std::memory_order_relaxed);
    if (moved || patience_ns == kForever) last_move_ns = monotonic_ns();
    if (monotonic_ns() - last_move_ns > patience_ns) return;  // a claim that was forgotten open, a full disk
    if (moved) {
      // Small writes are dear, and so is each look at the record that a publisher writes next: what comes
      // within a moment is written at once, unless somebody waits for it.
      if (!is_busy && patience_ns == kForever) commits_.rest(kMoment);
      continue;
    }
    if (is_stuck) {
      std::this_thread::sleep_for(kRetry);
    } else {
      taps.wait(kLeastPatience);
    }
  }
}

/// Copies what is there, and lets it go; false when nothing is, or when it could not be written: then
/// producers are held back when the ring is full, and the next look tries again.
bool JournalImpl::keep(Tap& tap) {
  const std::span<const std::byte> records = tap.committed(kStagingBytes);
  if (records.empty()) return false;
  ShardState& shard = *shards_[tap.shard()];
  const std::uint64_t began = tap.position();
  // Nothing was had a moment ago: a try for each batch would keep the thread from doing anything else.
  if (shard.has_dropped && monotonic_ns() < shard.try_again_at_ns) {
    tap.release(records.size());
    return true;
  }
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
    positions_->store_journaled(tap.shard(), end);
    tap.release(end - began);
    commits_.journaled();
  }
  if (kept) {
    shard.stuck_since_ns.reset();
    return true;
  }
  say(kept.error());
  if (!shard.stuck_since_ns) shard.stuck_since_ns = monotonic_ns();
  return end != began || give_up(shard, tap);
}

/// Lets what could not be kept go, if that is the policy and its time has come. The next segment begins where
/// journaling gets on again: what lies between is a gap that the manifest tells.
bool JournalImpl::give_up(ShardState& shard, Tap& tap) {
  if (options_.when_full != WhenFull::go_on) return false;
  const std::int64_t now_ns = monotonic_ns();
  if (!shard.has_dropped && now_ns - *shard.stuck_since_ns < options_.full_patience.count()) return false;
  shard.has_dropped = true;
  shard.try_again_at_ns = now_ns + kRetry.count();
  tap.release(tap.committed(kStagingBytes).size());
  return true;
}

Result<void> JournalImpl::append(ShardState& shard, Tap& tap, std::span<const std::byte> records) {
  if (options_.when_full == WhenFull::block) {
    if (auto late = sync_is_late()) return *std::move(late);
  }
  std::optional<SegmentWriter>& writer = shard.writer;
  if (writer) writer->forget_staged();
  for (std::size_t at = 0; at < records.size();) {
    const log::CommitWord word = load_word(records.data() + at);
    if (!writer || shard.has_dropped || writer->room() < writer->staged() + word.stride()) {
      if (writer) {
        if (auto written = writer->flush(); !written) return written;
      }
      const std::uint64_t begin = tap.position() + at;
      SegmentPlace place{
          .shard = tap.shard(), .begin = begin, .least_bytes = word.stride(), .before_ends = begin};
      if (writer) place.before_events = writer->events();
      if (writer && shard.has_dropped) place.before_ends = writer->position();
      if (auto room = make_room(catalogue_->next_segment_bytes(place)); !room) return room;
      auto segment = catalogue_->begin_segment(place);
      if (!segment) return std::move(segment).error();
      shard.has_dropped = false;
      writer.emplace(*std::move(segment), begin);
    }
    writer->add(records.data() + at, word);
    at += word.stride();
  }
  return writer->flush();
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
