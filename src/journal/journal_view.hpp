#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/topic/table.hpp"

#include "journal/control_log.hpp"
#include "journal/file_system.hpp"
#include "journal/lock_holder.hpp"
#include "journal/manifest.hpp"
#include "journal/synced_record.hpp"

namespace sluice::detail {

/// One shard of a journal, as a reader may have it.
struct ShardView {
  std::vector<SegmentEntry> segments{};
  std::uint64_t oldest = 0;  ///< where the first segment begins
  /// Where reading ends: the journaled position of a run that lasts, the end of a closed journal. None: where
  /// the good records do.
  std::optional<std::uint64_t> end{};
  std::uint64_t durable = 0;  ///< known to survive a loss of power
  /// Every record below was written whole, so a bad one is damage. From it on the first bad one is the torn
  /// end of what was being written.
  std::uint64_t whole = 0;
};

enum class JournalState : std::uint8_t {
  closed,      ///< the last run ended in order
  open,        ///< a process has it open
  not_closed,  ///< the last run ended, and not in order: the next opening recovers it
};

/// A journal's files at one moment, for whoever reads beside the process that writes them, or when there is
/// none. Takes no lock and writes nothing.
///
/// **Thread safety.** Any thread, once it is made.
class JournalView {
 public:
  /// Reads what says what there is; no segment yet. Errors: `invalid_option` for a directory that is none or
  /// holds no journal, `newer_format`, `corrupt` for the manifest, and those of reading. A damaged control
  /// log or SYNCED is no error here: `control_fault` and `synced_fault` say so.
  [[nodiscard]] static Result<std::unique_ptr<JournalView>> open(FileSystem& files, std::string directory);

  [[nodiscard]] FileSystem& files() const noexcept { return *files_; }
  [[nodiscard]] const std::string& directory() const noexcept { return directory_; }
  [[nodiscard]] std::string path(std::string_view name) const { return join_path(directory_, name); }
  [[nodiscard]] const Manifest& manifest() const noexcept { return manifest_; }
  [[nodiscard]] JournalState state() const noexcept { return state_; }
  /// Who has it open; a pid of 0 where that can't be seen.
  [[nodiscard]] const std::optional<LockHolder>& holder() const noexcept { return holder_; }
  [[nodiscard]] const std::vector<ShardView>& shards() const noexcept { return shards_; }
  /// Defines every topic of every record below the shards' ends, unless there is a `control_fault`.
  [[nodiscard]] const TopicTable& topics() const noexcept { return *topics_; }
  [[nodiscard]] const ControlLog::Opened& control() const noexcept { return control_; }
  [[nodiscard]] const std::optional<Error>& control_fault() const noexcept { return control_fault_; }
  [[nodiscard]] const std::optional<Error>& synced_fault() const noexcept { return synced_fault_; }

  /// Whether the journal of today still lists a segment. One that it does not was removed meanwhile.
  [[nodiscard]] Result<bool> still_lists(const SegmentEntry& segment) const;

 private:
  /// How far a run had come in a shard.
  struct Reached {
    std::uint64_t durable = 0;
    std::uint64_t journaled = 0;
  };

  JournalView(FileSystem& files, std::string directory) : files_(&files), directory_(std::move(directory)) {}

  [[nodiscard]] Result<Manifest> load() const;
  [[nodiscard]] Result<bool> look();
  [[nodiscard]] Error fault_of(const std::string& name, Error error) const;
  void read_synced(const EventId& journal);
  void read_control();
  void restore_topics();
  void lay_out(const std::vector<Reached>& reached);

  FileSystem* files_;
  std::string directory_;
  Manifest manifest_;
  JournalState state_ = JournalState::closed;
  std::optional<LockHolder> holder_;
  SyncedPositions synced_;
  ControlLog::Opened control_;
  std::unique_ptr<TopicTable> topics_;
  std::optional<Error> control_fault_;
  std::optional<Error> synced_fault_;
  std::vector<ShardView> shards_;
};

}  // namespace sluice::detail
