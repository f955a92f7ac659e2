#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sluice/journal/journal.hpp"

#include "tally.hpp"

namespace trading {

/// What became of a run's journal: what was found in the directory, and what was read back at the end.
struct JournalReport {
  std::string directory;
  sluice::JournalRecovery found;         ///< when the run began
  std::optional<std::uint64_t> earlier;  ///< events kept from earlier runs; nothing: they can't all be read
  KindCounts kept;                       ///< events of this run, read back
  std::uint64_t bytes = 0;               ///< of this run's log
  std::uint64_t directory_bytes = 0;     ///< of all files in the directory, space taken ahead included
  double close_seconds = 0;              ///< until the bus was closed and all was on the disk
  double open_seconds = 0;               ///< until it was open again
  double read_seconds = 0;               ///< for this run's events
  bool ok = true;                        ///< what was kept is what was published

  [[nodiscard]] double events_per_second() const {
    return read_seconds > 0 ? static_cast<double>(kept.total()) / read_seconds : 0;
  }
  [[nodiscard]] double bytes_per_second() const {
    return read_seconds > 0 ? static_cast<double>(bytes) / read_seconds : 0;
  }
};

/// In a sentence without its full stop: a new journal, one that was closed, or what the run before left.
[[nodiscard]] std::string describe(const sluice::JournalRecovery& found);

/// For people: a few lines.
[[nodiscard]] std::string to_text(const JournalReport& report);

}  // namespace trading
