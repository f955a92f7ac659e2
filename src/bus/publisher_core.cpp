#include "sluice/bus/detail/publisher_core.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "bus/core.hpp"
#include "bus/deadline.hpp"
#include "bus/history.hpp"
#include "bus/metadata.hpp"

namespace sluice::detail {

namespace {

bool asks_for_nothing(const PublishOptions& options) noexcept {
  return options.metadata.empty() && options.timestamp_ns == 0 && options.ttl.count() == 0 && !options.id &&
         !options.deadline && !options.durable;
}

}  // namespace

PublisherCore::PublisherCore(std::shared_ptr<Core> owner, Core& core, const Topic& to, Shard& on,
                             const PublisherOptions& options)
    : shard(&on),
      topic(&to),
      topic_and_no_crc_(to.id()),
      cache_(on.ring.newcomer()),
      max_length_(on.ring.max_record_bytes()),
      timestamps_(options.timestamps.value_or(core.options().timestamps)),
      clock_(core.clock()),
      name(options.name),
      deadline_(options.deadline.value_or(core.options().publish_deadline)),
      core_(&core),
      owner_(std::move(owner)) {}

void report_two_threads(const char* publisher) noexcept {
  std::fprintf(
      stderr,
      "sluice: publisher \"%s\" is used by two threads at once: give each thread a publisher of its own\n",
      publisher);
  std::abort();
}

PublisherCore::~PublisherCore() {
  if (owner_ != nullptr) core_->forget(*this);
}

template <class SizeOf, class Fill>
PublishResult PublisherCore::write_batch(std::size_t count, MayWait may_wait, SizeOf size_of,
                                         Fill fill) noexcept {
  [[maybe_unused]] const SoleUse use(user_, name.c_str());
  if (count == 0) return {PublishStatus::ok, shard->ring.tail()};
  if (max_length_ == 0) return refuse(PublishStatus::claim_open);
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t length = log::kHeaderBytes + size_of(i);
    if (length > max_length_) return refuse_length(length);
    bytes += log::align_record(length);
    // With the padding that may have to come first; see the ring.
    if (bytes > shard->ring.max_batch_bytes()) return refuse_batch(bytes);
  }
  std::int64_t timestamp = timestamp_ns();
  const log::Reservation space = take(*shard, static_cast<std::uint32_t>(bytes), may_wait, deadline_);
  if (space.status != log::ClaimStatus::ok) return {failure_.status, 0};
  auto place = shard->ring.place_at(space.position);
  std::byte* const records = place.bytes(bytes);
  std::uint64_t at = 0;
  log::CommitWord first;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t length = log::kHeaderBytes + size_of(i);
    if (i != 0 && timestamps_ == Timestamps::per_event) timestamp = timestamp_ns();
    write_header(records + at, timestamp);
    fill(i, records + at + log::kHeaderBytes);
    const auto word = log::CommitWord::committed(log::RecordKind::data, static_cast<std::uint32_t>(length));
    if (i == 0) {
      first = word;
    } else {
      place.place(at, word);
    }
    at += word.stride();
  }
  place.commit(first);
  finish(*shard, count);
  return {PublishStatus::ok, space.position};
}

PublishResult PublisherCore::publish_batch(const void* payloads, std::size_t payload_bytes, std::size_t count,
                                           MayWait may_wait) noexcept {
  const auto* from = static_cast<const std::byte*>(payloads);
  return write_batch(
      count, may_wait, [=](std::size_t) { return payload_bytes; },
      [=](std::size_t i, std::byte* to) { std::memcpy(to, from + i * payload_bytes, payload_bytes); });
}

PublishResult PublisherCore::publish_batch(std::span<const std::span<const std::byte>> payloads,
                                           MayWait may_wait) noexcept {
  return write_batch(
      payloads.size(), may_wait, [=](std::size_t i) { return payloads[i].size(); },
      [=](std::size_t i, std::byte* to) {
        if (!payloads[i].empty()) std::memcpy(to, payloads[i].data(), payloads[i].size());
      });
}

PublishResult PublisherCore::publish(std::span<const std::byte> payload,
                                     const PublishOptions& options) noexcept {
  if (asks_for_nothing(options)) return publish(payload.data(), payload.size(), MayWait::yes);
  return options.durable ? publish_durable(payload, options) : publish_with(payload, options);
}

