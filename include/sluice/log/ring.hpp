#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>

#include "sluice/log/gates.hpp"
#include "sluice/log/raiser.hpp"
#include "sluice/log/record.hpp"

namespace sluice::log {

/// Sizes of one ring. The bus validates its own, narrower ranges; these are what the algorithms need.
struct RingOptions {
  std::uint64_t capacity_bytes = 1u << 20;  ///< power of two, 64 bytes to 1 GiB
  Producers producers = Producers::multi;
  std::uint64_t start_position = 0;  ///< where the log goes on; a multiple of 32, at most 2^62
  std::uint64_t raise_chunk_bytes =
      0;  ///< how much one raise zeroes; 0: an eighth of the ring, 64 KiB at most
  std::uint64_t max_record_bytes = 0;  ///< 0: an eighth of the ring
  std::uint64_t max_batch_bytes = 0;   ///< 0: a quarter of the ring
};

enum class ClaimStatus : std::uint8_t {
  ok,
  would_block,  ///< no room: a gate, an open claim, or a raise that another thread has not finished
  closed,
};

/// Space that was won, to be committed or aborted exactly once by the thread that won it.
struct Reservation {
  ClaimStatus status = ClaimStatus::would_block;
  std::uint32_t bytes = 0;  ///< a multiple of 32
  std::uint64_t position = 0;
};

/// What one producer remembers, so that it reads the shared limit once per chunk; if nothing, it asks first.
struct ProducerCache {
  std::uint64_t ask_at = 0;    ///< claims that end at or below it need neither ask nor wrap
  std::uint64_t last_end = 0;  ///< of its last claim: where it tries first, among several producers
  bool raised = false;         ///< others may have room now; to be told if there was not enough for itself
  bool tight = false;          ///< the last time it asked, less than half the ring was free: somebody lags
};

/// The ring's bytes as its readers see them: two words, which a loop keeps in registers while it calls
/// handlers.
template <class Policy>
class RingView {
 public:
  using Memory = typename Policy::Memory;

  RingView(Memory memory, std::uint64_t capacity_bytes) noexcept
      : memory_(memory), mask_(capacity_bytes - 1) {}

  /// The word at a position that the caller's gate protects, or that is at or above every gate it knows of.
  [[nodiscard]] CommitWord word(std::uint64_t position) const noexcept {
    // SYNC commit: a committed word makes its record readable.
    return CommitWord(memory_.load_word(position & mask_, std::memory_order_acquire));
  }
  [[nodiscard]] const std::byte* readable(std::uint64_t position, std::size_t bytes) const noexcept {
    return memory_.readable(position & mask_, bytes);
  }
  /// Of a committed data record that a gate of the caller's protects.
  [[nodiscard]] std::uint32_t topic_at(std::uint64_t position) const noexcept {
    return load_topic(readable(position + kTopicOffset, sizeof(std::uint32_t)));
  }

 private:
  Memory memory_;
  std::uint64_t mask_;
};

/// Where records that were won go, looked up once: what is written through `bytes` could be the ring's own
/// fields for all the compiler knows.
template <class Policy>
class Place {
 public:
  using Memory = typename Policy::Memory;

  Place(Memory memory, std::uint64_t offset) noexcept : memory_(memory), offset_(offset) {}

  [[nodiscard]] std::byte* bytes(std::size_t count) noexcept { return memory_.writable(offset_, count); }
  /// Stores the word of a record inside a batch, `at` bytes behind its first one.
  void place(std::uint64_t at, CommitWord word) noexcept {
    // Relaxed: readers come here only through the batch's first record, which is released after it.
    memory_.store_word(offset_ + at, word.bits(), std::memory_order_relaxed);
  }
  /// Makes a record, or a batch by its first one, visible that takes all that was reserved.
  void commit(CommitWord word) noexcept {
    // SYNC commit: the record is visible to whoever acquires its word.
    memory_.store_word(offset_, word.bits(), std::memory_order_release);
  }

 private:
  Memory memory_;
  std::uint64_t offset_;
};

/// The newest `capacity` bytes of a shard's log: claim space, write a record in place, commit it.
///
/// **Invariants**
/// 1. Claims are below the limit that `Raiser` guards. The word at a claim's start was zero when it was won:
///    with several producers because every word up to the limit is, with a single one because each claim
///    zeroes the word at its end before the tail moves there.
/// 2. A record never crosses the ring's end: a padding record fills what is left (I3).
/// 3. `try_reserve` never blocks and leaves no hole when it fails (I4).
/// 4. A commit word is stored last, with release; a batch's first record after all its others.
///
/// **Thread safety.** With `Producers::multi` any thread may reserve; a reservation belongs to one thread.
/// With `Producers::single` one thread at a time reserves, and commits before it reserves again. Readers go
/// through gates (see `GateTable`); `word`, `tail` and `limit` may be called by any thread.
///
/// **When not to use it.** It knows nothing of topics, waiting or deadlines: that is the bus.
template <class Policy>
class Ring {
 public:
  using Memory = typename Policy::Memory;

