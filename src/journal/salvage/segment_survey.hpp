#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "journal/segment.hpp"

namespace sluice::detail {

/// Good records that follow each other without a break.
struct GoodRun {
  std::uint64_t from = 0;  ///< positions
  std::uint64_t to = 0;
  std::uint64_t events = 0;
};

/// A stretch in which no record can be made out, with whatever is between what can.
struct BadStretch {
  std::uint64_t from = 0;  ///< positions
  std::uint64_t to = 0;
  std::uint64_t offset = 0;  ///< in the file
  std::string what{};
};

/// Something about a file that keeps nothing in it from being read, and still is not as it was written.
struct FileFault {
  std::uint64_t offset = 0;
  std::string what{};
};

/// What can be read of a segment, whatever happened to its file.
struct SegmentSurvey {
  bool is_there = true;
  std::vector<GoodRun> runs{};
  /// Between the runs, before the first and, in a sealed segment, behind the last.
  std::vector<BadStretch> stretches{};
  std::vector<FileFault> faults{};
  std::uint64_t end = 0;  ///< behind the last good record; where the segment begins if there is none
  /// Of one that is open: something other than free space follows.
  bool is_torn = false;

  /// Everything is as it was written.
  [[nodiscard]] bool is_sound() const noexcept { return is_there && stretches.empty() && faults.empty(); }
};

/// Called with each good record.
using RecordVisitor = std::function<void(const SegmentEntry&, const SegmentScanner::Record&)>;

/// Reads a segment from its first position to its end, or in an open one to its last good record, and goes on
/// behind what is damaged: a record is known by its checksum, which its position and the segment's salt are
/// in. A damaged header is no obstacle, since `entry` says the same. Errors: those of reading.
[[nodiscard]] Result<SegmentSurvey> survey_segment(FileSystem& files, const std::string& directory,
                                                   const SegmentEntry& entry, const EventId& journal,
                                                   const RecordVisitor& visit);

}  // namespace sluice::detail
