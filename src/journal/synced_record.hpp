#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sluice/base/event_id.hpp"

#include "journal/file_system.hpp"

namespace sluice::detail {

/// How far a journal is known to survive a loss of power.
struct SyncedPositions {
  std::string control_log{};               ///< the name of the control log's file, at most 63 bytes
  std::uint64_t control_bytes = 0;         ///< of that file
  std::vector<std::uint64_t> positions{};  ///< by shard
  /// A sync was begun of what lies behind, and nothing was said since. If it failed, the system counts that
  /// as written though it is not: no sync that follows writes it, unless the bytes are written anew before.
  bool sync_begun = false;

  friend bool operator==(const SyncedPositions&, const SyncedPositions&) = default;
};

/// The file that says so: three slots, each with a sequence number and a checksum. The first is written and
/// synced when the file is made; the other two are written in turn after each sync of the journal, and are
/// not synced themselves: an older record only makes a recovery look at more. A loss of power may tear both
/// of them, but never the first. See FORMAT.md.
///
/// **Thread safety.** One thread at a time.
class SyncedRecord {
 public:
  /// A new file whose slots all hold `positions`, there and synced at once. It takes the place of one that is
  /// there already, as `replace_file` does it.
  [[nodiscard]] static Result<std::unique_ptr<SyncedRecord>> create(FileSystem& files,
                                                                    const std::string& path,
                                                                    const EventId& journal,
                                                                    const SyncedPositions& positions);
  /// Opens one and reads its newest good slot. `corrupt`, with what is wrong in each slot, when there is none
  /// of this journal; `newer_format` when that is why.
  [[nodiscard]] static Result<std::unique_ptr<SyncedRecord>> open(FileSystem& files, const std::string& path,
                                                                  const EventId& journal, OpenMode mode);

  /// What is wrong with the slots that can't be used, by their offsets. One of them matters only when no
  /// other is left.
  [[nodiscard]] static Result<std::map<std::uint64_t, std::string>> slot_faults(FileSystem& files,
                                                                                const std::string& path,
                                                                                const EventId& journal);

  [[nodiscard]] const SyncedPositions& latest() const noexcept { return latest_; }
  /// Writes into the slot that does not hold the latest. After an error the latest still stands, and the next
  /// call writes at the same place. `invalid_option` for what could not be read again.
  [[nodiscard]] Result<void> write(const SyncedPositions& positions);

 private:
  SyncedRecord(std::unique_ptr<File> file, const EventId& journal, SyncedPositions latest,
               std::uint64_t sequence);

  std::unique_ptr<File> file_;
  EventId journal_;
  SyncedPositions latest_;
  std::uint64_t sequence_;  ///< of the slot that holds the latest
};

}  // namespace sluice::detail
