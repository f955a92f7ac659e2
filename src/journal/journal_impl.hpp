#pragma once

#include <atomic>
#include <condition_variable>
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

#include "journal/catalogue.hpp"
#include "journal/control_log.hpp"
#include "journal/file_system.hpp"
#include "journal/ring_file.hpp"
#include "journal/synced_record.hpp"

namespace sluice::detail {

/// What `journal()` makes.
///
/// Two threads: the *journaler* copies what the taps hold to the segments and moves `journaled`; the *syncer*
/// has the disk keep it, and moves `durable`. Readers go up to `journaled`.
///
/// **Invariants**
/// 1. Below `journaled` every record is in its segment's file, sealed; nothing there is written again.
/// 2. `durable <= journaled`; the control log is synced before the records that need its topics.
/// 3. A tap is released only behind `journaled`: what is in no file is in the ring.
/// 4. The manifest says `closed` only while nothing is in the ring that is not synced.
///
/// **Thread safety.** That of `Persistence`.
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
  [[nodiscard]] Result<std::optional<std::uint64_t>> load_cursor(std::string_view name,
                                                                 std::uint32_t shard) override;
  [[nodiscard]] Result<void> store_cursor(std::string_view name, std::uint32_t shard,
                                          std::uint64_t position) override;

 private:
  /// One shard's log, as far as it is in files.
  struct ShardState {
    std::optional<SegmentWriter> writer;  ///< the journaler's
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

  // Journaling and syncing: journaler.cpp.
  void follow(Taps& taps);
  bool keep(Tap& tap);
  [[nodiscard]] Result<void> append(ShardState& shard, Tap& tap, std::span<const std::byte> records);
  void sync_until_stopped();
  [[nodiscard]] Result<void> sync_all();
  void say(const Error& error);
  void all_is_well();
  [[nodiscard]] Result<void> close_manifest();

  [[nodiscard]] Result<std::uint64_t> read_segment(const Segment& segment, std::uint64_t from,
                                                   std::uint64_t until, bool& go_on,
                                                   const std::function<bool(const EventView&)>& visit);
  [[nodiscard]] std::string path(std::string_view name) const { return join_path(options_.directory, name); }

  const JournalOptions options_;
  FileSystem* const files_;
  std::unique_ptr<DirectoryLock> lock_;
  JournalRecovery recovery_;
  Stage stage_ = Stage::idle;

  // Set up by `start`, and then only read, but for what they guard themselves.
  std::unique_ptr<TopicTable> topics_;
  std::unique_ptr<Catalogue> catalogue_;
  std::unique_ptr<ControlLog> control_;
  std::unique_ptr<SyncedRecord> synced_;
  std::unique_ptr<RingFile> ring_;
  std::vector<std::unique_ptr<ShardState>> shards_;

  std::thread journaler_;
  std::thread syncer_;
  bool drained_ = false;  ///< the journaler got to the end; read after joining it
  log::Atomic<std::int64_t> patience_ns_{0};

  std::mutex sync_mutex_;  ///< one `sync_all` at a time
  mutable std::mutex mutex_;
  std::condition_variable stop_wanted_;
  bool stopping_ = false;
  std::optional<Error> trouble_;
  std::map<std::pair<std::string, std::uint32_t>, std::uint64_t> cursors_;
};

}  // namespace sluice::detail
