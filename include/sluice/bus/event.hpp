#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/base/event_id.hpp"
#include "sluice/bus/type_identity.hpp"
#include "sluice/log/record.hpp"
#include "sluice/topic/table.hpp"

namespace sluice {

/// An event's metadata: a range of `std::pair<std::string_view, std::string_view>`, in the order given.
class MetadataView {
 public:
  class iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = std::pair<std::string_view, std::string_view>;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = value_type;

    iterator() = default;
    explicit iterator(const std::byte* at) : at_(at) {}
    [[nodiscard]] value_type operator*() const noexcept;
    iterator& operator++() noexcept;
    iterator operator++(int) noexcept {
      iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(iterator, iterator) = default;

   private:
    const std::byte* at_ = nullptr;
  };

  MetadataView() = default;
  explicit MetadataView(std::span<const std::byte> encoded) : encoded_(encoded) {}

  [[nodiscard]] iterator begin() const noexcept { return iterator(encoded_.data()); }
  [[nodiscard]] iterator end() const noexcept { return iterator(encoded_.data() + encoded_.size()); }
  [[nodiscard]] bool empty() const noexcept { return encoded_.empty(); }
  /// The value of `key`, or nothing. Looks at the pairs one by one.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view key) const noexcept;

 private:
  std::span<const std::byte> encoded_;
};

namespace detail {

/// What every event of a shard has in common.
struct ShardContext {
  std::uint64_t epoch = 0;
  std::uint32_t shard = 0;
  const TopicTable* topics = nullptr;
};

/// Which type a topic was last found to carry: who reads one event after another need not look it up again.
/// A topic's type never changes.
struct LastType {
  std::uint32_t topic_id = ~std::uint32_t{0};  ///< no topic's
  std::uint64_t hash = 0;
};

}  // namespace detail

/// An event as its handler sees it: in the ring itself or in a subscription's copy, never owning. It lives
/// for the callback; keep an `Event` to keep more. Reading it costs nothing that is not asked for.
class EventView {
 public:
  EventView(const detail::ShardContext& context, const std::byte* record, log::CommitWord word,
            std::uint64_t position) noexcept
      : EventView(context, record, word, position, word.payload_offset(), nullptr) {}
  /// The same for whoever knows where the payload begins, and keeps `last_type` between events.
  EventView(const detail::ShardContext& context, const std::byte* record, log::CommitWord word,
            std::uint64_t position, std::size_t payload_offset, detail::LastType* last_type) noexcept
      : context_(&context),
        record_(record),
        word_(word),
        position_(position),
        payload_offset_(static_cast<std::uint32_t>(payload_offset)),
        last_type_(last_type) {}

