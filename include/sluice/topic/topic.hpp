#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"
#include "sluice/log/machine.hpp"

namespace sluice {

/// The type that the payloads of a topic have. Two identities are the same only if all three fields agree.
struct TypeIdentity {
  std::uint64_t hash;  ///< of the type's stable name and layout
  std::uint32_t size;  ///< bytes of one value
  std::string name;    ///< as people know the type; used in messages

  friend bool operator==(const TypeIdentity&, const TypeIdentity&) = default;
};

/// A topic that has been interned: its name, its number, its shard, who wants it, and its type. Made by the
/// `TopicTable` only, which keeps it at its address until the table is destroyed.
///
/// What a publish touches (id, shard, the words that say whom to wake, the type) fills one cache line; the
/// name is elsewhere. Nothing in that line is written while events flow: interest changes when a subscription
/// comes or goes, the type once.
///
/// Thread safety: every method may be called from any thread.
class alignas(64) Topic {
 public:
  /// How many words of interest, 64 subscription slots each, the topic's own cache line has room for. A table
  /// with more slots keeps all of a topic's words in an array apart.
  static constexpr std::uint32_t kInlineInterestWords = 4;

  ~Topic();
  Topic(const Topic&) = delete;
  Topic& operator=(const Topic&) = delete;

  /// Dense: the n-th topic of its table has id n - 1.
  [[nodiscard]] std::uint32_t id() const noexcept { return id_; }

  /// Fixed when the topic was first interned, for ever.
  [[nodiscard]] std::uint32_t shard() const noexcept { return shard_; }

  [[nodiscard]] std::string_view name() const noexcept { return cold_->name; }

  /// Which subscriptions want this topic: bit i of word w is the subscription in slot 64 w + i. `word` is
  /// below `TopicTable::interest_words()`.
  ///
  /// Memory ordering: read it relaxed, after the commit and after the fence that the waiting protocol puts
  /// behind the commit. A subscription's bits are stored before it can park, and so before its own fence; of
  /// the two sides at least one sees the other. A bit that is stale the other way costs a needless wake-up of
  /// a subscription that is leaving. So keep what a slot's wake-up touches alive while publishers may run.
  [[nodiscard]] const log::Atomic<std::uint64_t>& interest(std::size_t word) const noexcept {
    return interest_[word];
  }

  /// All the words of `interest`, for loops.
  [[nodiscard]] const log::Atomic<std::uint64_t>* interest_data() const noexcept { return interest_; }

  /// Whether the subscription in `slot` wants this topic. Ordering as for `interest`.
  [[nodiscard]] bool wanted_by(std::uint32_t slot) const noexcept {
    // Relaxed: see `interest`.
    return ((interest_[slot / 64].load(std::memory_order_relaxed) >> (slot % 64)) & 1U) != 0;
  }

  /// The type of the payloads, or null while nobody has bound one. Never changes once it is not null.
  [[nodiscard]] const TypeIdentity* type() const noexcept {
    // SYNC topic-type: the identity that `bind_type` built is visible to whoever sees its pointer.
    return type_.load(std::memory_order_acquire);
  }

  /// Gives the topic its type. The first call wins; later ones succeed if they name the same type. Const,
  /// because the type is learned from publishers and subscribers, who only ever see `const Topic`.
  /// Errors: `type_mismatch`, naming both types and their sizes; `out_of_memory`.
  [[nodiscard]] Result<void> bind_type(TypeIdentity type) const;

 private:
  friend class TopicTable;

  struct Cold {
    std::string name;
    std::unique_ptr<log::Atomic<std::uint64_t>[]> further_interest;  // Only where the own line has no room.
  };

  Topic(std::uint32_t id, std::uint32_t shard, std::string_view name, std::uint32_t interest_words);

  void set_interest(std::uint32_t slot) noexcept;
  void clear_interest(std::uint32_t slot) noexcept;

  const std::uint32_t id_;
  const std::uint32_t shard_;
  log::Atomic<std::uint64_t>* interest_ = nullptr;  // Into one of the two arrays below, never changed.
  mutable log::Atomic<const TypeIdentity*> type_{nullptr};
  const std::unique_ptr<const Cold> cold_;
  std::array<log::Atomic<std::uint64_t>, kInlineInterestWords> inline_interest_{};
};

static_assert(sizeof(Topic) == 64, "what a publish reads of a topic is one cache line");

}  // namespace sluice