  /// `memory` holds `capacity_bytes` zeroed bytes and, like `state` and `gates`, outlives the ring.
  Ring(RingState<Policy>& state, Memory memory, GateTable<Policy>& gates, const RingOptions& options)
      : state_(&state),
        memory_(memory),
        capacity_(options.capacity_bytes),
        mask_(options.capacity_bytes - 1),
        max_record_(options.max_record_bytes != 0 ? options.max_record_bytes : capacity_ / 8),
        max_batch_(options.max_batch_bytes != 0 ? options.max_batch_bytes : capacity_ / 4),
        producers_(options.producers),
        raiser_(state, memory, gates, options.capacity_bytes, chunk_bytes(options), options.producers) {
    const std::uint64_t limit = options.start_position + capacity_ - kAlignment;
    // Relaxed: whoever hands the ring to other threads publishes it.
    state.tail.store(options.start_position, std::memory_order_relaxed);
    state.limit.store(limit, std::memory_order_relaxed);
    state.announced.store(limit, std::memory_order_relaxed);
    state.frontier.store(options.start_position, std::memory_order_relaxed);
    state.doubt.store(options.start_position, std::memory_order_relaxed);
  }

  /// What a producer knows that has just come: room that others have made and nobody needs to be asked for.
  [[nodiscard]] ProducerCache newcomer() const noexcept {
    const std::uint64_t start = tail();
    const std::uint64_t limit = this->limit();  // SYNC limit: the space below it is free and zeroed
    ProducerCache cache;
    cache.last_end = start;
    if (limit >= start + capacity_ / 2) cache.ask_at = std::min(lap_end(start), limit - capacity_ / 2);
    return cache;
  }

  /// Wins `bytes` (a multiple of 32, at most a quarter of the ring) of contiguous space. Wait-free for a
  /// single producer, lock-free for several, and never blocking for either.
  [[nodiscard]] Reservation try_reserve(ProducerCache& cache, std::uint32_t bytes) noexcept {
    return producers_ == Producers::single ? reserve_single(cache, bytes) : reserve_multi(cache, bytes);
  }

  /// The same while there is nothing to ask: inline and short, and `would_block` where `try_reserve` must see
  /// to it.
  [[nodiscard, gnu::always_inline]] Reservation reserve_within(ProducerCache& cache,
                                                               std::uint32_t bytes) noexcept {
    if (producers_ == Producers::single) {
      RingState<Policy>& state = *state_;  // not to be looked up again behind each atomic operation
      const std::uint64_t start = state.tail.load(std::memory_order_relaxed);  // nobody else stores it
      if (start + bytes > cache.ask_at) [[unlikely]]
        return {};
      return take_single(state, cache, start, 0, bytes);
    }
    // Reading the tail first would fetch its line twice from whoever claims beside us: to read it and to
    // write it. A guess that is wrong brings it over once, to write, and with it the right answer.
    std::uint64_t start = cache.last_end;
    for (;;) {
      if (start + bytes > cache.ask_at) [[unlikely]]
        return {};
      if (win(cache, start, start + bytes)) return open(start, bytes);
    }
  }

  /// True when a claim of `bytes` would be had now. Raises the limit as a claim would, and claims nothing.
  [[nodiscard]] bool has_room(ProducerCache& cache, std::uint32_t bytes) noexcept {
    const std::uint64_t start = tail();
    const std::uint64_t end = end_of_claim(start, bytes);
    return end <= cache.ask_at || make_room(cache, start, end);
  }

  /// Makes a record visible. `word` says its length, which may be less than was reserved: the rest becomes
  /// padding. The header's other fields and the body are written before.
  void commit(const Reservation& space, CommitWord word) noexcept {
    auto place = place_at(space.position);
    const std::uint64_t used = word.stride();
    if (used != space.bytes) [[unlikely]] {
      place.place(used,
                  CommitWord::committed(RecordKind::padding, static_cast<std::uint32_t>(space.bytes - used)));
    }
    place.commit(word);
  }

  /// Gives a reservation up: readers pass over it.
  void abort(const Reservation& space) noexcept {
    // SYNC commit: nothing to read; the space itself is what readers learn of.
    store_word(space.position, CommitWord::committed(RecordKind::aborted, space.bytes),
               std::memory_order_release);
  }