  /// Unique for ever: made of epoch, shard and position, unless the publisher gave its own.
  [[nodiscard]] EventId id() const noexcept;
  [[nodiscard]] std::string_view topic() const noexcept {
    return context_->topics->of_record(topic_id()).name();
  }
  [[nodiscard]] std::uint32_t topic_id() const noexcept { return load<std::uint32_t>(log::kTopicOffset); }
  /// Nanoseconds since the Unix epoch, UTC. Not the order: that is `position`.
  [[nodiscard]] std::int64_t timestamp_ns() const noexcept {
    return load<std::int64_t>(log::kTimestampOffset);
  }
  /// Where the event lies in its shard's log; later events have higher ones.
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
  [[nodiscard]] std::uint32_t shard() const noexcept { return context_->shard; }
  [[nodiscard]] MetadataView metadata() const noexcept;
  [[nodiscard]] std::span<const std::byte> payload() const noexcept {
    return {record_ + payload_offset_, word_.length() - payload_offset_};
  }
  /// The payload as text.
  [[nodiscard]] std::string_view text() const noexcept {
    const auto bytes = payload();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  /// The payload as the topic's type, in place. Null when the topic carries another type, or none.
  template <class T>
  [[nodiscard]] const T* try_as() const noexcept {
    if (last_type_ != nullptr && last_type_->topic_id == topic_id() && last_type_->hash == type_hash<T>() &&
        word_.length() == payload_offset_ + sizeof(T)) [[likely]]
      return reinterpret_cast<const T*>(record_ + payload_offset_);
    return carries(*context_, topic_id(), payload().size(), type_hash<T>(), sizeof(T), last_type_)
               ? reinterpret_cast<const T*>(payload().data())
               : nullptr;
  }
  /// As `try_as`; throws `BadResult` (`type_mismatch`, naming both types) when it is not a `T`.
  template <class T>
  [[nodiscard]] const T& as() const {
    const T* value = try_as<T>();
    if (value == nullptr) [[unlikely]]
      throw_type_mismatch(context_->topics->of_record(topic_id()), payload().size(), type_name<T>(),
                          sizeof(T));
    return *value;
  }
  /// True for an event that a queue group delivers again, because the member that had it was evicted.
  [[nodiscard]] bool redelivered() const noexcept { return redelivered_; }
  /// When reads and subscriptions begin to hide it, in nanoseconds since the Unix epoch, UTC: the bus's clock
  /// at the publish, and the time to live; 0: never.
  [[nodiscard]] std::int64_t expires_at_ns() const noexcept;

  [[nodiscard]] EventView marked_redelivered() const noexcept {
    EventView copy = *this;
    copy.redelivered_ = true;
    return copy;
  }
  /// The record as it lies in the log, header included.
  [[nodiscard]] std::span<const std::byte> record() const noexcept { return {record_, word_.length()}; }
  [[nodiscard]] log::CommitWord word() const noexcept { return word_; }
  [[nodiscard]] const detail::ShardContext& context() const noexcept { return *context_; }

 private:
  template <class T>
  [[nodiscard]] T load(std::size_t offset) const noexcept {
    T value;
    std::memcpy(&value, record_ + offset, sizeof value);
    return value;
  }
  // Static, both, so that a view whose fields are in registers need not go to memory for them.
  [[nodiscard]] static bool carries(const detail::ShardContext& context, std::uint32_t topic_id,
                                    std::size_t payload_bytes, std::uint64_t hash, std::size_t size,
                                    detail::LastType* last_type) noexcept;
  [[noreturn]] static void throw_type_mismatch(const Topic& topic, std::size_t payload_bytes,
                                               std::string_view wanted, std::size_t size);

  const detail::ShardContext* context_;
  const std::byte* record_;
  log::CommitWord word_;
  std::uint64_t position_;
  std::uint32_t payload_offset_;
  bool redelivered_ = false;
  detail::LastType* last_type_;
};

/// An event that owns its bytes, to be kept as long as you like (also beyond its bus).
class Event {
 public:
  Event() = default;
  explicit Event(const EventView& view);

  [[nodiscard]] const EventId& id() const noexcept { return id_; }
  [[nodiscard]] const std::string& topic() const noexcept { return topic_; }
  [[nodiscard]] std::int64_t timestamp_ns() const noexcept { return timestamp_ns_; }
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
  [[nodiscard]] std::uint32_t shard() const noexcept { return shard_; }
  [[nodiscard]] bool redelivered() const noexcept { return redelivered_; }
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& metadata() const noexcept {
    return metadata_;
  }
  [[nodiscard]] std::span<const std::byte> payload() const noexcept { return payload_; }
  [[nodiscard]] std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(payload_.data()), payload_.size()};
  }
  /// The payload as a `T`. Throws `BadResult` (`type_mismatch`) when the event's topic carried another type.
  template <class T>
  [[nodiscard]] T as() const {
    check_type(type_hash<T>(), type_name<T>(), sizeof(T));
    T value;
    std::memcpy(&value, payload_.data(), sizeof value);
    return value;
  }

 private:
  void check_type(std::uint64_t hash, std::string_view wanted, std::size_t size) const;

  EventId id_;
  std::string topic_;
  std::string type_name_;
  std::uint64_t type_hash_ = 0;
  std::int64_t timestamp_ns_ = 0;
  std::uint64_t position_ = 0;
  std::uint32_t shard_ = 0;
  bool redelivered_ = false;
  std::vector<std::pair<std::string, std::string>> metadata_;
  std::vector<std::byte> payload_;
};

}  // namespace sluice
