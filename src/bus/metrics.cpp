#include "sluice/bus/metrics.hpp"

#include <algorithm>

#include "bus/core.hpp"

namespace sluice::detail {

std::uint64_t Core::published() {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = published_before_ + published_by_name_.read();
  for (const PublisherCore* publisher : publishers_) sum += publisher->published.read();
  return sum;
}

ShardMetrics Core::metrics_of(Shard& shard) {
  ShardMetrics metrics;
  metrics.shard = shard.context.shard;
  metrics.producers = shard.ring.producers();
  metrics.capacity_bytes = shard.ring.capacity_bytes();
  metrics.tail = shard.ring.tail();  // first: a holder that is looked up later is no further behind it
  const Holder holder = find_holder(shard);
  if (holder.position < metrics.tail) {
    metrics.occupied_bytes = metrics.tail - holder.position;
    metrics.held_by = holder.subscription.empty() ? holder.name : holder.subscription;
  }
  const std::int64_t now_ns = monotonic_ns();
  const std::lock_guard lock(mutex_);
  for (const PublisherCore* publisher : publishers_) {
    // Relaxed, here and below: see PublisherCore; a claim that opens or closes meanwhile may be missed.
    if (publisher->shard != &shard ||
        publisher->claim_position.load(std::memory_order_relaxed) == log::kNoGate)
      continue;
    ++metrics.open_claims;
    // Relaxed: an age of the claim before or after is as good an answer, and is kept from being negative.
    const std::int64_t age_ns = now_ns - publisher->claim_since_ns.load(std::memory_order_relaxed);
    metrics.oldest_claim_ns =
        std::max(metrics.oldest_claim_ns, static_cast<std::uint64_t>(std::max<std::int64_t>(0, age_ns)));
  }
  return metrics;
}

BusMetrics Core::metrics() {
  BusMetrics metrics;
  if (!is_home()) return metrics;
  metrics.published = published();
  metrics.topics = topics_->size();
  metrics.evictions = keeper_.evictions();
  metrics.asymmetric_fence = platform::asymmetric_fence_available();
  for (const auto& shard : shards_) metrics.shards.push_back(metrics_of(*shard));
  for (const auto& subscription : subscriptions()) {
    SubscriptionMetrics one;
    one.name = subscription->name;
    one.topic = subscription->options.topic;
    one.group = subscription->options.group;
    one.overload = subscription->options.overload;
    one.received = subscription->received.read();
    one.lost = subscription->lost();
    one.expired = subscription->expired.read();
    one.lag_bytes = subscription->lag_bytes();
    one.wakes = subscription->wakes();
    one.rescues = subscription->rescues.read();
    one.exceptions = subscription->exceptions.read();
    metrics.rescues += one.rescues;
    metrics.subscriptions.push_back(std::move(one));
  }
  const std::lock_guard lock(mutex_);
  metrics.rescues += rescues_before_ + publisher_rescues_.read();
  for (const PublisherCore* publisher : publishers_) {
    metrics.publishers.push_back({.name = publisher->name,
                                  .topic = std::string(publisher->topic->name()),
                                  .published = publisher->published.read(),
                                  .would_block = publisher->would_block.read(),
                                  .timed_out = publisher->timed_out.read(),
                                  .waited = publisher->waited.read()});
  }
  return metrics;
}

}  // namespace sluice::detail
