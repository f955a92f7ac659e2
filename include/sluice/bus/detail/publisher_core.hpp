#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "sluice/base/clock.hpp"
#include "sluice/base/counter.hpp"
#include "sluice/bus/detail/shard.hpp"
#include "sluice/bus/detail/sole_use.hpp"
#include "sluice/bus/options.hpp"
#include "sluice/bus/publish_result.hpp"
#include "sluice/topic/topic.hpp"

namespace sluice::detail {

class Core;

/// Whether a publish may wait for room.
enum class MayWait : std::uint8_t { no, yes };

/// Who holds a ring back, as text of fixed size, so that failing allocates nothing.
using HolderText = std::array<char, 128>;

/// Everything one publisher needs to publish, found in few cache lines: the fast path is inline, and whatever
/// waits, fails or is rare lies behind a call.
///
/// **Thread safety.** One thread at a time, save the counters and the open claim's fields, which anybody may
/// read.
class alignas(64) PublisherCore {
 public:
  /// `owner` keeps the core alive for as long as the publisher lives; null where the caller does.
  PublisherCore(std::shared_ptr<Core> owner, Core& core, const Topic& to, Shard& on,
                const PublisherOptions& options);
  ~PublisherCore();
  PublisherCore(const PublisherCore&) = delete;
  PublisherCore& operator=(const PublisherCore&) = delete;

  /// One event whose payload is `payload_bytes` at `payload`.
  PublishResult publish(const void* payload, std::size_t payload_bytes, MayWait may_wait) noexcept {
    return write(payload_bytes, may_wait, [&](std::byte* to) {
      if (payload_bytes != 0) std::memcpy(to, payload, payload_bytes);
    });
  }
  /// The same with a size that the compiler knows.
  template <std::size_t PayloadBytes>
  PublishResult publish_fixed(const void* payload, MayWait may_wait) noexcept {
    return write(PayloadBytes, may_wait, [&](std::byte* to) { std::memcpy(to, payload, PayloadBytes); });
  }
  /// The same for payloads side by side, as `publish_batch`.
  template <std::size_t PayloadBytes>
  PublishResult publish_batch_fixed(const void* payloads, std::size_t count, MayWait may_wait) noexcept {
    constexpr std::size_t kLength = log::kHeaderBytes + PayloadBytes;
    constexpr std::uint64_t kStride = log::align_record(kLength);
    constexpr auto kWord = log::CommitWord::committed(log::RecordKind::data, std::uint32_t{kLength});
    // What is empty, too large or refused for another reason is told apart off the fast path.
    if (kLength > max_length_ || count - 1 >= shard->ring.max_batch_bytes() / kStride) [[unlikely]]
      return publish_batch(payloads, PayloadBytes, count, may_wait);
    [[maybe_unused]] const SoleUse use(user_, name.c_str());
    Shard& on = *shard;
    std::int64_t timestamp = timestamp_ns();
    const auto bytes = static_cast<std::uint32_t>(count * kStride);
    const log::Reservation space = take(on, bytes, may_wait, deadline_);
    if (space.status != log::ClaimStatus::ok) [[unlikely]]
      return {failure_.status, 0};
    auto place = on.ring.place_at(space.position);
    std::byte* const records = place.bytes(bytes);
    const auto* const from = static_cast<const std::byte*>(payloads);
    const bool each_has_its_time = timestamps_ == Timestamps::per_event;
    for (std::size_t i = 0; i < count; ++i) {
      std::byte* const record = records + i * kStride;
      if (i != 0) {
        if (each_has_its_time) timestamp = clock_.now_ns();
        place.place(i * kStride, kWord);
      }
      write_header(record, timestamp);
      std::memcpy(record + log::kHeaderBytes, from + i * PayloadBytes, PayloadBytes);
    }
    place.commit(kWord);
    finish(on, count);
    return {PublishStatus::ok, space.position};
  }
  /// `count` payloads of one size, lying side by side; seen together or not at all.
  PublishResult publish_batch(const void* payloads, std::size_t payload_bytes, std::size_t count,
                              MayWait may_wait) noexcept;
  PublishResult publish_batch(std::span<const std::span<const std::byte>> payloads,
                              MayWait may_wait) noexcept;
  /// With metadata, time, TTL, id or deadline of its own.
  PublishResult publish(std::span<const std::byte> payload, const PublishOptions& options) noexcept;

  /// Space for one record, whose owner commits or aborts it; if there is none, `describe_failure` says why.
  [[nodiscard]] log::Reservation open_claim(std::size_t payload_bytes, MayWait may_wait) noexcept;
  PublishResult commit_claim(const log::Reservation& space, std::size_t payload_bytes) noexcept;
  void abort_claim(const log::Reservation& space) noexcept;

  [[nodiscard]] Error describe_failure() const;

  // What every publish reads and writes: with the private ones below, one cache line, and the clock's.
  Shard* const shard;
  const Topic* const topic;
  std::int64_t caller_timestamp_ns = 0;
  Counter published;