  /// After this no claim succeeds; returns the final tail: every record below it is or will be committed.
  /// The heavy fence stands between the flag and a single producer's tail; called again, it may return a
  /// higher one for it, by claims that were aborted.
  std::uint64_t close() noexcept {
    if (producers_ == Producers::multi) {
      // SYNC tail: claims that came first are below the value returned.
      return state_->tail.fetch_or(kClosedBit, std::memory_order_acq_rel) & ~kClosedBit;
    }
    state_->closed.store(1, std::memory_order_relaxed);  // ordered by the fence below
    // SYNC close: a producer's claim is either seen here or sees the flag (reserve_single).
    Policy::heavy_fence();
    return tail();
  }

  /// Where a claim of `bytes` would end if it were made now.
  [[nodiscard]] std::uint64_t end_of_claim(std::uint32_t bytes) const noexcept {
    return end_of_claim(tail(), bytes);
  }

  /// End of the last claim. Acquire: words below and at it are of this lap.
  [[nodiscard]] std::uint64_t tail() const noexcept {
    // SYNC tail: the zeroes beneath it are visible.
    return state_->tail.load(std::memory_order_acquire) & ~kClosedBit;
  }
  [[nodiscard]] std::uint64_t limit() const noexcept {
    // SYNC limit: see make_room.
    return state_->limit.load(std::memory_order_acquire);
  }
  /// What readers read through; `word`, `readable` and `topic_at` are shorthands for single looks.
  [[nodiscard]] RingView<Policy> view() const noexcept { return RingView<Policy>(memory_, capacity_); }
  [[nodiscard]] CommitWord word(std::uint64_t position) const noexcept { return view().word(position); }
  [[nodiscard]] const std::byte* readable(std::uint64_t position, std::size_t bytes) const noexcept {
    return view().readable(position, bytes);
  }
  [[nodiscard]] std::uint32_t topic_at(std::uint64_t position) const noexcept {
    return view().topic_at(position);
  }

  /// Where a record, or a batch of them, goes that takes all of the reservation at `position`.
  [[nodiscard]] Place<Policy> place_at(std::uint64_t position) noexcept {
    return Place<Policy>(memory_, position & mask_);
  }
  [[nodiscard]] std::byte* writable(std::uint64_t position, std::size_t bytes) noexcept {
    return memory_.writable(position & mask_, bytes);
  }

  [[nodiscard]] std::uint64_t capacity_bytes() const noexcept { return capacity_; }
  [[nodiscard]] Producers producers() const noexcept { return producers_; }
  /// The most that one record, or a whole batch, may occupy: an eighth and a quarter of the ring.
  [[nodiscard]] std::uint64_t max_record_bytes() const noexcept { return max_record_; }
  [[nodiscard]] std::uint64_t max_batch_bytes() const noexcept { return max_batch_; }

  [[nodiscard]] Raiser<Policy>& raiser() noexcept { return raiser_; }
  [[nodiscard]] const Raiser<Policy>& raiser() const noexcept { return raiser_; }

 private:
  static std::uint64_t chunk_bytes(const RingOptions& options) noexcept {
    if (options.raise_chunk_bytes != 0) return options.raise_chunk_bytes;
    return std::clamp<std::uint64_t>(options.capacity_bytes / 8, kAlignment, 64 * 1024);
  }

  /// What must be skipped so that `bytes` don't cross the ring's end.
  [[nodiscard]] std::uint64_t padding_before(std::uint64_t position, std::uint32_t bytes) const noexcept {
    const std::uint64_t offset = position & mask_;
    return offset + bytes > capacity_ ? capacity_ - offset : 0;
  }

  [[nodiscard]] std::uint64_t lap_end(std::uint64_t position) const noexcept {
    return (position & ~mask_) + capacity_;
  }

  [[nodiscard]] std::uint64_t end_of_claim(std::uint64_t start, std::uint32_t bytes) const noexcept {
    return start + padding_before(start, bytes) + bytes;
  }

  Reservation reserve_single(ProducerCache& cache, std::uint32_t bytes) noexcept {
    // Relaxed: the look behind the fence decides; this one only keeps a closed ring from filling up with
    // aborts.
    if (state_->closed.load(std::memory_order_relaxed) != 0) return {ClaimStatus::closed, 0, 0};
    const std::uint64_t start = state_->tail.load(std::memory_order_relaxed);  // nobody else stores it
    const std::uint64_t padding = padding_before(start, bytes);
    const std::uint64_t end = start + padding + bytes;
    if (end > cache.ask_at && !make_room(cache, start, end)) return {};
    return take_single(*state_, cache, start, padding, bytes);
  }

