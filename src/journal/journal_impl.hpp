#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "sluice/journal/journal.hpp"
#include "sluice/log/machine.hpp"
#include "sluice/topic/table.hpp"

#include "base/home_process.hpp"
#include "journal/catalogue.hpp"
#include "journal/control_file.hpp"
#include "journal/control_log.hpp"
#include "journal/file_system.hpp"
#include "journal/group_commit.hpp"
#include "journal/periodic.hpp"
#include "journal/retention.hpp"
#include "journal/ring_file.hpp"
#include "journal/synced_record.hpp"

namespace sluice::detail {

/// What `journal()` makes.
///
/// Two threads: the *journaler* copies what the taps hold to the segments and moves `journaled`; the *syncer*
/// has the disk keep it, and moves `durable`. Readers go up to `journaled`. With limits to what is kept a
/// third looks every second what may go.
///
/// **Invariants**
/// 1. Below `journaled` every record is in its segment's file, sealed; nothing there is written again.
/// 2. `durable <= journaled`; the control log is synced before the records that need its topics. After a sync
///    that failed, `durable` stands still until the journal is opened anew.
/// 3. A tap is released only behind `journaled`: what is in no file is in the ring.
/// 4. The manifest says `closed` only while nothing is in the ring that is not synced.
///
/// **Thread safety.** That of `Persistence`. A forked child is refused, but for what only reads a position:
/// the files are its parent's, and so is whoever has a lock of these.
class JournalImpl final : public Journal {
 public:
  JournalImpl(JournalOptions options, FileSystem& files);
  ~JournalImpl() override;

  [[nodiscard]] const JournalRecovery& recovery() const noexcept override { return recovery_; }
  [[nodiscard]] std::optional<Error> trouble() const override;

  [[nodiscard]] Result<StartState> start(const StartRequest& request) override;
  [[nodiscard]] Result<std::span<std::byte>> ring_memory(std::uint32_t shard, std::size_t bytes) override;
  [[nodiscard]] Result<void> define_topic(const TopicDefinition& topic) override;
  void run(Taps taps) override;
  void stop(std::chrono::nanoseconds timeout) noexcept override;

  [[nodiscard]] Result<std::uint64_t> read(std::uint32_t shard, std::uint64_t from,
                                           const std::function<bool(const EventView&)>& visit) override;
  [[nodiscard]] std::uint64_t journaled_position(std::uint32_t shard) const noexcept override;
  [[nodiscard]] std::uint64_t durable_position(std::uint32_t shard) const noexcept override;
  [[nodiscard]] bool can_sync() const noexcept override { return true; }
  [[nodiscard]] Result<void> sync(std::uint32_t shard, std::uint64_t position,
                                  std::chrono::nanoseconds timeout) override;
  [[nodiscard]] Result<std::optional<std::uint64_t>> load_cursor(std::string_view name,
                                                                 std::uint32_t shard) override;
  [[nodiscard]] Result<void> store_cursor(std::string_view name, std::uint32_t shard, std::uint64_t position,
                                          CursorRetention retention) override;
  [[nodiscard]] Result<void> remove_cursor(std::string_view name, std::uint32_t shard) override;
  [[nodiscard]] Result<Removed> retain() override;
  [[nodiscard]] std::chrono::nanoseconds unsynced_age() const noexcept override;

 private:
  /// One shard's log, as far as it is in files.
  struct ShardState {
    // The journaler's.
    std::optional<SegmentWriter> writer;
    std::optional<std::int64_t> stuck_since_ns;  ///< since when nothing of it can be written
    std::uint64_t ring_bytes = log::kAlignment;  ///< capacity of its ring
    bool has_dropped = false;  ///< records behind the writer's were let go, and none kept since
    std::int64_t try_again_at_ns = 0;
    // Anybody's.
    log::Atomic<std::uint64_t> journaled{0};
    log::Atomic<std::uint64_t> durable{0};
  };
  enum class Stage : std::uint8_t { idle, started, running };

  // Opening: journal_start.cpp.
  [[nodiscard]] Result<void> open_directory();
  [[nodiscard]] Result<StartState> recover_and_begin(const StartRequest& request);
  [[nodiscard]] Result<Manifest> make_new();
  [[nodiscard]] Result<ControlState> read_control(const Manifest& manifest, SyncedPositions& synced);
  [[nodiscard]] Result<void> begin_run(const StartRequest& request, ControlState control);
  void remove_others(const std::string& directory, std::string_view prefix, std::string_view but);
  [[nodiscard]] Result<void> restore_topics(const ControlState& control);

