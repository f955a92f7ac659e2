#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sluice/bus/bus.hpp"
#include "sluice/journal/journal.hpp"

#include "flow_tally.hpp"
#include "journal_report.hpp"
#include "options.hpp"
#include "reconciliation.hpp"

namespace trading {

/// The run's events as its publisher counted them, for whoever reads them back.
struct PublishedFlow {
  const FlowTally& topics;
  std::uint64_t checksum = 0;  ///< over all events, in the order in which they were published
};

/// Keeps a run in a journal, and when the bus is closed reads it back: from the files, by another journal and
/// another bus, as a program that starts later would.
///
/// Not thread-safe.
class Archive {
 public:
  explicit Archive(std::string directory);

  /// For the bus of the run.
  [[nodiscard]] std::shared_ptr<sluice::Persistence> persistence() const { return journal_; }
  /// Call it before anything is published: the run's events are those from here on.
  void begin(const sluice::Bus& bus);
  /// Call it before the bus is closed: what keeps events from being journaled is not known after that.
  void note_trouble(Reconciliation& books) const;

  /// The bus is closed: opens the journal again and reads what was kept. What is not as it was published goes
  /// into `books`, as `journal: ...`. `bus_options` are those of the run.
  [[nodiscard]] JournalReport settle(const PublishedFlow& published, const Options& options,
                                     sluice::BusOptions bus_options, Reconciliation& books) const;

 private:
  std::string directory_;
  std::shared_ptr<sluice::Journal> journal_;
  sluice::JournalRecovery found_;
  std::vector<std::uint64_t> begins_;  ///< of this run, by shard
};

/// Compares topic by topic: how many, in which order, from where to where, and what they say.
void expect_same(const FlowTally& kept, const FlowTally& published, Reconciliation& books);

}  // namespace trading
