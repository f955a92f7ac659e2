#include "sluice/topic/table.hpp"

#include <algorithm>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "sluice/base/hash.hpp"
#include "sluice/topic/name.hpp"

#include "name_index.hpp"

namespace sluice {
namespace {

constexpr std::uint32_t kMostTopics = 1U << 24;
constexpr std::uint32_t kMostFilters = 1024;

std::string quoted(std::string_view name) {
  return "\"" + std::string(name) + "\"";
}

Error no_memory(std::string_view what, std::string_view name) {
  return Error{ErrorCode::out_of_memory, "no memory for " + std::string(what) + " " + quoted(name)};
}

TopicTableOptions checked(TopicTableOptions options) {
  options.validate().value();
  return options;
}

}  // namespace

Result<void> TopicTableOptions::validate() const {
  if (max_topics < 1 || max_topics > kMostTopics) {
    return Error{ErrorCode::invalid_option, "max_topics is " + std::to_string(max_topics) + "; give 1 to " +
                                                std::to_string(kMostTopics)};
  }
  if (max_filters < 64 || max_filters > kMostFilters || max_filters % 64 != 0) {
    return Error{ErrorCode::invalid_option, "max_filters is " + std::to_string(max_filters) +
                                                "; give a multiple of 64, from 64 to " +
                                                std::to_string(kMostFilters)};
  }
  return {};
}

TopicTable::TopicTable(TopicTableOptions options, ShardMap shards, OnDefine on_define)
    : options_(checked(options)),
      shards_(std::move(shards)),
      on_define_(std::move(on_define)),
      chunks_(std::make_unique<log::Atomic<Topic*>[]>((options.max_topics + kTopicsPerChunk - 1) /
                                                      kTopicsPerChunk)),
      names_(std::make_unique<NameIndex>()),
      slots_(options.max_filters) {}

TopicTable::~TopicTable() {
  // Relaxed: whoever destroys the table is ordered behind all its users.
  const std::uint32_t count = size_.load(std::memory_order_relaxed);
  for (std::uint32_t id = 0; id < count; ++id) std::destroy_at(&topic_at(id));
  for (std::uint32_t first = 0; first < options_.max_topics; first += kTopicsPerChunk) {
    // Relaxed: as above.
    Topic* chunk = chunks_[first / kTopicsPerChunk].load(std::memory_order_relaxed);
    if (chunk != nullptr) std::allocator<Topic>().deallocate(chunk, kTopicsPerChunk);
  }
}

const Topic* TopicTable::find(std::string_view name) const noexcept {
  // No longer name can be there, and hashing it would take time in proportion to whatever a caller passes.
  if (name.size() > kMaxTopicBytes) return nullptr;
  return lookup(name, hash_bytes(name));
}

const Topic* TopicTable::lookup(std::string_view name, std::uint64_t hash) const noexcept {
  const auto id =
      names_->find(hash, [&](std::uint32_t candidate) { return topic_at(candidate).name() == name; });
  return id ? &topic_at(*id) : nullptr;
}

Result<const Topic*> TopicTable::intern(std::string_view name) {
  if (const Topic* known = find(name)) return known;
  if (auto valid = validate_topic(name); !valid) return valid.error();
  const std::lock_guard lock(mutex_);
  return intern_locked(name);
}

Result<const Topic*> TopicTable::restore(std::string_view name, std::uint32_t id, std::uint32_t shard) {
  if (auto valid = validate_topic(name); !valid) return valid.error();
  const std::lock_guard lock(mutex_);
  if (const Topic* known = find(name)) {
    return Error{ErrorCode::persistence_failed,
                 "topic " + quoted(name) + " is kept twice, with ids " + std::to_string(known->id()) +
                     " and " + std::to_string(id) + "; a name has one id: the definitions are damaged"};
  }
  // Relaxed: only written under the lock, which is held.
  const std::uint32_t next = size_.load(std::memory_order_relaxed);
  if (id != next) {
    return Error{ErrorCode::persistence_failed,
                 "topic " + quoted(name) + " is kept with id " + std::to_string(id) + " where id " +
                     std::to_string(next) +
                     " is next; restore definitions in the order of their ids, "
                     "from 0, leaving none out"};
  }
  return define_locked(name, shard, {});
}

Result<const Topic*> TopicTable::intern_locked(std::string_view name) {
  if (const Topic* known = find(name)) return known;  // Another thread was first.
  return define_locked(name, shards_.shard_of(name), on_define_);
}

Result<const Topic*> TopicTable::define_locked(std::string_view name, std::uint32_t shard,
                                               const OnDefine& approve) {
  // Relaxed: only written under the lock, which is held.
  const std::uint32_t id = size_.load(std::memory_order_relaxed);
  if (id == options_.max_topics) {
    return Error{ErrorCode::too_many_topics, "topic " + quoted(name) +
                                                 " would be one more than max_topics, " +
                                                 std::to_string(options_.max_topics) +
                                                 "; raise it, or carry what varies in the metadata"};
  }

  // Everything that can fail comes first and leaves nothing behind that anybody could see: memory is kept for
  // the next attempt, and no filter has the id yet.
  std::unique_ptr<Topic, void (*)(Topic*)> topic(nullptr, [](Topic* undone) { std::destroy_at(undone); });
  try {
    Topic* storage = storage_for(id);
    topic.reset(::new (static_cast<void*>(storage)) Topic(id, shard, name, interest_words()));
    names_->reserve([this](std::uint32_t known) { return hash_bytes(topic_at(known).name()); });
    for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
      if (slots_[slot] == nullptr || !slots_[slot]->pattern().matches(name)) continue;
      slots_[slot]->reserve(id);
      topic->set_interest(slot);
    }
  } catch (const std::bad_alloc&) {
    return no_memory("topic", name);
  }
  if (approve) {
    if (auto approved = approve(*topic); !approved) return approved.error();
  }

