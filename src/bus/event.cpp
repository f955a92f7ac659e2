#include "sluice/bus/event.hpp"

#include <cstring>

namespace sluice {

namespace {

[[noreturn]] void throw_mismatch(std::string_view topic, std::string_view has, std::string_view wanted,
                                 std::size_t wanted_bytes, std::size_t bytes) {
  const std::string what = has.empty() ? "carries no declared type" : "carries " + std::string(has);
  throw BadResult(
      {ErrorCode::type_mismatch,
       "topic \"" + std::string(topic) + "\" " + what + " (this event has " + std::to_string(bytes) +
           " bytes), but was read as " + std::string(wanted) + " (" + std::to_string(wanted_bytes) +
           " bytes): read it as the type that its publisher declared, or as bytes with payload()"});
}

}  // namespace

EventId EventView::id() const noexcept {
  if ((word_.flags() & log::kHasExplicitId) == 0) {
    return EventId::from_position(context_->epoch, context_->shard, position_);
  }
  const std::size_t offset = log::kHeaderBytes + ((word_.flags() & log::kHasTtl) != 0 ? log::kTtlBytes : 0);
  EventId::Bytes bytes;
  std::memcpy(bytes.data(), record_ + offset, bytes.size());
  return EventId::from_bytes(bytes);
}

MetadataView EventView::metadata() const noexcept {
  const std::size_t offset = log::kHeaderBytes + word_.extension_bytes();
  return MetadataView(std::span(record_ + offset, word_.metadata_bytes()));
}

std::int64_t EventView::expires_at_ns() const noexcept {
  return (word_.flags() & log::kHasTtl) != 0 ? load<std::int64_t>(log::kHeaderBytes) : 0;
}

bool EventView::carries(const detail::ShardContext& context, std::uint32_t topic_id,
                        std::size_t payload_bytes, std::uint64_t hash, std::size_t size,
                        detail::LastType* last_type) noexcept {
  const TypeIdentity* type = context.topics->of_record(topic_id).type();
  if (type == nullptr) return false;
  if (last_type != nullptr) *last_type = {topic_id, type->hash};
  return type->hash == hash && payload_bytes == size;
}

void EventView::throw_type_mismatch(const Topic& topic, std::size_t payload_bytes, std::string_view wanted,
                                    std::size_t size) {
  const TypeIdentity* type = topic.type();
  throw_mismatch(topic.name(), type != nullptr ? std::string_view(type->name) : std::string_view(), wanted,
                 size, payload_bytes);
}

Event::Event(const EventView& view)
    : id_(view.id()),
      topic_(view.topic()),
      timestamp_ns_(view.timestamp_ns()),
      position_(view.position()),
      shard_(view.shard()),
      redelivered_(view.redelivered()),
      payload_(view.payload().begin(), view.payload().end()) {
  for (const auto& [key, value] : view.metadata()) metadata_.emplace_back(key, value);
  if (const TypeIdentity* type = view.context().topics->by_id(view.topic_id())->type(); type != nullptr) {
    type_name_ = type->name;
    type_hash_ = type->hash;
  }
}

void Event::check_type(std::uint64_t hash, std::string_view wanted, std::size_t size) const {
  if (type_name_.empty() || hash != type_hash_ || size != payload_.size()) {
    throw_mismatch(topic_, type_name_, wanted, size, payload_.size());
  }
}

}  // namespace sluice
