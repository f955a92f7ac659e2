#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/result.hpp"
#include "sluice/bus/event.hpp"
#include "sluice/bus/options.hpp"

namespace sluice {

namespace detail {
class Core;
}

/// A topic as a persistence keeps it: enough for every later run to give it the same id and shard.
struct TopicDefinition {
  std::string name{};
  std::uint32_t id = 0;
  std::uint32_t shard = 0;
};

/// A shard as the bus is about to open it.
struct ShardRequest {
  std::size_t capacity_bytes = 0;  ///< of its ring
  Producers producers = Producers::multi;
};

/// What the bus is about to open.
struct StartRequest {
  std::vector<ShardRequest> shards{};
  std::shared_ptr<const Clock> clock{};  ///< the bus's, by which events expire; null: the default one
};

/// What the bus starts from.
struct StartState {
  std::uint64_t epoch = 0;  ///< of this run; never one that was used before
  std::vector<std::uint64_t>
      positions{};  ///< where each shard goes on: multiples of 32; missing ones start at 0
  std::vector<TopicDefinition> topics{};  ///< in the order of their ids, which are dense from 0
};

/// One shard's log as its persistence reads it: whole committed records, in order, held in the ring until
/// they are released. Used by one thread at a time.
class Tap {
 public:
  [[nodiscard]] std::uint32_t shard() const noexcept { return shard_; }
  /// Position of the first record that was not released.
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
  /// The records from `position()` on, padding and aborted ones included: contiguous bytes, at most
  /// `max_bytes` but at least one record if any is committed. Empty when none is.
  [[nodiscard]] std::span<const std::byte> committed(std::size_t max_bytes) const noexcept;
  /// Lets the first `bytes` of what `committed` gave go.
  void release(std::size_t bytes) noexcept;
  /// True once the bus is closed and everything was released.
  [[nodiscard]] bool at_end() const noexcept;

 private:
  friend class Taps;
  Tap(std::shared_ptr<detail::Core> core, std::uint32_t shard, std::uint64_t position) noexcept
      : core_(std::move(core)), shard_(shard), position_(position) {}

  std::shared_ptr<detail::Core> core_;
  std::uint32_t shard_;
  std::uint64_t position_;
};

/// The taps of every shard, with one place to wait.
class Taps {
 public:
  [[nodiscard]] std::span<Tap> shards() noexcept { return taps_; }
  /// Sleeps until some tap has committed records, all are at their end, or `timeout` passes.
  void wait(std::chrono::nanoseconds timeout) noexcept;

 private:
  friend class detail::Core;
  explicit Taps(const std::shared_ptr<detail::Core>& core);
  [[nodiscard]] bool ready() const noexcept;

  std::shared_ptr<detail::Core> core_;
  std::vector<Tap> taps_;
};

/// Whether a durable cursor keeps the events that it has not read.
enum class CursorRetention : std::uint8_t {
  gap,   ///< no: it may find that they are no longer kept, as a `gap` that names the oldest
  hold,  ///< yes: none of them is removed, whatever limits are set; where the limit is one of space, that is
         ///< as if the disk were full
};

/// What a bus is given to outlive its memory: the journal, or your own. Pass it in `BusOptions::persistence`.
///
/// **Calls.** `start` once, then `ring_memory` once per shard, then `run`; `define_topic` whenever a topic is
/// new; `stop` once. The history and cursor calls may come from any thread between `start` and the
/// destructor; all others come one at a time. No call may use the bus. A forked child's bus makes none.
class Persistence {
 public:
  virtual ~Persistence() = default;

  /// Says what to start from. An error keeps the bus from opening.
  [[nodiscard]] virtual Result<StartState> start(const StartRequest& request) = 0;
  /// Zeroed, page-aligned memory for a shard's ring, header included, to be kept until after `stop`; an empty
  /// span leaves it to the bus. In a forked child the bus puts zeroes of the child's own in its place, so
  /// that what is shared with the parent is never written there.
  [[nodiscard]] virtual Result<std::span<std::byte>> ring_memory(std::uint32_t shard, std::size_t bytes) = 0;
  /// Keeps a topic's definition before its id is handed out, so that a kept record always has its topic's
  /// name. An error refuses the topic.
  [[nodiscard]] virtual Result<void> define_topic(const TopicDefinition& topic) = 0;
  /// The bus is open: read the taps, on threads of your own. While a tap is not released, producers wait for
  /// it.
  virtual void run(Taps taps) = 0;
  /// The bus is closed, and nothing is published any more: read the taps to their end, and end your threads.
  /// A claim that its owner never closes keeps a tap from its end; after `timeout` without progress give up
  /// on it. Also called, once, when opening fails after `start` succeeded; `run` may not have been called
  /// then.
  virtual void stop(std::chrono::nanoseconds timeout) noexcept = 0;

  /// Calls `visit` for each kept event of a shard from `from` on, in order, until it answers false or the end
  /// is reached; returns where to go on. Events whose time to live was over when the call began are hidden.
  /// Errors: `gap` when `from` is no longer kept, naming the oldest position.
  [[nodiscard]] virtual Result<std::uint64_t> read(std::uint32_t shard, std::uint64_t from,
                                                   const std::function<bool(const EventView&)>& visit) = 0;
  /// Everything below it is kept, if the process dies (`journaled`) or the machine does (`durable`).
  [[nodiscard]] virtual std::uint64_t journaled_position(std::uint32_t shard) const noexcept = 0;
  [[nodiscard]] virtual std::uint64_t durable_position(std::uint32_t shard) const noexcept = 0;
  /// Whether `sync` can be had: a persistence that says no is never asked.
  [[nodiscard]] virtual bool can_sync() const noexcept { return false; }
  /// Returns once everything below `position` of a shard survives the machine; `durability_unknown` when
  /// `timeout` passes first or the disk fails, saying why. Any thread.
  [[nodiscard]] virtual Result<void> sync(std::uint32_t shard, std::uint64_t position,
                                          std::chrono::nanoseconds timeout);

  /// A named subscriber's place, kept across runs; nothing when the name is new.
  [[nodiscard]] virtual Result<std::optional<std::uint64_t>> load_cursor(std::string_view name,
                                                                         std::uint32_t shard) = 0;
  [[nodiscard]] virtual Result<void> store_cursor(std::string_view name, std::uint32_t shard,
                                                  std::uint64_t position, CursorRetention retention) = 0;
  /// Forgets a place, and what it holds; none of that name is fine, too.
  [[nodiscard]] virtual Result<void> remove_cursor(std::string_view name, std::uint32_t shard) = 0;
};

/// A persistence that keeps everything in this process's memory, without bound, and outlives the bus it is
/// given to: for tests, and as the model of what a persistence does. Give the same one to the next
/// `Bus::open` and the log goes on where it ended.
[[nodiscard]] std::shared_ptr<Persistence> memory_persistence();

}  // namespace sluice
