#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "sluice/log/machine.hpp"

namespace sluice {

/// A set of topic ids that is read without locks while it grows.
///
/// Bits live in chunks that are allocated when the first id of their range is reserved and then never move,
/// behind a fixed array of chunk pointers. So a reader holds no lock and a writer never copies what a reader
/// may be looking at. Bits are only ever added.
///
/// Thread safety: `test` may be called from any thread at any time. `reserve` and `set` are for one thread at
/// a time; the topic table calls them under its lock.
///
/// Memory ordering: `test` sees a bit if the setting of it happens before the call. The topic table sets a
/// topic's bits before it lets anybody find the topic, so whoever reads a record of that topic sees them.
class TopicBitmap {
 public:
  static constexpr std::uint32_t kBitsPerChunk = 4096;  // 512 bytes: eight cache lines.

  /// Room for the ids 0 to `capacity - 1`, all absent. Throws `std::bad_alloc`.
  explicit TopicBitmap(std::uint32_t capacity);
  ~TopicBitmap();
  TopicBitmap(const TopicBitmap&) = delete;
  TopicBitmap& operator=(const TopicBitmap&) = delete;

  /// Whether `id` is in the set; false for ids beyond the capacity.
  [[nodiscard]] bool test(std::uint32_t id) const noexcept {
    if (id >= capacity_) return false;
    // SYNC bitmap-chunk: the chunk's zeroed words are visible to whoever sees its pointer.
    const Chunk* chunk = chunks_[id / kBitsPerChunk].load(std::memory_order_acquire);
    if (chunk == nullptr) return false;
    // Relaxed: a reader that learned of the id through its topic or a record is already ordered behind `set`;
    // any other reader gets an answer that was right a moment ago.
    return ((chunk->words[word_of(id)].load(std::memory_order_relaxed) >> (id % 64)) & 1U) != 0;
  }

  /// Allocates what `set(id)` will need. Throws `std::bad_alloc` and has then changed nothing. Does nothing
  /// for ids beyond the capacity.
  void reserve(std::uint32_t id);

  /// Adds `id`, which was reserved before; one that was not is left out.
  void set(std::uint32_t id) noexcept;

 private:
  struct Chunk {
    std::array<log::Atomic<std::uint64_t>, kBitsPerChunk / 64> words{};
  };

  static std::uint32_t word_of(std::uint32_t id) noexcept { return (id % kBitsPerChunk) / 64; }

  std::uint32_t capacity_;
  std::unique_ptr<log::Atomic<Chunk*>[]> chunks_;
};

}  // namespace sluice
