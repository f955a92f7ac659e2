#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/result.hpp"
#include "sluice/bus/persistence.hpp"

namespace sluice {

/// What becomes of publishing while nothing can be written to the journal: the disk is full, or fails.
enum class WhenFull : std::uint8_t {
  block,  ///< publishers wait, each up to its deadline, once the ring is full; nothing is lost
  go_on,  ///< after a while what can't be kept is let go: subscribers see it, and the journal has a gap
          ///< there. What can be written and not synced is kept all the same, and `trouble` says so
};

/// What of a journal may be removed: its oldest segments, whole, when one of the limits that are set says so.
/// A shard's last segment stays, whatever they say; so does what a durable cursor holds (`CursorRetention`).
struct Retention {
  /// A segment goes when it was full so long ago, by the bus's clock; at least 1 s.
  std::optional<std::chrono::nanoseconds> age{};
  /// Of the segments' files, all shards together, the one that is to be made included; at least twice
  /// `most_segment_bytes`. What a cursor holds beyond it counts as a full disk.
  std::optional<std::uint64_t> bytes{};
  /// The newest so many events stay, all shards together; from 1 on. Of the full segments: those that are
  /// being written come on top.
  std::optional<std::uint64_t> events{};
};

/// How a journal is kept. Checked when the bus is opened; a value outside its range is `invalid_option`.
struct JournalOptions {
  std::string directory{};  ///< made (0700) if it is not there; its parent must be
  /// Where the rings live, so that what was published outlives the process before it is journaled: in memory,
  /// and large enough for every ring. Empty: rings are the process's own, and a process that dies takes with
  /// it what was not journaled.
  std::string ring_directory = "/dev/shm";
  /// How often what was journaled is made to survive a loss of power; 1 ms to 1 hour. None: when the bus is
  /// closed, and else when the system likes (usually within 30 s).
  std::optional<std::chrono::nanoseconds> sync_every{};
  /// With `sync_every`: how old an event may grow before a sync has confirmed it; `sync_every` to 24 hours.
  /// Beyond that it is as if the disk were full. None: twice `sync_every`.
  std::optional<std::chrono::nanoseconds> most_unsynced_age{};
  std::uint64_t first_segment_bytes = std::uint64_t{4} << 20;  ///< 16 KiB to 1 GiB, a multiple of 4,096
  std::uint64_t most_segment_bytes = std::uint64_t{64} << 20;  ///< each is twice the one before, up to this
  WhenFull when_full = WhenFull::block;
  std::chrono::nanoseconds full_patience = std::chrono::seconds(1);  ///< before it goes on so; 0 to 1 hour
  Retention retention{};                                             ///< by default everything is kept
  bool allow_network_file_system = false;  ///< whose locks and syncs may promise more than they keep
};

/// What opening a journal found of one shard.
struct ShardRecovery {
  std::uint32_t shard = 0;
  std::uint64_t position = 0;       ///< where the log goes on
  std::uint64_t from_ring = 0;      ///< events that the last run's ring added to its segments
  std::uint64_t aborted_bytes = 0;  ///< of claims that were open when the last run died
  /// Where a record was torn by a loss of power: it and what followed, none of it synced, is lost.
  std::optional<std::uint64_t> cut_at{};
  /// The last run was not closed and its ring is gone: events from here on may have been delivered to
  /// subscriptions, and are lost.
  std::optional<std::uint64_t> tail_unknown{};
  /// What was written a second time, because the last run had begun a sync that may have failed.
  std::uint64_t written_anew_bytes = 0;
};

/// What opening a journal found.
struct JournalRecovery {
  bool is_new = false;      ///< there was none in the directory
  bool was_closed = false;  ///< the last run ended in order
  std::string ring{};       ///< why the last run's ring was not used; empty where it was, or was not needed
  std::vector<ShardRecovery> shards{};
};

/// What `Journal::retain` removed.
struct Removed {
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;  ///< of their files
};

/// A persistence that keeps every event in a directory.
///
/// A publish that has returned is in the ring. The journal's thread copies it to a segment file, usually
/// within a millisecond, and the sync thread has the disk keep that. If the process dies, the ring's file has
/// what was not copied yet, and the next `Bus::open` brings it in. If the machine dies, what was synced is
/// kept, and the recovery says where that ended.
///
/// Nothing is returned that was not written: every record carries a checksum, and a file that is damaged is
/// an error that names file and offset.
///
/// Its events are read from a `Bus::open` on it that succeeded until the next one begins.
///
/// A journal belongs to the process that has it open: a child that it forks is refused (`forked`), holds
/// neither the lock nor the ring, and may open another directory's.
class Journal : public Persistence {
 public:
  /// What the last `Bus::open` on it found. After that call; not while one runs.
  [[nodiscard]] virtual const JournalRecovery& recovery() const noexcept = 0;
  /// Why journaling or syncing does not get on at present, with what to do; nothing while it does. Any
  /// thread.
  [[nodiscard]] virtual std::optional<Error> trouble() const = 0;
  /// How long ago the oldest event that is journaled and not durable was journaled, at most; 0 if there is
  /// none. Any thread.
  [[nodiscard]] virtual std::chrono::nanoseconds unsynced_age() const noexcept = 0;
  /// Removes now what may be removed. A bus that is open does so every second, and before a segment is made;
  /// so this is for who can't wait. Any thread, while a bus is open. Errors: those of writing to the
  /// directory.
  [[nodiscard]] virtual Result<Removed> retain() = 0;
};

/// For `BusOptions::persistence`. Opening the bus opens the journal, and fails with what is wrong with it:
/// `journal_locked` (the holder is named), `corrupt` (file and offset), `newer_format`, `ring_no_space`,
/// `disk_full`, `system_error`. One process at a time writes to a directory.
[[nodiscard]] std::shared_ptr<Journal> journal(std::string directory);
[[nodiscard]] std::shared_ptr<Journal> journal(JournalOptions options);

}  // namespace sluice
