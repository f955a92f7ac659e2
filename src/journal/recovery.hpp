#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/journal/journal.hpp"

#include "journal/catalogue.hpp"
#include "journal/control_log.hpp"
#include "journal/file_system.hpp"
#include "journal/synced_record.hpp"

namespace sluice::detail {

/// Brings a directory's segments to where the last run ended: walks what was not known to be synced, cuts
/// what is torn, adds what the run's ring still holds, and has the disk keep all that. May be broken off at
/// any moment and begun again.
///
/// What is below the synced position is taken as it is: reading checks every record. If a sync of what is
/// above it may have failed, all of that is written anew: it reads well from the system's memory, and no
/// further sync of the same file would bring it to the disk.
class Recovery {
 public:
  Recovery(FileSystem& files, Catalogue& catalogue, SyncedRecord& record)
      : files_(&files), catalogue_(&catalogue), record_(&record), synced_(record.latest()) {}

  /// After it, all that was found is synced. Errors: `corrupt` (a record that was synced is missing), and
  /// those of reading and writing.
  [[nodiscard]] Result<void> run();

  [[nodiscard]] JournalRecovery& report() noexcept { return report_; }
  /// Where each shard's log ends.
  [[nodiscard]] std::vector<std::uint64_t> ends() const;

 private:
  void trust_earlier_runs();
  [[nodiscard]] Result<void> walk(std::uint32_t shard);
  [[nodiscard]] Result<void> add_ring(class RingFile& ring, std::uint32_t shard);
  [[nodiscard]] Result<void> make_durable();
  [[nodiscard]] Result<void> sync(std::uint32_t shard);
  [[nodiscard]] Result<void> write_anew(std::uint32_t shard);
  [[nodiscard]] Result<std::shared_ptr<Segment>> copy(const Segment& segment, std::uint64_t from,
                                                      std::uint64_t until);
  [[nodiscard]] std::uint64_t synced(std::uint32_t shard) const noexcept {
    return shard < synced_.positions.size() ? synced_.positions[shard] : 0;
  }

  FileSystem* files_;
  Catalogue* catalogue_;
  SyncedRecord* record_;
  SyncedPositions synced_;
  JournalRecovery report_;
};

}  // namespace sluice::detail
