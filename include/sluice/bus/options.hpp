#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/base/error.hpp"
#include "sluice/base/event_id.hpp"
#include "sluice/log/ring.hpp"

namespace sluice {

class Clock;
class Persistence;

using log::Producers;

/// What happens when a subscriber is so slow that the ring is full. It is the same ring for every topic of a
/// shard: a `block` subscription that nobody polls stops all of the shard's producers, whether it wants their
/// events or not. Poll it, destroy it, or give it another policy.
enum class Overload : std::uint8_t {
  block,  ///< producers wait for it, each publish up to its deadline; sees events in place, without a copy
  drop_oldest,  ///< it loses the oldest events it has not read; how many is counted exactly
  evict,        ///< producers wait for it until its eviction deadline; then it is removed and named
};
[[nodiscard]] std::string_view to_string(Overload policy) noexcept;

/// Where an event's timestamp comes from, unless the caller gives one.
enum class Timestamps : std::uint8_t {
  per_event,  ///< one clock reading per event: about 13 ns with the TSC
  per_batch,  ///< one per batch; events published one at a time get one each
  caller,     ///< none: what the caller gives, 0 included, is kept
};

/// How a thread waits for events: it spins, then yields, then sleeps.
struct WaitStrategy {
  std::uint32_t spins = 200;  ///< looks with a pause between them (about 5 ns each); 0 to 1,000,000
  std::uint32_t yields =
      50;            ///< looks that give the core away between them (about 0.4 us each); 0 to 1,000,000
  bool park = true;  ///< then sleep until woken (5 us to wake); false: go on yielding, at a whole core's cost

  /// The lowest latency, for a core of its own: never sleeps.
  [[nodiscard]] static constexpr WaitStrategy busy() { return {1'000, 0, false}; }
  /// The lowest cost: sleeps at once.
  [[nodiscard]] static constexpr WaitStrategy sleepy() { return {0, 0, true}; }
};

/// A shard of its own for the topics that match a pattern. The way into a single-producer shard.
struct PinnedShard {
  std::string pattern{};  ///< topics that match go here; the first pin that matches wins
  Producers producers =
      Producers::multi;  ///< `single`: one live `Publisher` at a time, and no `Bus::publish`
  std::optional<std::size_t> capacity_bytes{};  ///< default: the bus's
};

/// What went wrong where no caller could be told: a subscription evicted, a handler that threw.
struct Notice {
  ErrorCode code;
  std::string subscription{};  ///< its name
  std::string message{};
};

/// How a bus behaves. Validated once, by `Bus::open`; a value outside its range is `invalid_option`.
struct BusOptions {
  // Behaviour.
  std::shared_ptr<Persistence> persistence{};     ///< what outlives the process; none: memory only
  Timestamps timestamps = Timestamps::per_event;  ///< the default of every publisher
  std::chrono::nanoseconds publish_deadline =
      std::chrono::seconds(5);  ///< how long a publish may wait; 0 to 1 hour
  std::function<void(const Notice&)>
      on_notice{};                 ///< called on a bus thread; must not block, may use the bus
  std::shared_ptr<Clock> clock{};  ///< default: the calibrated TSC, else the system clock

  // Order. One shard is one total order; more shards scale further and order each topic by itself.
  std::uint32_t shards =
      1;  ///< multi-producer shards that topics are hashed over; 0 to 64 (0: pins take all)
  std::vector<PinnedShard> pinned{};  ///< further shards, at most 64

  // Size.
  std::size_t capacity_bytes = std::size_t{1} << 20;  ///< of each shard's ring: power of two, 4 KiB to 1 GiB
  std::uint32_t max_subscriptions = 64;  ///< at a time, group members counted; multiple of 64, 64 to 1,024
  std::uint32_t max_topics = 1u << 20;   ///< 1 to 16,777,216
  std::string name = "bus";              ///< names its threads; 1 to 11 bytes
};

/// What a subscriber sees, and what becomes of it when it is slow.
struct SubscribeOptions {
  std::string topic{};  ///< a topic or a pattern (`*` one token, `>` the rest); empty: the firehose
  std::string group{};  ///< queue group to join: each event goes to one member; empty: none
  Overload overload = Overload::block;
  std::chrono::nanoseconds evict_after = std::chrono::seconds(1);  ///< with `evict`: 1 ms to 1 hour
  std::string name{};   ///< in errors, notices and metrics; default: made of the topic and a number
  WaitStrategy wait{};  ///< how `next` and bus threads wait
};

/// One event's extras. Views are read before `publish` returns.
struct PublishOptions {
  /// Unique, non-empty keys; 65,535 bytes in all, four for each pair included.
  std::vector<std::pair<std::string_view, std::string_view>> metadata{};
  std::int64_t timestamp_ns = 0;  ///< since the Unix epoch, UTC; 0: now (or 0, with `Timestamps::caller`)
  /// Who comes to the event so long after the publish, by the bus's clock, does not see it; 0: everybody
  /// does; negative: an error.
  std::chrono::nanoseconds ttl{0};
  std::optional<EventId> id{};  ///< an event from elsewhere keeps its own
  /// Returns when the event survives a loss of power, or with `durability_unknown` at the deadline: a sync of
  /// the disk, which the publishers that wait at that moment share. Subscribers don't wait for it.
  bool durable = false;
  /// Instead of the bus's `publish_deadline`; 0: don't wait.
  std::optional<std::chrono::nanoseconds> deadline{};
};

/// How one publisher behaves.
struct PublisherOptions {
  std::optional<Timestamps> timestamps{};              ///< default: the bus's
  std::optional<std::chrono::nanoseconds> deadline{};  ///< default: the bus's `publish_deadline`
  std::string name{};  ///< in errors and metrics; default: the topic and a number
};

/// How a bus thread runs a subscription or a dispatcher.
struct RunOptions {
  std::string name{};             ///< the thread's, at most 15 bytes; default: the subscription's, cut short
  std::optional<unsigned> cpu{};  ///< pin it to this core
  std::optional<WaitStrategy> wait{};  ///< default: the subscription's
  std::size_t batch = 256;             ///< events between two looks at cancel and drain; 1 to 65,536
};

}  // namespace sluice