  /// Moves a single producer's tail over `padding` and `bytes` from `start` on, which are free.
  [[gnu::always_inline]] Reservation take_single(RingState<Policy>& state, ProducerCache& cache,
                                                 std::uint64_t start, std::uint64_t padding,
                                                 std::uint32_t bytes) noexcept {
    const Reservation space{ClaimStatus::ok, bytes, start + padding};
    const std::uint64_t end = space.position + bytes;
    // Relaxed: released with the tail, for who joins there, and with the words before, for who reads on.
    store_word(end, CommitWord(), std::memory_order_relaxed);
    if (padding != 0) store_word(space.position, CommitWord(), std::memory_order_relaxed);  // the same
    // SYNC tail: the zero at it is visible to whoever joins there.
    state.tail.store(end, std::memory_order_release);
    // SYNC close: the closer's heavy fence stands between its flag and its reading of the tail.
    Policy::light_fence();
    if (padding != 0) pad(start, padding);
    // Relaxed: the fence above orders it behind the tail's store.
    if (state.closed.load(std::memory_order_relaxed) != 0) [[unlikely]] {
      abort(space);
      cache.ask_at = 0;  // from now on the slow path, which claims nothing
      return {ClaimStatus::closed, 0, 0};
    }
    return space;
  }

  Reservation reserve_multi(ProducerCache& cache, std::uint32_t bytes) noexcept {
    std::uint64_t start = state_->tail.load(std::memory_order_relaxed);  // the compare-and-swap decides
    for (;;) {
      if ((start & kClosedBit) != 0) return {ClaimStatus::closed, 0, 0};
      const std::uint64_t padding = padding_before(start, bytes);
      const std::uint64_t end = start + padding + bytes;
      if (end > cache.ask_at && !make_room(cache, start, end)) return {};
      if (!win(cache, start, end)) continue;
      if (padding != 0) pad(start, padding);
      return open(start + padding, bytes);
    }
  }

  /// One producer's try to move the shared tail; on failure `start` is where it stands now.
  bool win(ProducerCache& cache, std::uint64_t& start, std::uint64_t end) noexcept {
    // SYNC tail: the zeroes below it, acquired with the limit, are visible to whoever joins there.
    const bool won =
        state_->tail.compare_exchange_weak(start, end, std::memory_order_release, std::memory_order_relaxed);
    if (won) cache.last_end = end;
    return won;
  }

  /// Marks space that was won from others.
  Reservation open(std::uint64_t position, std::uint32_t bytes) noexcept {
    // Relaxed: readers take it for free space, and the fence keeps it before the body. SYNC hole, read by a
    // recovery: the claim's word precedes its body, so that a hole is known by its length.
    store_word(position, CommitWord::claimed(bytes), std::memory_order_relaxed);
    Policy::release_fence();
    return {ClaimStatus::ok, bytes, position};
  }

  void pad(std::uint64_t position, std::uint64_t bytes) noexcept {
    // SYNC commit: nothing to read; readers step over it.
    store_word(position, CommitWord::committed(RecordKind::padding, static_cast<std::uint32_t>(bytes)),
               std::memory_order_release);
  }

  /// Off the fast path, once per chunk and lap: reads the shared limit, and raises it as far as a claim from
  /// `start` to `end` needs it and, by one chunk, when less than half the ring lies free ahead, so that a
  /// raiser that is preempted stands in nobody's way. A claim that ends above the limit after all this must
  /// wait.
  [[gnu::noinline]] bool make_room(ProducerCache& cache, std::uint64_t start, std::uint64_t end) noexcept {
    const std::uint64_t known_frontier = producers_ == Producers::single ? start : 0;
    const std::uint64_t half = capacity_ / 2;
    std::uint64_t limit = this->limit();
    while (limit < end + half) {
      const Raised result = raiser_.try_raise(known_frontier);
      const bool raised = result == Raised::limit;
      cache.raised = cache.raised || result != Raised::nothing;
      limit = this->limit();  // SYNC limit: the space below it is free and zeroed
      if (!raised || limit >= end) break;
    }
    cache.tight = limit < end + half;
    if (end > limit) return false;
    // Ask again when half the ring is used up or, where gates keep it shorter than that, after an eighth of
    // what is left: a ring that runs nearly full must not make every claim scan the gates. And where this lap
    // ends, so that what lies below needs no padding.
    cache.ask_at = std::min(lap_end(start), limit >= end + half ? limit - half : end + ((limit - end) / 8));
    return true;
  }

  void store_word(std::uint64_t position, CommitWord word, std::memory_order order) noexcept {
    memory_.store_word(position & mask_, word.bits(), order);
  }

  RingState<Policy>* state_;
  Memory memory_;
  std::uint64_t capacity_;
  std::uint64_t mask_;
  std::uint64_t max_record_;
  std::uint64_t max_batch_;
  Producers producers_;
  Raiser<Policy> raiser_;
};

}  // namespace sluice::log
