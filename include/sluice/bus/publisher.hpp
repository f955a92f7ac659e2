#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "sluice/base/result.hpp"
#include "sluice/bus/detail/publisher_core.hpp"
#include "sluice/bus/options.hpp"
#include "sluice/bus/publish_result.hpp"
#include "sluice/bus/type_identity.hpp"

namespace sluice {

/// Space in the ring, to be written in place and then committed. Dropping it uncommitted aborts it, so an
/// exception between the two never stalls a reader. While it is open, nobody sees what was published behind
/// it: be quick. Belongs to the thread that claimed it, and must not outlive its publisher.
class Claim {
 public:
  Claim(Claim&& other) noexcept : core_(std::exchange(other.core_, nullptr)), space_(other.space_) {
    payload_bytes_ = other.payload_bytes_;
  }
  Claim& operator=(Claim&&) = delete;
  ~Claim() { abort(); }

  /// Where the payload goes: as many bytes as were claimed, 8-aligned, with undefined content.
  [[nodiscard]] std::span<std::byte> payload() noexcept {
    if (core_ == nullptr) return {};
    return {core_->shard->ring.writable(space_.position + log::kHeaderBytes, payload_bytes_), payload_bytes_};
  }
  /// Publishes all of it.
  PublishResult commit() noexcept { return commit(payload_bytes_); }
  /// Publishes the first `payload_bytes` of it (at most what was claimed; more is cut to that).
  PublishResult commit(std::size_t payload_bytes) noexcept;
  /// Gives it up now. Idempotent.
  void abort() noexcept;

 private:
  friend class Publisher;
  Claim(detail::PublisherCore& core, const log::Reservation& space, std::size_t payload_bytes) noexcept;

  detail::PublisherCore* core_;
  log::Reservation space_;
  std::size_t payload_bytes_;
};

/// Publishes to one topic, which was resolved once. Made by `Bus::publisher`.
///
/// **Thread safety.** One thread at a time per publisher; as many publishers as you like, but one on a
/// single-producer shard. **Memory ordering.** What was written before `publish` is visible to the handler
/// that gets the event. **When not to use it.** For a topic you publish to once in a while, `Bus::publish`
/// will do.
class Publisher {
 public:
  Publisher(Publisher&&) noexcept = default;
  Publisher& operator=(Publisher&&) noexcept = default;

  /// Publishes a copy of `payload`. Waits for room up to the publisher's deadline, when subscribers gate.
  PublishResult publish(std::span<const std::byte> payload) noexcept {
    return core_->publish(payload.data(), payload.size(), detail::MayWait::yes);
  }
  /// The same without ever waiting: `would_block` when the ring is full at this moment.
  [[nodiscard]] PublishResult try_publish(std::span<const std::byte> payload) noexcept {
    return core_->publish(payload.data(), payload.size(), detail::MayWait::no);
  }
  PublishResult publish(std::string_view text) noexcept { return publish(std::as_bytes(std::span(text))); }
  /// With metadata, timestamp, TTL, id or deadline of its own.
  PublishResult publish(std::span<const std::byte> payload, const PublishOptions& options) noexcept;

  /// Space for `payload_bytes`, to be written in place; waits like `publish`. The error says why there is
  /// none.
  [[nodiscard]] Result<Claim> claim(std::size_t payload_bytes);
  [[nodiscard]] Result<Claim> try_claim(std::size_t payload_bytes);

  /// Publishes several payloads so that readers see all of them or none yet. At most a quarter of the ring.
  PublishResult publish_batch(std::span<const std::span<const std::byte>> payloads) noexcept;

  /// With `Timestamps::caller`: what the following events carry, until it is called again. In nanoseconds
  /// since the Unix epoch. No effect otherwise.
  void set_timestamp_ns(std::int64_t timestamp_ns) noexcept { core_->caller_timestamp_ns = timestamp_ns; }

  /// Why the last call that failed did, for a person: sizes, the gate that held it and its subscription, what
  /// to do.
  [[nodiscard]] Error last_error() const { return core_->describe_failure(); }
  [[nodiscard]] std::string_view topic() const noexcept { return core_->topic->name(); }
  /// How many events it has published.
  [[nodiscard]] std::uint64_t published() const noexcept;

 protected:
  friend class Bus;
  explicit Publisher(std::shared_ptr<detail::PublisherCore> core) noexcept : core_(std::move(core)) {}

  detail::PublisherHandle core_;

 private:
  Result<Claim> claim(std::size_t payload_bytes, detail::MayWait may_wait);
};

/// A publisher of one trivially copyable type, which is the topic's for ever: whoever asks for another is
/// refused.
template <Payload T>
class TypedPublisher : public Publisher {
 public:
  PublishResult publish(const T& value) noexcept {
    return core_->publish_fixed<sizeof(T)>(&value, detail::MayWait::yes);
  }
  [[nodiscard]] PublishResult try_publish(const T& value) noexcept {
    return core_->publish_fixed<sizeof(T)>(&value, detail::MayWait::no);
  }
  PublishResult publish(const T& value, const PublishOptions& options) noexcept {
    return Publisher::publish(std::as_bytes(std::span(&value, 1)), options);
  }
  /// All of `values` or none: readers see the batch whole. At most a quarter of the ring.
  PublishResult publish_batch(std::span<const T> values) noexcept {
    return core_->publish_batch_fixed<sizeof(T)>(values.data(), values.size(), detail::MayWait::yes);
  }
  [[nodiscard]] PublishResult try_publish_batch(std::span<const T> values) noexcept {
    return core_->publish_batch_fixed<sizeof(T)>(values.data(), values.size(), detail::MayWait::no);
  }

 private:
  friend class Bus;
  using Publisher::Publisher;
  explicit TypedPublisher(Publisher&& raw) noexcept : Publisher(std::move(raw)) {}
};

}  // namespace sluice
