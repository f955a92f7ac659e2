#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sluice/bus/persistence.hpp"
#include "sluice/log/machine.hpp"
#include "sluice/topic/table.hpp"

namespace sluice::detail {

/// What `memory_persistence()` makes: each shard's log as a row of chunks of whole records, copied from the
/// ring by one thread.
///
/// **Invariants**
/// 1. A shard's chunks follow one another without a hole, over all runs: a run goes on at the position where
///    the one before it ended.
/// 2. A chunk's bytes below `used` never change. The following thread alone writes, behind `used`, and moves
///    it under the lock; so readers copy `used` under the lock and read without it.
/// 3. A record belongs to the run that wrote it: its chunk knows that run's epoch. Topics have one id for
///    ever, so one table of our own serves all runs, whatever becomes of their buses.
///
/// **Thread safety.** That of `Persistence`. `forget_below` may be called from any thread.
class MemoryPersistence final : public Persistence {
 public:
  MemoryPersistence();
  ~MemoryPersistence() override;

  [[nodiscard]] Result<StartState> start(const StartRequest& request) override;
  [[nodiscard]] Result<std::span<std::byte>> ring_memory(std::uint32_t shard, std::size_t bytes) override;
  [[nodiscard]] Result<void> define_topic(const TopicDefinition& topic) override;
  void run(Taps taps) override;
  void stop(std::chrono::nanoseconds timeout) noexcept override;

  [[nodiscard]] Result<std::uint64_t> read(std::uint32_t shard, std::uint64_t from,
                                           const std::function<bool(const EventView&)>& visit) override;
  [[nodiscard]] std::uint64_t journaled_position(std::uint32_t shard) const noexcept override;
  /// Always 0: no byte of it outlives the machine.
  [[nodiscard]] std::uint64_t durable_position(std::uint32_t shard) const noexcept override;
  [[nodiscard]] Result<std::optional<std::uint64_t>> load_cursor(std::string_view name,
                                                                 std::uint32_t shard) override;
  [[nodiscard]] Result<void> store_cursor(std::string_view name, std::uint32_t shard, std::uint64_t position,
                                          CursorRetention retention) override;
  [[nodiscard]] Result<void> remove_cursor(std::string_view name, std::uint32_t shard) override;

  /// Retention by hand: lets go of the records that end at or below `position`, and that no cursor holds.
  /// Reads from below what is left are a `gap` from then on.
  void forget_below(std::uint32_t shard, std::uint64_t position);

 private:
  struct Chunk {
    const ShardContext* context;
    std::uint64_t begin;  ///< position of its first record
    std::size_t capacity;
    std::unique_ptr<std::byte[]> bytes;
    std::size_t used = 0;

    [[nodiscard]] std::uint64_t end() const noexcept { return begin + used; }
  };
  struct Cursor {
    std::uint64_t position = 0;
    CursorRetention retention = CursorRetention::gap;
  };
  struct Shard {
    std::vector<std::shared_ptr<Chunk>> chunks;
    std::uint64_t oldest = 0;  ///< the first position that is kept
    std::uint64_t end = 0;     ///< behind the last record that is kept
  };
  /// Records of one run, and how far they may be read.
  struct Piece {
    std::shared_ptr<const Chunk> chunk;
    std::size_t used = 0;
  };

  void follow(Taps& taps);
  bool keep(Tap& tap);
  Chunk& chunk_for(const Tap& tap, std::size_t bytes);
  [[nodiscard]] std::int64_t now() const;
  [[nodiscard]] Piece piece_at(std::uint32_t shard, std::uint64_t position) const;
  [[nodiscard]] Result<std::uint64_t> end_for_reading(std::uint32_t shard, std::uint64_t from) const;

  TopicTable topics_;
  std::thread follower_;
  static constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();
  log::Atomic<std::int64_t> patience_ns_{kForever};  ///< less once it is to stop

  mutable std::mutex mutex_;
  std::vector<Shard> shards_;
  std::deque<ShardContext> contexts_;         ///< of every shard in every run; they never move
  std::vector<const ShardContext*> current_;  ///< of this run, by shard
  std::map<std::pair<std::string, std::uint32_t>, Cursor> cursors_;
  std::shared_ptr<const Clock> clock_;  ///< of this run's bus
};

}  // namespace sluice::detail