 private:
  const std::uint64_t topic_and_no_crc_;  ///< little-endian: the topic's id, then four zero bytes
  log::ProducerCache cache_;
  std::size_t max_length_;  ///< of a record; 0 while a single producer's claim is open
  Timestamps timestamps_;
  ClockReader clock_;

 public:
  // For metrics, and for whoever asks what holds a shard back. Single writer.
  Counter would_block;
  Counter timed_out;
  Counter waited;
  /// Position of the open claim, or `log::kNoGate`. Relaxed: the words in the ring are the truth.
  log::Atomic<std::uint64_t> claim_position{log::kNoGate};
  log::Atomic<std::int64_t> claim_since_ns{0};  ///< monotonic; valid while a claim is open
  log::Atomic<std::uint64_t> claim_thread{0};
  std::string name;

 private:
  template <class Fill>
  PublishResult write(std::size_t payload_bytes, MayWait may_wait, Fill&& fill) noexcept {
    [[maybe_unused]] const SoleUse use(user_, name.c_str());
    const std::size_t length = log::kHeaderBytes + payload_bytes;
    if (length > max_length_) [[unlikely]]
      return refuse_length(length);
    Shard& on = *shard;
    const std::int64_t timestamp_ns = this->timestamp_ns();
    const auto bytes = static_cast<std::uint32_t>(log::align_record(length));
    const log::Reservation space = take(on, bytes, may_wait, deadline_);
    if (space.status != log::ClaimStatus::ok) [[unlikely]]
      return {failure_.status, 0};
    auto place = on.ring.place_at(space.position);
    std::byte* const record = place.bytes(length);
    write_header(record, timestamp_ns);
    fill(record + log::kHeaderBytes);
    place.commit(log::CommitWord::committed(log::RecordKind::data, static_cast<std::uint32_t>(length)));
    finish(on, 1);
    return {PublishStatus::ok, space.position};
  }

  [[nodiscard]] std::int64_t timestamp_ns() noexcept {
    return timestamps_ == Timestamps::caller ? caller_timestamp_ns : clock_.now_ns();
  }
  /// Everything before the extensions but the commit word.
  void write_header(std::byte* record, std::int64_t timestamp) const noexcept {
    std::memcpy(record + log::kTimestampOffset, &timestamp, sizeof timestamp);
    std::memcpy(record + log::kTopicOffset, &topic_and_no_crc_, sizeof topic_and_no_crc_);
  }
  /// After a commit: wakes who wants the event, and counts.
  void finish(Shard& on, std::uint64_t events) noexcept {
    on.lot.notify([this](std::uint32_t word) {
      // Relaxed: see Topic::interest; the lot's fence orders it.
      return topic->interest(word).load(std::memory_order_relaxed);
    });
    published.add(events);
  }

  template <class SizeOf, class Fill>
  PublishResult write_batch(std::size_t count, MayWait may_wait, SizeOf size_of, Fill fill) noexcept;

  PublishResult publish_with(std::span<const std::byte> payload, const PublishOptions& options) noexcept;
  PublishResult publish_durable(std::span<const std::byte> payload, const PublishOptions& options) noexcept;
  PublishResult refuse_length(std::size_t length) noexcept;
  PublishResult refuse_batch(std::uint64_t bytes) noexcept;
  PublishResult refuse(PublishStatus status, std::uint64_t bytes = 0) noexcept;
  /// Room that is had for nothing or found; without, `failure_.status` says why.
  [[gnu::always_inline]] log::Reservation take(Shard& on, std::uint32_t bytes, MayWait may_wait,
                                               std::chrono::nanoseconds deadline) noexcept {
    log::Reservation space = on.ring.reserve_within(cache_, bytes);
    if (space.status != log::ClaimStatus::ok) [[unlikely]]
      space = find_room(bytes, may_wait, deadline);
    return space;
  }
  /// Off the fast path: asks for room, and waits until there is some.
  log::Reservation find_room(std::uint32_t bytes, MayWait may_wait,
                             std::chrono::nanoseconds deadline) noexcept;
  log::Reservation wait_for_room(std::uint32_t bytes, MayWait may_wait,
                                 std::chrono::nanoseconds deadline) noexcept;
  [[nodiscard]] log::Reservation reserve(std::uint32_t bytes) noexcept;
  template <class Pause>
  log::Reservation look_again(std::uint32_t bytes, int looks, Pause pause) noexcept;
  log::Reservation sleep_for_room(std::uint32_t bytes, std::chrono::nanoseconds timeout) noexcept;
  void close_claim() noexcept;

  std::chrono::nanoseconds deadline_;
  std::int64_t claim_timestamp_ns_ = 0;
  log::Atomic<std::uint64_t> user_{0};  ///< debug builds: the thread that is in here
  Core* core_;
  std::shared_ptr<Core> owner_;

  // Why the last call failed.
  struct Failure {
    PublishStatus status = PublishStatus::ok;
    std::uint64_t bytes = 0;
    bool batch = false;
    HolderText holder;  ///< up to its first zero byte
    Failure() noexcept { holder[0] = '\0'; }
  } failure_;
};

/// Owns a publisher's core; gives a single-producer shard back when it goes.
using PublisherHandle = std::shared_ptr<PublisherCore>;

}  // namespace sluice::detail
