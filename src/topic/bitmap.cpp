#include "sluice/topic/bitmap.hpp"

namespace sluice {

TopicBitmap::TopicBitmap(std::uint32_t capacity)
    : capacity_(capacity),
      chunks_(std::make_unique<log::Atomic<Chunk*>[]>((capacity + kBitsPerChunk - 1) / kBitsPerChunk)) {}

TopicBitmap::~TopicBitmap() {
  for (std::uint32_t first = 0; first < capacity_; first += kBitsPerChunk) {
    // Relaxed: whoever destroys the bitmap is ordered behind all its users.
    delete chunks_[first / kBitsPerChunk].load(std::memory_order_relaxed);
  }
}

void TopicBitmap::reserve(std::uint32_t id) {
  if (id >= capacity_) return;
  log::Atomic<Chunk*>& chunk = chunks_[id / kBitsPerChunk];
  // Relaxed: only the one writer stores chunk pointers.
  if (chunk.load(std::memory_order_relaxed) != nullptr) return;
  // SYNC bitmap-chunk: the chunk's zeroed words are visible to whoever sees its pointer.
  chunk.store(new Chunk, std::memory_order_release);
}

void TopicBitmap::set(std::uint32_t id) noexcept {
  if (id >= capacity_) return;
  // Relaxed: only the one writer stores chunk pointers.
  Chunk* chunk = chunks_[id / kBitsPerChunk].load(std::memory_order_relaxed);
  if (chunk == nullptr) return;
  log::Atomic<std::uint64_t>& word = chunk->words[word_of(id)];
  // Relaxed: there is one writer, so nothing is lost between load and store; and readers that must see the
  // bit are ordered behind it by the topic's publication (SYNC topic-count, SYNC topic-name).
  word.store(word.load(std::memory_order_relaxed) | (std::uint64_t{1} << (id % 64)),
             std::memory_order_relaxed);
}

}  // namespace sluice
