#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sluice/base/event_id.hpp"
#include "sluice/log/machine.hpp"

#include "journal/file_system.hpp"

namespace sluice::detail {

/// A run's control file, POSITIONS: how far the run has journaled and synced each shard, in mapped memory, so
/// that other processes see it as it happens. What lies below a shard's journaled position is in its segments
/// for good; no reader in any process goes beyond it while the run lasts.
///
/// A recovery does not trust it, nor does anybody once the machine was started anew. So it is never synced,
/// and one that is missing, of another run or boot, or damaged tells nothing and is no error.
///
/// **Thread safety.** Any thread. Of a shard, one thread stores journaled positions, and one durable ones.
class ControlFile {
 public:
  static constexpr const char* kName = "POSITIONS";

  /// A run's own, in the place of an earlier one's; every shard begins with journaled and durable at
  /// `positions`. Errors: those of the file system.
  [[nodiscard]] static Result<std::unique_ptr<ControlFile>> create(
      FileSystem& files, const std::string& directory, const EventId& journal, std::uint64_t epoch,
      const std::vector<std::uint64_t>& positions);
  /// That of the run in `epoch`, to read; nothing where there is none, and `why` says so. Errors: those of
  /// the file system; `newer_format`.
  [[nodiscard]] static Result<std::unique_ptr<ControlFile>> open(FileSystem& files,
                                                                 const std::string& directory,
                                                                 const EventId& journal, std::uint64_t epoch,
                                                                 std::string& why);

  [[nodiscard]] std::uint32_t shards() const noexcept { return shards_; }
  /// 0 for a shard that the run does not have.
  [[nodiscard]] std::uint64_t journaled(std::uint32_t shard) const noexcept;
  [[nodiscard]] std::uint64_t durable(std::uint32_t shard) const noexcept;

  /// Only on one that was created: the other's memory can't be written.
  void store_journaled(std::uint32_t shard, std::uint64_t position) noexcept;
  void store_durable(std::uint32_t shard, std::uint64_t position) noexcept;

 private:
  /// Each on a cache line of its own: two threads store them.
  struct Positions {
    alignas(64) log::Atomic<std::uint64_t> journaled;
    alignas(64) log::Atomic<std::uint64_t> durable;
  };
  static_assert(sizeof(Positions) == 128);

  ControlFile(std::unique_ptr<SharedMapping> mapping, std::uint32_t shards)
      : mapping_(std::move(mapping)), shards_(shards) {}
  [[nodiscard]] Positions& of(std::uint32_t shard) const noexcept;

  std::unique_ptr<SharedMapping> mapping_;
  std::uint32_t shards_;
};

}  // namespace sluice::detail
