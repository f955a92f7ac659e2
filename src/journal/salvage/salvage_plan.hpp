#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journal/manifest.hpp"
#include "journal/ring_file.hpp"
#include "journal/salvage/control_salvage.hpp"
#include "journal/salvage/salvage_finding.hpp"
#include "journal/synced_record.hpp"

namespace sluice::detail {

/// Positions of a shard whose records are lost.
struct LostStretch {
  std::uint32_t shard = 0;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
};

/// A segment that the repair writes, full from its begin to its end.
struct SalvagePart {
  enum class Source : std::uint8_t {
    segment,  ///< the good records of a damaged file
    ring,     ///< records that the last run's ring still has
    /// Nothing: one claim that was given up. It stands where the log had come to, so that what was lost
    /// before it is a gap between two segments, and no position is given away twice.
    claim,
  };
  SegmentEntry entry{};
  Source source = Source::segment;
  SegmentEntry read_from{};  ///< the damaged segment
};

/// What a repair found, and what it is to do about it. `carry_out` does it.
struct SalvagePlan {
  std::string directory{};
  std::vector<SalvageFinding> findings{};
  std::uint64_t events = 0;  ///< that are kept
  std::uint64_t bytes = 0;   ///< of good records, those that are no events included
  std::vector<LostStretch> lost{};
  std::vector<MadeUpTopic> made_up{};

  Manifest manifest{};                      ///< what is there: as it was read, or rebuilt
  std::vector<SegmentEntry> segments{};     ///< what is listed afterwards
  std::vector<SalvagePart> parts{};         ///< those of them that have to be written
  std::optional<ControlState> control{};    ///< for a new control log
  std::optional<SyncedPositions> synced{};  ///< for a new SYNCED
  /// The name of the directory, within the journal's, where what is replaced is kept.
  std::string aside{};
  std::vector<std::string> to_copy{};  ///< files that are about to be replaced: what they were is kept
  std::vector<std::string> to_move{};  ///< segments that are not listed afterwards
  std::unique_ptr<RingFile> ring{};    ///< the last run's, if it is there

  [[nodiscard]] bool needs_repair() const noexcept;
};

/// Called with the bytes that were read, or written, since the last call.
using SalvageProgress = std::function<void(std::uint64_t bytes)>;

/// Looks at all of a journal, and changes nothing. Nobody may write to it meanwhile: the caller has its lock,
/// or knows that nobody else does. Errors: `invalid_option` for a directory that holds no journal; `corrupt`
/// for a manifest that can't be rebuilt; `newer_format`; those of reading.
[[nodiscard]] Result<SalvagePlan> plan_salvage(FileSystem& files, const std::string& directory,
                                               const SalvageProgress& progress);

/// Writes what the plan says, and moves what is damaged to the plan's directory for that; the caller has the
/// lock. The manifest is switched when all that it is to list is synced: broken off before, it leaves the
/// journal as it was, and after it the repaired one, from which damaged files may still have to be moved. Run
/// again, with a new plan, it finishes. Errors: those of the file system; `corrupt` where a record that was
/// good can't be read any more.
[[nodiscard]] Result<void> carry_out(FileSystem& files, SalvagePlan& plan, const SalvageProgress& progress);

}  // namespace sluice::detail
