#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sluice/bus/persistence.hpp"

#include "journal/file_system.hpp"

namespace sluice::detail {

/// How the names of all ring files of a journal begin.
[[nodiscard]] std::string ring_prefix(const EventId& journal);

/// The memory that a bus's rings live in, as a file that other processes could map: what was published and
/// not yet journaled when the process died is still in it. In memory, usually (/dev/shm), so that it ends
/// with the machine. See FORMAT.md.
class RingFile {
 public:
  /// A new file for one run, all of its space taken. `ring_no_space`, naming needed and free bytes.
  [[nodiscard]] static Result<std::unique_ptr<RingFile>> create(FileSystem& files,
                                                                const std::string& directory,
                                                                const EventId& journal, std::uint64_t epoch,
                                                                std::span<const ShardRequest> shards);
  /// That of a run that ended, when it is there and is that run's, of this boot of the machine; else nothing,
  /// and `why` says so.
  [[nodiscard]] static Result<std::unique_ptr<RingFile>> open(FileSystem& files, const std::string& path,
                                                              const EventId& journal, std::uint64_t epoch,
                                                              std::string& why);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::uint32_t shards() const noexcept { return static_cast<std::uint32_t>(shards_.size()); }
  /// A shard's memory, state first, as `Persistence::ring_memory` gives it.
  [[nodiscard]] std::span<std::byte> memory(std::uint32_t shard) noexcept;
  [[nodiscard]] std::uint64_t capacity_bytes(std::uint32_t shard) const noexcept {
    return shards_[shard].capacity_bytes;
  }
  /// The end of the last claim on a shard, as a run left it.
  [[nodiscard]] std::uint64_t tail(std::uint32_t shard) noexcept;

  /// Everything from there to the tail is still in it; what was before, later claims may have made room for.
  [[nodiscard]] std::uint64_t oldest(std::uint32_t shard) noexcept;

  /// What a dead run's ring holds of a shard from `from` (not below `oldest`) to its tail, in order:
  /// committed records, and where a claim was open an aborted one of its length, whose `bytes` are null.
  struct Record {
    std::uint64_t position = 0;
    const std::byte* bytes = nullptr;
    log::CommitWord word;
  };
  [[nodiscard]] std::vector<Record> records(std::uint32_t shard, std::uint64_t from);

 private:
  struct ShardPlace {
    std::uint64_t offset = 0;  ///< in the file; a multiple of the page
    std::uint64_t bytes = 0;   ///< state and ring
    std::uint64_t capacity_bytes = 0;
    std::uint64_t single_producer = 0;  ///< 0 or 1
  };

  RingFile(std::string path, std::unique_ptr<SharedMapping> mapping, std::vector<ShardPlace> shards)
      : path_(std::move(path)), mapping_(std::move(mapping)), shards_(std::move(shards)) {}

  [[nodiscard]] log::CommitWord word(std::uint32_t shard, std::uint64_t position) noexcept;
  [[nodiscard]] const std::byte* at(std::uint32_t shard, std::uint64_t position) noexcept;
  [[nodiscard]] std::uint64_t hole_end(std::uint32_t shard, std::uint64_t position, std::uint64_t tail);

  std::string path_;
  std::unique_ptr<SharedMapping> mapping_;
  std::vector<ShardPlace> shards_;
};

}  // namespace sluice::detail