  // From here on nothing fails. The filters know the topic before anybody can find it.
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot] != nullptr && topic->wanted_by(slot)) slots_[slot]->add(id);
  }
  // SYNC topic-count: every topic below the count, its chunk and its filter bits are visible.
  size_.store(id + 1, std::memory_order_release);
  names_->insert(hash_bytes(name), id);
  return topic.release();
}

Topic* TopicTable::storage_for(std::uint32_t id) {
  log::Atomic<Topic*>& chunk = chunks_[id / kTopicsPerChunk];
  // Relaxed: only written under the lock, which is held, and read behind `size_` or a name's slot.
  if (chunk.load(std::memory_order_relaxed) == nullptr) {
    chunk.store(std::allocator<Topic>().allocate(kTopicsPerChunk), std::memory_order_relaxed);
  }
  // Relaxed: as above.
  return chunk.load(std::memory_order_relaxed) + id % kTopicsPerChunk;
}

Result<std::shared_ptr<const TopicFilter>> TopicTable::add_filter(const Pattern& pattern,
                                                                  std::uint32_t slot) {
  const std::lock_guard lock(mutex_);
  if (auto free = check_slot(slot); !free) return free.error();
  // Outside the try block: an exception of `OnDefine` passes through, as it does from `intern`.
  std::optional<TopicFilter::ExactId> exact;
  if (pattern.is_exact()) {
    auto topic = intern_locked(pattern.text());
    if (!topic) return topic.error();
    exact = TopicFilter::ExactId{(*topic)->id()};
  }
  try {
    auto filter = exact ? std::make_shared<TopicFilter>(pattern, *exact) : wildcard_filter(pattern);
    occupy(slot, filter);
    return std::shared_ptr<const TopicFilter>(std::move(filter));
  } catch (const std::bad_alloc&) {
    return no_memory("the filter of pattern", pattern.text());
  }
}

std::shared_ptr<TopicFilter> TopicTable::wildcard_filter(const Pattern& pattern) const {
  auto filter = std::make_shared<TopicFilter>(pattern, options_.max_topics);
  if (filter->matches_everything()) return filter;
  for (std::uint32_t id = 0; id < size(); ++id) {
    if (!pattern.matches(topic_at(id).name())) continue;
    filter->reserve(id);
    filter->add(id);
  }
  return filter;
}

Result<void> TopicTable::add_interest(std::uint32_t slot, const std::shared_ptr<const TopicFilter>& filter) {
  const std::lock_guard lock(mutex_);
  if (auto free = check_slot(slot); !free) return free.error();
  const auto live = std::find(slots_.begin(), slots_.end(), filter);
  if (filter == nullptr || live == slots_.end()) {
    return Error{ErrorCode::invalid_option,
                 (filter == nullptr ? "no filter was given"
                                    : "no slot of this topic table has the filter of pattern " +
                                          quoted(filter->pattern().text())) +
                     "; make one with add_filter and share it while its slot is taken"};
  }
  occupy(slot, *live);
  return {};
}

void TopicTable::remove_filter(std::uint32_t slot) noexcept {
  const std::lock_guard lock(mutex_);
  if (slot >= slots_.size() || slots_[slot] == nullptr) return;
  const auto filter = std::move(slots_[slot]);
  for (std::uint32_t id = 0; id < size(); ++id) {
    if (filter->matches(id)) topic_at(id).clear_interest(slot);
  }
}

Result<void> TopicTable::check_slot(std::uint32_t slot) const {
  if (slot >= slots_.size()) {
    return Error{ErrorCode::invalid_option,
                 "subscription slot " + std::to_string(slot) + " does not exist: max_filters is " +
                     std::to_string(slots_.size()) + "; raise it, or take a lower slot"};
  }
  if (slots_[slot] != nullptr) {
    return Error{ErrorCode::invalid_option,
                 "subscription slot " + std::to_string(slot) + " has the filter of pattern " +
                     quoted(slots_[slot]->pattern().text()) + "; remove that first, or take another slot"};
  }
  return {};
}

void TopicTable::occupy(std::uint32_t slot, std::shared_ptr<TopicFilter> filter) noexcept {
  for (std::uint32_t id = 0; id < size(); ++id) {
    if (filter->matches(id)) topic_at(id).set_interest(slot);
  }
  slots_[slot] = std::move(filter);
}

}  // namespace sluice