  // Journaling: journaler.cpp.
  void follow(Taps& taps);
  bool keep(Tap& tap);
  [[nodiscard]] Result<void> append(ShardState& shard, Tap& tap, std::span<const std::byte> records);
  [[nodiscard]] bool give_up(ShardState& shard, Tap& tap);
  void say(const Error& error);
  void all_is_well();
  [[nodiscard]] Result<void> close_manifest();

  // Topics and cursors: control_facts.cpp.
  [[nodiscard]] Result<void> keep_fact(const std::function<Result<void>(ControlLog&)>& append);
  [[nodiscard]] Result<void> renew_control();
  void limit_control();

  // Removing what is old: retainer.cpp.
  [[nodiscard]] bool has_limits() const noexcept;
  [[nodiscard]] Result<void> make_room(std::uint64_t bytes);
  [[nodiscard]] Result<RemovalPlan> remove_old(std::uint64_t coming_bytes);

  // Syncing: syncer.cpp.
  void sync_until_stopped();
  [[nodiscard]] Result<void> sync_all();
  [[nodiscard]] Result<void> sync_what_is_new();
  [[nodiscard]] Result<void> sync_up_to_now();
  [[nodiscard]] Result<void> sync_files(const std::vector<std::uint64_t>& positions);
  [[nodiscard]] Error poisoned_by(Error failure);
  [[nodiscard]] bool is_poisoned() const noexcept;
  [[nodiscard]] std::optional<Error> sync_is_late() const;
  [[nodiscard]] std::optional<Error> trouble_of_sync() const;

  [[nodiscard]] Result<std::uint64_t> read_segment(const Segment& segment, std::uint64_t from,
                                                   std::uint64_t until, bool& go_on,
                                                   const std::function<bool(const EventView&)>& visit);
  [[nodiscard]] Result<void> not_in_a_gap(std::uint32_t shard, std::uint64_t position) const;
  [[nodiscard]] std::string path(std::string_view name) const { return join_path(options_.directory, name); }

  [[nodiscard]] Result<void> check_home() const;

  const JournalOptions options_;
  FileSystem* const files_;
  std::shared_ptr<const Clock> clock_;  ///< this run's
  platform::HomeProcess home_;          ///< of the run, or of who made this
  std::unique_ptr<DirectoryLock> lock_;
  JournalRecovery recovery_;
  Stage stage_ = Stage::idle;

  // Set up by `start`, and then only read, but for what they guard themselves.
  std::unique_ptr<TopicTable> topics_;
  std::unique_ptr<Catalogue> catalogue_;
  std::unique_ptr<SyncedRecord> synced_;
  std::unique_ptr<RingFile> ring_;
  std::unique_ptr<ControlFile> positions_;
  std::vector<std::unique_ptr<ShardState>> shards_;

  std::thread journaler_;
  std::thread syncer_;
  bool drained_ = false;  ///< the journaler got to the end; read after joining it
  log::Atomic<std::int64_t> patience_ns_{0};

  log::Atomic<std::int64_t> synced_at_ns_{0};  ///< everything journaled before that (monotonic) is durable

  GroupCommit commits_;
  std::mutex sync_mutex_;  ///< one `sync_all` at a time
  mutable std::mutex mutex_;
  std::optional<Error> trouble_;         ///< the journaler's
  std::optional<Error> sync_trouble_;    ///< the syncer's
  log::Atomic<bool> poisoned_{false};    ///< a sync failed in this run
  std::optional<Error> retain_trouble_;  ///< what kept old segments from being removed
  Cursors cursors_;
  std::unique_ptr<ControlLog> control_;       ///< changes under `sync_mutex_` and `mutex_`
  std::unique_ptr<ControlLog> next_control_;  ///< made, and the manifest on disk may or may not name it
  std::uint64_t control_limit_bytes_ = 0;     ///< of a log that is to make way for a new one

  std::mutex retain_mutex_;  ///< one removal at a time, and no cursor begins to hold meanwhile
  Periodic retaining_;
};

}  // namespace sluice::detail