PublishResult PublisherCore::publish_with(std::span<const std::byte> payload,
                                          const PublishOptions& options) noexcept {
  [[maybe_unused]] const SoleUse use(user_, name.c_str());
  const MetadataSize metadata = measure(options.metadata);
  if (!metadata.valid) return refuse(PublishStatus::invalid_metadata);
  const std::chrono::nanoseconds deadline = options.deadline.value_or(deadline_);
  if (options.ttl.count() < 0 || deadline.count() < 0) return refuse(PublishStatus::invalid_option);

  std::uint16_t flags = 0;
  if (options.ttl.count() != 0) flags |= log::kHasTtl;
  if (options.id) flags |= log::kHasExplicitId;
  auto word =
      log::CommitWord::committed(log::RecordKind::data, 0, flags, static_cast<std::uint16_t>(metadata.bytes));
  const std::size_t length = word.payload_offset() + payload.size();
  if (length > max_length_) return refuse_length(length);
  word = log::CommitWord::committed(log::RecordKind::data, static_cast<std::uint32_t>(length), flags,
                                    static_cast<std::uint16_t>(metadata.bytes));

  const std::int64_t timestamp = options.timestamp_ns != 0 ? options.timestamp_ns : timestamp_ns();
  const auto bytes = static_cast<std::uint32_t>(log::align_record(length));
  const auto may_wait = deadline.count() == 0 ? MayWait::no : MayWait::yes;
  const log::Reservation space = take(*shard, bytes, may_wait, deadline);
  if (space.status != log::ClaimStatus::ok) return {failure_.status, 0};
  auto place = shard->ring.place_at(space.position);
  std::byte* const record = place.bytes(length);
  write_header(record, timestamp);
  std::byte* to = record + log::kHeaderBytes;
  if (options.ttl.count() != 0) {
    const std::int64_t expires_at = expires_at_ns(clock_.now_ns(), options.ttl);
    std::memcpy(to, &expires_at, sizeof expires_at);
    to += log::kTtlBytes;
  }
  if (options.id) {
    const EventId::Bytes id = options.id->bytes();
    std::memcpy(to, id.data(), id.size());
    to += log::kExplicitIdBytes;
  }
  to = encode(options.metadata, to);
  std::byte* const payload_at = record + word.payload_offset();
  while (to != payload_at) *to++ = std::byte{0};  // the gap is part of what a checksum covers
  if (!payload.empty()) std::memcpy(payload_at, payload.data(), payload.size());
  place.commit(word);
  finish(*shard, 1);
  return {PublishStatus::ok, space.position};
}

PublishResult PublisherCore::publish_durable(std::span<const std::byte> payload,
                                             const PublishOptions& options) noexcept {
  if (!core_->can_sync()) return refuse(PublishStatus::unsupported);
  const Deadline until = Deadline::in(options.deadline.value_or(deadline_));
  const PublishResult result = publish_with(payload, options);
  if (!result) return result;
  // What is durable ends between records: no record is shorter, so all of this one is below.
  const std::uint64_t in_it = result.position + log::kAlignment;
  const auto synced = core_->sync(shard->context.shard, in_it, until.left());
  if (synced) return result;
  failure_.status = PublishStatus::durability_unknown;
  failure_.bytes = result.position;
  const std::string& why = synced.error().message;
  const std::size_t kept = std::min(why.size(), failure_.holder.size() - 1);
  std::copy_n(why.data(), kept, failure_.holder.data());
  failure_.holder[kept] = '\0';
  return {PublishStatus::durability_unknown, result.position};
}

log::Reservation PublisherCore::open_claim(std::size_t payload_bytes, MayWait may_wait) noexcept {
  [[maybe_unused]] const SoleUse use(user_, name.c_str());
  // Relaxed, here and below: this thread alone stores them; others look for a report.
  if (claim_position.load(std::memory_order_relaxed) != log::kNoGate) {
    refuse(PublishStatus::claim_open);
    return {};
  }
  // Checked before the header is added, so that no sum overflows.
  if (payload_bytes > max_length_ || log::kHeaderBytes + payload_bytes > max_length_) {
    refuse_length(log::kHeaderBytes + payload_bytes);
    return {};
  }
  claim_timestamp_ns_ = timestamp_ns();
  const auto bytes = static_cast<std::uint32_t>(log::align_record(log::kHeaderBytes + payload_bytes));
  const log::Reservation space = take(*shard, bytes, may_wait, deadline_);
  if (space.status != log::ClaimStatus::ok) return space;
  // Relaxed: see above.
  claim_thread.store(platform::current_thread_id(), std::memory_order_relaxed);
  claim_since_ns.store(monotonic_ns(), std::memory_order_relaxed);
  claim_position.store(space.position, std::memory_order_relaxed);
  if (shard->ring.producers() == Producers::single) max_length_ = 0;
  return space;
}

PublishResult PublisherCore::commit_claim(const log::Reservation& space, std::size_t payload_bytes) noexcept {
  const std::size_t length = log::kHeaderBytes + payload_bytes;
  write_header(shard->ring.writable(space.position, length), claim_timestamp_ns_);
  shard->ring.commit(space,
                     log::CommitWord::committed(log::RecordKind::data, static_cast<std::uint32_t>(length)));
  close_claim();
  finish(*shard, 1);
  return {PublishStatus::ok, space.position};
}

void PublisherCore::abort_claim(const log::Reservation& space) noexcept {
  shard->ring.abort(space);
  close_claim();
  // Readers that sleep for any commit, and publishers that this claim held back, must look again.
  shard->lot.wake_all();
  shard->lot.space_freed();
}

void PublisherCore::close_claim() noexcept {
  claim_position.store(log::kNoGate, std::memory_order_relaxed);  // see open_claim
  max_length_ = shard->ring.max_record_bytes();
}

}  // namespace sluice::detail
