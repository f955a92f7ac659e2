#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/bus/options.hpp"

namespace sluice {

/// One shard, as it was a moment ago. Sizes in bytes, times in nanoseconds.
struct ShardMetrics {
  std::uint32_t shard = 0;
  Producers producers = Producers::multi;
  std::uint64_t capacity_bytes = 0;
  std::uint64_t tail = 0;             ///< end of the log
  std::uint64_t occupied_bytes = 0;   ///< between the slowest cursor and the tail
  std::string held_by;                ///< the subscription whose cursor that is; empty: nobody's
  std::uint64_t open_claims = 0;      ///< `Claim` objects neither committed nor aborted
  std::uint64_t oldest_claim_ns = 0;  ///< age of the oldest of them
};

struct PublisherMetrics {
  std::string name;
  std::string topic;
  std::uint64_t published = 0;
  std::uint64_t would_block = 0;  ///< calls that found the ring full and could not or would not wait
  std::uint64_t timed_out = 0;
  std::uint64_t waited = 0;  ///< calls that had to wait, and got through
};

struct SubscriptionMetrics {
  std::string name;
  std::string topic;
  std::string group;
  Overload overload = Overload::block;
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
  std::uint64_t expired = 0;  ///< not seen, since their time to live was over when it came to them
  std::uint64_t lag_bytes = 0;
  std::uint64_t wakes = 0;       ///< times it was woken from sleep, or its eventfd was signalled
  std::uint64_t rescues = 0;     ///< times a backstop found it asleep beside an event: 0, or it's a bug
  std::uint64_t exceptions = 0;  ///< handlers that threw
};

/// The whole bus. Read from single-writer counters: taking it costs publishers and readers nothing.
struct BusMetrics {
  std::uint64_t published = 0;  ///< by all publishers, past ones and `Bus::publish` included
  std::uint64_t topics = 0;
  std::uint64_t evictions = 0;
  std::uint64_t rescues = 0;     ///< of all subscriptions, past ones included, and of waiting publishers
  bool asymmetric_fence = true;  ///< false: membarrier was refused, and every publish pays a full fence
  std::vector<ShardMetrics> shards;
  std::vector<PublisherMetrics> publishers;
  std::vector<SubscriptionMetrics> subscriptions;
};

}  // namespace sluice
