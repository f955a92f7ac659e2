#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "sluice/log/parking.hpp"
#include "sluice/log/ring.hpp"

#include "model/checker/explore.hpp"
#include "model/checker/policy.hpp"

/// The log's parts under the model's policy, put together for model tests: one ring with its gates and its
/// parking lot, producers that publish numbered records, and a reader that walks them behind a gate.
namespace sluice::model {

using log::ClaimStatus;
using log::CommitWord;
using log::ProducerCache;
using log::Producers;
using log::RecordKind;
using log::Reservation;
using log::RingOptions;

using ModelRing = log::Ring<Policy>;
using ModelGates = log::GateTable<Policy>;
using ModelGate = ModelGates::Gate;
using ModelCursor = ModelGates::Cursor;
using ModelLot = log::ParkingLot<Policy>;
using ModelWaiter = log::Waiter<Policy>;

/// A ring of two to four small records: everything that happens once per lap happens soon.
struct RingSetup {
  std::uint64_t capacity_bytes = 128;
  Producers producers = Producers::multi;
  std::uint64_t raise_chunk_bytes = 32;
  std::uint64_t start_position = 0;
  std::uint32_t gates = 1;
  std::uint32_t cursors = 0;
  std::uint32_t waiters = 0;  ///< one more is there, for a lot has at least one
  /// Gates that stand at the start position from the beginning, as those of subscribers that came first.
  std::uint32_t joined_gates = 1;
  /// Of `gates` and `cursors` those with the highest numbers: scans do not know of them before somebody calls
  /// `use_gates_up_to` or `use_cursors_up_to`.
  std::uint32_t unused_gates = 0;
  std::uint32_t unused_cursors = 0;
};

/// Build one per scenario, in a shared_ptr that the threads capture.
class RingModel {
 public:
  /// `shared_waiters`: another ring's, for who sleeps on both; that one lives as long.
  explicit RingModel(const RingSetup& setup = {}, ModelWaiter* shared_waiters = nullptr);

  log::RingState<Policy> state;

 private:
  RingBytes bytes_;

 public:
  ModelGates table;
  std::unique_ptr<ModelWaiter[]> waiters;
  ModelLot lot;
  ModelRing ring;

  [[nodiscard]] ModelGate& gate(std::uint32_t slot = 0) noexcept { return table.gate(slot); }
  [[nodiscard]] ModelCursor& cursor(std::uint32_t slot = 0) noexcept { return table.cursor(slot); }
  [[nodiscard]] ModelWaiter& waiter(std::uint32_t slot = 0) noexcept { return waiting_[slot]; }
  [[nodiscard]] std::uint32_t slots() const noexcept { return slots_; }

 private:
  ModelWaiter* waiting_;
  std::uint32_t slots_;

  void name_everything(const RingSetup& setup);
};

/// Publishes records whose every payload word holds one number. One per thread.
class Publisher {
 public:
  explicit Publisher(RingModel& model, const ProducerCache& cache = {}) : model_(&model), cache_(cache) {}

  /// Claims, as publishers do, by the short way first, and writes; the commit is the caller's.
  Reservation claim(std::uint64_t number, std::uint32_t bytes = 32, std::uint32_t topic = 1);
  /// Claims, writes and commits `used_bytes` of what was claimed; false when there was no room.
  bool try_publish(std::uint64_t number, std::uint32_t bytes = 32, std::uint32_t topic = 1);
  /// The same, again and again until there is room.
  void publish(std::uint64_t number, std::uint32_t bytes = 32, std::uint32_t topic = 1);

  /// Publish a record of 32 bytes whose number and topic say where it stands: see `number_at`.
  bool try_publish_in_turn();
  void publish_in_turn();

  /// Commits the first `used_bytes` of a reservation.
  void commit(const Reservation& space, std::uint32_t used_bytes);
  void commit(const Reservation& space) { commit(space, space.bytes); }
  void abort(const Reservation& space) { model_->ring.abort(space); }

  /// Fills a record's topic and payload, each word of which becomes `number`.
  void write(std::uint64_t position, std::uint32_t bytes, std::uint64_t number, std::uint32_t topic = 1);

  [[nodiscard]] ProducerCache& cache() noexcept { return cache_; }

 private:
  RingModel* model_;
  ProducerCache cache_;
};

/// The number, and topic, of a record that was published in turn: 1 at the log's beginning, and so on.
[[nodiscard]] constexpr std::uint64_t number_at(std::uint64_t position) noexcept {
  return position / log::kAlignment + 1;
}

/// Walks records behind a gate of its own, which stands at its position: what `block` subscribers do.
class GateReader {
 public:
  struct Record {
    std::uint64_t position = 0;
    std::uint64_t number = 0;
    std::uint32_t topic = 0;
    RecordKind kind = RecordKind::data;
  };

  explicit GateReader(RingModel& model, std::uint32_t slot = 0, std::uint64_t position = 0)
      : model_(&model), slot_(slot), position_(position) {}

  /// The next data record if one is committed; steps over padding and aborted claims. The gate follows.
  std::optional<Record> try_next();
  /// The same, pausing until there is one.
  Record next();
  /// Steps over at most one record of any kind; empty when nothing is committed.
  std::optional<Record> step();

  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }

 private:
  RingModel* model_;
  std::uint32_t slot_;
  std::uint64_t position_;
};

using Numbers = std::vector<std::uint64_t>;

/// Reads behind gate 0, pausing until there is something: what comes next are these, none missing or seen
/// twice.
void read_in_order(RingModel& model, const Numbers& numbers, std::uint64_t from = 0);

// ---- threads that many scenarios have -----------------------------------------------------------------

/// Publishes so many records in turn, waiting for room.
void publishes(Scenario& s, const std::shared_ptr<RingModel>& m, int records,
               const std::string& name = "producer");
/// The same, but where there is no room the record is left out.
void tries_to_publish(Scenario& s, const std::shared_ptr<RingModel>& m, int records,
                      const std::string& name = "producer");
/// Tries as well; the outcome is how many were published.
void counts_what_it_publishes(Scenario& s, const std::shared_ptr<RingModel>& m, int records,
                              const std::string& name = "producer");
/// Has claimed the next record before anybody runs. Its thread, "slow", writes it once more, so that a
/// producer who laps the claim and writes the same bytes is a race, and commits it.
void has_an_open_claim(Scenario& s, const std::shared_ptr<RingModel>& m);

// ---- what has to hold -----------------------------------------------------------------------------------

/// What holds in the end: nobody has claimed what lies at the tail, so nothing is there to be read.
void require_free_at_the_tail(RingModel& model);

/// Where the committed record at a position ends, or the position itself: for claims of one record each.
[[nodiscard]] std::uint64_t end_of_record(RingModel& model, std::uint64_t position);

/// Reads a record that was published in turn, whole: fails the schedule when it is of another lap.
void require_in_place(RingModel& model, std::uint64_t position);

/// A committed data record's number; fails the schedule when its payload's words differ.
std::uint64_t read_number(RingModel& model, std::uint64_t position);

}  // namespace sluice::model
