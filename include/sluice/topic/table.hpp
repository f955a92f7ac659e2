#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "sluice/base/result.hpp"
#include "sluice/log/machine.hpp"
#include "sluice/topic/filter.hpp"
#include "sluice/topic/pattern.hpp"
#include "sluice/topic/shard_map.hpp"
#include "sluice/topic/topic.hpp"

namespace sluice {

class NameIndex;

struct TopicTableOptions {
  /// How many topics there may ever be; one more is `too_many_topics`. 1 to 16,777,216. Costs 8 bytes per 256
  /// topics up front, and as much per 4,096 topics for each filter with a wildcard; a topic itself costs
  /// about 200 bytes once it exists.
  std::uint32_t max_topics = 1U << 20;

  /// How many subscription slots there are: a multiple of 64, from 64 to 1,024. Up to 256 the interest words
  /// lie in the topic's own cache line; beyond that each publish reads one to three lines more.
  std::uint32_t max_filters = 64;

  /// `invalid_option`, naming the field, its value and its range.
  [[nodiscard]] Result<void> validate() const;
};

/// Every topic of a bus: from name to id once, from id to topic for ever, and who wants which.
///
/// Invariants:
/// 1. A name has one id and an id one name, for the life of the table. Ids are dense, from 0.
/// 2. A topic never moves and never goes.
/// 3. A topic that can be found, by name or by id, was accepted by `OnDefine`, is in every live filter whose
///    pattern it matches, and its interest bits say so. (Interning and subscribing share a lock: interning
///    tests all filters, subscribing tests all ids, and neither can slip between the other's two steps.)
///
/// Thread safety: every method may be called from any thread. `find` and `by_id` are wait-free, so is
/// `intern` of a known name; everything else takes the table's lock. `OnDefine` runs under that lock and must
/// not call the table, except for `find`, `by_id` and `size`.
class TopicTable {
 public:
  /// Records the definition of a new topic (in the control log of a persistence) before anybody can see it.
  /// An error is handed to who interned, and the topic does not exist; the next new topic gets the same id.
  /// An exception has the same effect and passes through.
  using OnDefine = std::function<Result<void>(const Topic&)>;

  /// Throws `BadResult` with what `options.validate()` says, and `std::bad_alloc`.
  TopicTable(TopicTableOptions options, ShardMap shards, OnDefine on_define = {});
  ~TopicTable();
  TopicTable(const TopicTable&) = delete;
  TopicTable& operator=(const TopicTable&) = delete;

  /// The topic of this name, or null if there is none. Wait-free; invalid names are simply unknown.
  [[nodiscard]] const Topic* find(std::string_view name) const noexcept;

  /// The topic with this id, or null if there is none. Wait-free: two loads, however many topics there are.
  /// Memory ordering: whoever got the id from a topic or a record finds the topic.
  [[nodiscard]] const Topic* by_id(std::uint32_t id) const noexcept {
    // SYNC topic-count: every topic below the count, its chunk and its filter bits are visible.
    return id < size_.load(std::memory_order_acquire) ? &topic_at(id) : nullptr;
  }

  /// The topic of an id that a record carried, which was defined before the record was published.
  [[nodiscard]] const Topic& of_record(std::uint32_t id) const noexcept { return topic_at(id); }

  /// How many topics there are: the ids are 0 to `size() - 1`, and `by_id` has them all.
  [[nodiscard]] std::uint32_t size() const noexcept {
    // SYNC topic-count: as in `by_id`.
    return size_.load(std::memory_order_acquire);
  }

  /// The topic of this name, defined now if it is new: its shard is chosen, `OnDefine` is asked, and it is in
  /// every live filter that wants it before it can be found.
  /// Errors: those of `validate_topic`, `too_many_topics`, `out_of_memory`, and what `OnDefine` answers.
  [[nodiscard]] Result<const Topic*> intern(std::string_view name);

  /// Brings back a definition that a persistence kept: before the table is used, in the order of the ids.
  /// `OnDefine` is not asked, and the shard is the one given, whatever the shard map says.
  /// Errors: those of `intern`, and `persistence_failed` if the id is not the next one or the name is there
  /// already.
  [[nodiscard]] Result<const Topic*> restore(std::string_view name, std::uint32_t id, std::uint32_t shard);

  /// Gives the subscription in `slot` a filter of its own, which knows every topic that exists and will know
  /// every one to come, and sets the slot's interest bits. An exact pattern interns its topic.
  /// Errors: `invalid_option` if the slot is taken or beyond `max_filters`; those of `intern` for an exact
  /// pattern; `out_of_memory`.
  [[nodiscard]] Result<std::shared_ptr<const TopicFilter>> add_filter(const Pattern& pattern,
                                                                      std::uint32_t slot);

  /// Lets the subscription in `slot` share a filter of this table that another slot has: the members of a
  /// queue group have one filter, and each its own interest bits.
  /// Errors: `invalid_option` if the slot is taken or beyond `max_filters`, or if no slot has this filter.
  [[nodiscard]] Result<void> add_interest(std::uint32_t slot,
                                          const std::shared_ptr<const TopicFilter>& filter);

  /// Frees `slot` and clears its interest bits. The filter is kept current while another slot shares it. Does
  /// nothing if the slot has none.
  void remove_filter(std::uint32_t slot) noexcept;

  /// How many words `Topic::interest` has: `max_filters / 64`.
  [[nodiscard]] std::uint32_t interest_words() const noexcept { return options_.max_filters / 64; }

  [[nodiscard]] const TopicTableOptions& options() const noexcept { return options_; }

 private:
  static constexpr std::uint32_t kTopicsPerChunk = 256;  // 16 KiB of topics.

  const Topic* lookup(std::string_view name, std::uint64_t hash) const noexcept;
  Result<const Topic*> intern_locked(std::string_view name);
  Result<const Topic*> define_locked(std::string_view name, std::uint32_t shard, const OnDefine& approve);
  Topic* storage_for(std::uint32_t id);
  Topic& topic_at(std::uint32_t id) const noexcept {
    // Relaxed: the caller got the id from a name's slot, from below `size_`, or from a record whose publisher
    // had the topic; and each of them is published behind the chunk.
    return chunks_[id / kTopicsPerChunk].load(std::memory_order_relaxed)[id % kTopicsPerChunk];
  }
  Result<void> check_slot(std::uint32_t slot) const;
  std::shared_ptr<TopicFilter> wildcard_filter(const Pattern& pattern) const;
  void occupy(std::uint32_t slot, std::shared_ptr<TopicFilter> filter) noexcept;

  // Read by everybody, never changed after construction.
  const TopicTableOptions options_;
  const ShardMap shards_;
  const OnDefine on_define_;
  const std::unique_ptr<log::Atomic<Topic*>[]> chunks_;
  const std::unique_ptr<NameIndex> names_;

  // Read by everybody, changed under the lock when a topic is defined.
  log::Atomic<std::uint32_t> size_{0};

  // Under the lock only.
  std::mutex mutex_;
  std::vector<std::shared_ptr<TopicFilter>> slots_;
};

}  // namespace sluice
