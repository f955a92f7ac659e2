#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "sluice/log/final_tail.hpp"
#include "sluice/log/sleep.hpp"

#include "model/support.hpp"

/// Who publishes and wakes, and who reads and sleeps: the log's parts, put together as the bus does it
/// (src/bus/publisher_wait.cpp, waiting.cpp, lifecycle.cpp). Nothing here has a timeout, so that a wake-up
/// that is lost is a deadlock.
namespace sluice::model {

/// The subscription in this slot wants events of this topic.
struct Wish {
  std::uint32_t slot = 0;
  std::uint32_t topic = 1;
};

/// A shard: a ring with who wants what of it, and its end.
class ShardModel : public RingModel {
 public:
  /// `shared_waiters`: those of another shard, for readers of both.
  explicit ShardModel(const RingSetup& setup, std::vector<Wish> wishes = {{0, 1}},
                      ModelWaiter* shared_waiters = nullptr)
      : RingModel(setup, shared_waiters), wishes_(std::move(wishes)) {}

  [[nodiscard]] std::uint64_t interest(std::uint32_t topic, std::uint32_t word) const noexcept;
  [[nodiscard]] bool wants(std::uint32_t slot, std::uint32_t topic) const noexcept;

  /// After this no publish succeeds, and whoever sleeps comes out to see it.
  void close() noexcept;

  log::FinalTail<Policy> final_tail;

 private:
  std::vector<Wish> wishes_;
};

/// Publishes, tells who wants it, and sleeps while there is no room. One per thread.
class Teller {
 public:
  explicit Teller(ShardModel& shard) : shard_(&shard), writer_(shard) {}

  /// `ok` or `closed`.
  ClaimStatus publish(std::uint64_t number, std::uint32_t topic = 1, std::uint32_t bytes = 32);
  /// Space, written already, as soon as there is some; or `closed`.
  Reservation claim(std::uint64_t number, std::uint32_t topic = 1, std::uint32_t bytes = 32);
  /// The same without waiting.
  Reservation try_claim(std::uint64_t number, std::uint32_t topic = 1, std::uint32_t bytes = 32);
  void commit(const Reservation& space, std::uint32_t topic = 1);
  void abort(const Reservation& space);

 private:
  Reservation reserve(std::uint32_t bytes);
  Reservation await_room(std::uint32_t bytes);

  ShardModel* shard_;
  Publisher writer_;
  ProducerCache cache_;
};

/// Reads what its slot wants, in place, behind a gate on each of its shards, and sleeps while there is
/// nothing.
class Sleeper {
 public:
  struct Place {
    ShardModel* shard;
    std::uint32_t gate = 0;
    std::uint64_t position = 0;
    std::uint64_t stored = 0;  ///< where the gate stands
  };

  explicit Sleeper(ShardModel& shard, std::uint32_t slot = 0, std::uint32_t gate = 0,
                   std::uint64_t position = 0)
      : Sleeper({{&shard, gate, position, position}}, slot) {}
  Sleeper(std::vector<Place> places, std::uint32_t slot)
      : slot_(slot), waiter_(&places.front().shard->waiter(slot)), places_(std::move(places)) {}

  /// The next event it wants; empty when it has read a closed shard to its end, or was told to stop.
  std::optional<GateReader::Record> next();
  /// The same, where it must come.
  std::uint64_t next_number();
  std::optional<GateReader::Record> try_next();
  /// Sleeps, unless there is something to read, until it may be worth a look.
  void park();
  /// What keeps it awake for good, to be asked behind each look; stored before its waiter is woken.
  void stops_when(std::function<bool()> told) { told_ = std::move(told); }

  [[nodiscard]] std::uint64_t position() const noexcept { return places_.front().position; }

  // The halves of `park`, for who waits for a descriptor in place of sleeping.
  [[nodiscard]] bool fall_asleep();
  void rise();
  /// True when its descriptor will tell; false when there is something to see already.
  [[nodiscard]] bool is_armed() { return fall_asleep() && !ends(); }

 private:
  class SleepingPlace;

  [[nodiscard]] bool ends() const;
  [[nodiscard]] bool is_wanted_next(Place& place);
  void store_gate(Place& place);

  std::uint32_t slot_;
  ModelWaiter* waiter_;
  std::vector<Place> places_;
  std::function<bool()> told_;
};

/// Bounds no sleep.
inline constexpr std::chrono::nanoseconds kForEver{-1};

}  // namespace sluice::model
