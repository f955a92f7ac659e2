#include "bus/memory_persistence.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>

#include "sluice/base/clock.hpp"
#include "sluice/base/platform.hpp"

#include "bus/backstop.hpp"
#include "bus/history.hpp"

namespace sluice {

namespace detail {

namespace {

/// How much is copied before its space in the ring is let go, and how large a chunk is unless one record
/// needs more.
constexpr std::size_t kChunkBytes = 64 * 1024;
/// As many topics as any bus may have.
constexpr std::uint32_t kMostTopics = 1U << 24;
/// The least that `stop` waits behind an open claim, counted from the last record that came: a publish that
/// is under way while the bus is closed is only interrupted.
constexpr std::chrono::nanoseconds kLeastPatience = std::chrono::milliseconds(100);

log::CommitWord word_at(const std::byte* record) noexcept {
  std::uint64_t bits;
  std::memcpy(&bits, record, sizeof bits);
  return log::CommitWord(bits);
}

}  // namespace

MemoryPersistence::MemoryPersistence() : topics_({.max_topics = kMostTopics}, ShardMap(1, {})) {}

MemoryPersistence::~MemoryPersistence() {
  stop(std::chrono::nanoseconds(0));
}

Result<StartState> MemoryPersistence::start(const StartRequest& request) {
  if (follower_.joinable()) {
    return Error{ErrorCode::persistence_failed,
                 "this memory persistence serves a bus that is still open: close that first, or make another "
                 "with memory_persistence()"};
  }
  StartState state;
  const std::lock_guard lock(mutex_);
  clock_ = request.clock;
  const auto is_used = [this](std::uint64_t epoch) {
    return std::any_of(contexts_.begin(), contexts_.end(),
                       [epoch](const ShardContext& context) { return context.epoch == epoch; });
  };
  do state.epoch = platform::random_bits64();
  while (is_used(state.epoch));

  shards_.resize(std::max(shards_.size(), request.shards.size()));
  current_.clear();
  for (std::uint32_t shard = 0; shard < shards_.size(); ++shard) {
    state.positions.push_back(shards_[shard].end);
    current_.push_back(&contexts_.emplace_back(ShardContext{state.epoch, shard, &topics_}));
  }
  for (std::uint32_t id = 0; id < topics_.size(); ++id) {
    const Topic& topic = *topics_.by_id(id);
    state.topics.push_back({std::string(topic.name()), topic.id(), topic.shard()});
  }
  return state;
}

Result<std::span<std::byte>> MemoryPersistence::ring_memory(std::uint32_t, std::size_t) {
  return std::span<std::byte>();
}

Result<void> MemoryPersistence::define_topic(const TopicDefinition& topic) {
  if (auto kept = topics_.restore(topic.name, topic.id, topic.shard); !kept) return std::move(kept).error();
  return {};
}

void MemoryPersistence::run(Taps taps) {
  patience_ns_.store(kForever, std::memory_order_relaxed);  // the thread starts after it
  follower_ = std::thread([this, mine = std::move(taps)]() mutable {
    platform::name_this_thread("sluice.memory");
    follow(mine);
  });
}

void MemoryPersistence::stop(std::chrono::nanoseconds timeout) noexcept {
  if (!follower_.joinable()) return;
  // Relaxed: the closed bus has woken the thread, and its tails say the rest; a look later does for the flag.
  patience_ns_.store(std::max(timeout, kLeastPatience).count(), std::memory_order_relaxed);
  follower_.join();
}

void MemoryPersistence::follow(Taps& taps) {
  std::int64_t last_move_ns = monotonic_ns();
  for (;;) {
    bool moved = false;
    bool ended = true;
    for (Tap& tap : taps.shards()) {
      moved = keep(tap) || moved;
      ended = tap.at_end() && ended;
    }
    if (ended) return;
    // Relaxed: it stands for itself, and takes effect a look later at worst.
    const std::int64_t patience_ns = patience_ns_.load(std::memory_order_relaxed);
    if (moved || patience_ns == kForever) last_move_ns = monotonic_ns();
    if (monotonic_ns() - last_move_ns > patience_ns) return;  // a claim that was forgotten open
    if (!moved) taps.wait(std::min<std::chrono::nanoseconds>(kBackstop, kLeastPatience));
  }
}

/// Copies what is there; false when nothing is, or when there was no memory for it: then producers are held
/// back, and the next look tries again.
bool MemoryPersistence::keep(Tap& tap) {
  const std::span<const std::byte> records = tap.committed(kChunkBytes);
  if (records.empty()) return false;
  try {
    Chunk& chunk = chunk_for(tap, records.size());
    std::memcpy(chunk.bytes.get() + chunk.used, records.data(), records.size());
    const std::lock_guard lock(mutex_);
    chunk.used += records.size();
    shards_[tap.shard()].end = chunk.end();
  } catch (const std::bad_alloc&) {
    return false;
  }
  tap.release(records.size());
  return true;
}

MemoryPersistence::Chunk& MemoryPersistence::chunk_for(const Tap& tap, std::size_t bytes) {
  std::shared_ptr<Chunk> fresh;
  const std::lock_guard lock(mutex_);
  auto& chunks = shards_[tap.shard()].chunks;
  const ShardContext* context = current_[tap.shard()];
  if (!chunks.empty() && chunks.back()->context == context &&
      chunks.back()->used + bytes <= chunks.back()->capacity) {
    return *chunks.back();
  }
  const std::size_t capacity = std::max(bytes, kChunkBytes);
  fresh = std::make_shared<Chunk>(
      Chunk{context, tap.position(), capacity, std::make_unique_for_overwrite<std::byte[]>(capacity)});
  chunks.push_back(fresh);
  return *fresh;
}

/// The chunk in which `position`, which is below the end, lies.
MemoryPersistence::Piece MemoryPersistence::piece_at(std::uint32_t shard, std::uint64_t position) const {
  const std::lock_guard lock(mutex_);
  const auto& chunks = shards_[shard].chunks;
  const auto found = std::partition_point(chunks.begin(), chunks.end(),
                                          [position](const auto& chunk) { return chunk->end() <= position; });
  return {*found, (*found)->used};
}

Result<std::uint64_t> MemoryPersistence::end_for_reading(std::uint32_t shard, std::uint64_t from) const {
  const std::lock_guard lock(mutex_);
  if (shard >= shards_.size()) return unknown_shard(shard, shards_.size());
  if (from >= shards_[shard].oldest) return shards_[shard].end;
  return gap(shard, from, shards_[shard].oldest);
}

Result<std::uint64_t> MemoryPersistence::read(std::uint32_t shard, std::uint64_t from,
                                              const std::function<bool(const EventView&)>& visit) {
  // The end as it is now: a reader that is slower than the publishers comes back all the same.
  const auto end = end_for_reading(shard, from);
  if (!end) return end;
  const std::int64_t now_ns = now();
  std::uint64_t next = from;
  while (next < *end) {
    const Piece piece = piece_at(shard, next);
    const Chunk& chunk = *piece.chunk;
    if (chunk.begin > next) return gap(shard, next, chunk.begin);  // forgotten while we read
    for (std::size_t offset = 0; offset < piece.used;) {
      const std::byte* record = chunk.bytes.get() + offset;
      const log::CommitWord word = word_at(record);
      const std::uint64_t position = chunk.begin + offset;
      offset += word.stride();
      if (position < next) continue;
      next = chunk.begin + offset;
      if (!word.is_data()) continue;
      const EventView event(*chunk.context, record, word, position);
      if (!is_expired(event, now_ns) && !visit(event)) return next;
    }
    next = std::max(next, chunk.begin + piece.used);  // `from` may lie inside the chunk's last record
  }
  return next;
}

std::uint64_t MemoryPersistence::journaled_position(std::uint32_t shard) const noexcept {
  const std::lock_guard lock(mutex_);
  return shard < shards_.size() ? shards_[shard].end : 0;
}

std::uint64_t MemoryPersistence::durable_position(std::uint32_t) const noexcept {
  return 0;
}

Result<std::optional<std::uint64_t>> MemoryPersistence::load_cursor(std::string_view name,
                                                                    std::uint32_t shard) {
  const std::lock_guard lock(mutex_);
  const auto found = cursors_.find({std::string(name), shard});
  if (found == cursors_.end()) return std::optional<std::uint64_t>();
  return std::optional(found->second.position);
}

Result<void> MemoryPersistence::store_cursor(std::string_view name, std::uint32_t shard,
                                             std::uint64_t position, CursorRetention retention) {
  if (name.empty()) return Error{ErrorCode::invalid_option, "a cursor's name is empty: give it one"};
  const std::lock_guard lock(mutex_);
  if (shard >= shards_.size()) return unknown_shard(shard, shards_.size());
  cursors_[{std::string(name), shard}] = {position, retention};
  return {};
}

Result<void> MemoryPersistence::remove_cursor(std::string_view name, std::uint32_t shard) {
  const std::lock_guard lock(mutex_);
  cursors_.erase({std::string(name), shard});
  return {};
}

std::int64_t MemoryPersistence::now() const {
  const std::lock_guard lock(mutex_);
  return now_by(clock_.get());
}

void MemoryPersistence::forget_below(std::uint32_t shard, std::uint64_t position) {
  const std::lock_guard lock(mutex_);
  if (shard >= shards_.size()) return;
  Shard& log = shards_[shard];
  std::uint64_t up_to = std::min(position, log.end);
  for (const auto& [key, cursor] : cursors_) {
    if (key.second == shard && cursor.retention == CursorRetention::hold) {
      up_to = std::min(up_to, cursor.position);
    }
  }
  // The follower may be writing into the last chunk, whatever is in it.
  while (log.chunks.size() > 1 && log.chunks.front()->end() <= up_to) log.chunks.erase(log.chunks.begin());
  if (log.chunks.empty() || up_to <= log.oldest) return;
  const Chunk& chunk = *log.chunks.front();
  std::size_t offset = 0;
  while (offset < chunk.used) {
    const std::uint64_t stride = word_at(chunk.bytes.get() + offset).stride();
    if (chunk.begin + offset + stride > up_to) break;
    offset += stride;
  }
  log.oldest = std::max(log.oldest, chunk.begin + offset);
}

}  // namespace detail

Result<void> Persistence::sync(std::uint32_t, std::uint64_t, std::chrono::nanoseconds) {
  return Error{ErrorCode::unsupported, "this persistence can't sync: use a journal"};
}

std::shared_ptr<Persistence> memory_persistence() {
  return std::make_shared<detail::MemoryPersistence>();
}

}  // namespace sluice
