// How publishers come onto the bus and leave it, and how to publish without one.
#include "bus/core.hpp"
#include "bus/options.hpp"

namespace sluice::detail {

namespace {

Error exclusive(std::string_view topic, std::string_view why) {
  return {ErrorCode::exclusive_shard,
          "topic \"" + std::string(topic) + "\" is on a single-producer shard, " + std::string(why)};
}

Error closed_error(std::string_view topic) {
  return {ErrorCode::closed, "publishing to \"" + std::string(topic) + "\": the bus is closed"};
}

/// `bus.publish("")` is a different mistake from a name that breaks the rules.
Result<const Topic*> intern(TopicTable& topics, std::string_view name) {
  if (name.empty()) {
    return Error{ErrorCode::missing_topic, "the topic is empty: give the name of the topic to publish to"};
  }
  return topics.intern(name);
}

}  // namespace

Result<std::shared_ptr<PublisherCore>> Core::publisher(std::string_view topic_name,
                                                       std::optional<TypeIdentity> type,
                                                       PublisherOptions options) {
  if (auto home = check_home(); !home) return std::move(home).error();
  if (auto valid = validate(options); !valid) return std::move(valid).error();
  if (closed()) return closed_error(topic_name);
  auto topic = intern(*topics_, topic_name);
  if (!topic) return std::move(topic).error();
  Shard& shard = *shards_[(*topic)->shard()];
  std::shared_ptr<PublisherCore> publisher;
  const std::lock_guard lock(mutex_);
  if (shard.ring.producers() == Producers::single && shard.has_publisher) {
    return exclusive(topic_name,
                     "which has its one publisher already: destroy that first, or pin the topic to a "
                     "multi-producer shard");
  }
  // Last of all: a publisher that is refused must not give the topic its type.
  if (type) {
    if (auto bound = (*topic)->bind_type(*std::move(type)); !bound) return std::move(bound).error();
  }
  if (options.name.empty()) options.name = std::string(topic_name) + "#" + std::to_string(++publishers_made_);
  publisher = std::make_shared<PublisherCore>(shared_from_this(), *this, **topic, shard, options);
  publishers_.insert(publisher.get());
  shard.has_publisher = true;
  return publisher;
}

void Core::forget(PublisherCore& publisher) noexcept {
  if (!is_home()) return;
  const std::lock_guard lock(mutex_);
  if (publishers_.erase(&publisher) == 0) return;
  published_before_ += publisher.published.read();
  publisher.shard->has_publisher = false;
}

Result<const Topic*> Core::intern_new(std::string_view topic_name) {
  if (auto home = check_home(); !home) return std::move(home).error();
  return intern(*topics_, topic_name);
}

Result<EventId> Core::publish(std::string_view topic_name, std::span<const std::byte> payload,
                              const PublishOptions& options) {
  const Topic* topic = topics_->find(topic_name);
  if (topic == nullptr) [[unlikely]] {
    auto made = intern_new(topic_name);
    if (!made) return std::move(made).error();
    topic = *made;
  }
  Shard& shard = *shards_[topic->shard()];
  if (shard.ring.producers() == Producers::single) {
    return exclusive(topic_name, "which only a Publisher may publish to: get one with bus.publisher(topic)");
  }
  // One for the call: any number of threads may be here at once, and a publisher is for one.
  PublisherCore publisher(nullptr, *this, *topic, shard, {});
  const PublishResult result = publisher.publish(payload, options);
  if (!result.ok()) return publisher.describe_failure();
  published_by_name_.add();
  if (options.id) return *options.id;
  return EventId::from_position(shard.context.epoch, shard.context.shard, result.position);
}

}  // namespace sluice::detail
