#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.hpp"

/// Everything that a journal asks of the operating system's files, in one place, so that a test can let any
/// call fail and see what would be on the disk if the power went. Errors name the path, the call and its
/// errno; `disk_full` for ENOSPC, EDQUOT and EFBIG, `disk_failed` for EIO, `system_error` for the rest.
namespace sluice::detail {

/// An open file. One thread at a time, but for `read_at` and `sync`, which any thread may call beside others.
class File {
 public:
  virtual ~File() = default;

  /// Reads until `bytes` are full or the file ends; returns how many it read.
  [[nodiscard]] virtual Result<std::size_t> read_at(std::uint64_t offset,
                                                    std::span<std::byte> bytes) const = 0;
  /// Writes all of `bytes`, or answers an error: then any part of them may have been written.
  [[nodiscard]] virtual Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  /// Gives the file `bytes` bytes of real space, zeroed where nothing was written; never makes it shorter.
  [[nodiscard]] virtual Result<void> allocate(std::uint64_t bytes) = 0;
  /// Returns once everything written so far survives a loss of power (fdatasync).
  [[nodiscard]] virtual Result<void> sync() = 0;
  [[nodiscard]] virtual Result<std::uint64_t> size() const = 0;
  [[nodiscard]] virtual const std::string& path() const noexcept = 0;
};

/// Bytes of a file that other processes see as soon as they are stored. Unmapped when it goes.
class SharedMapping {
 public:
  virtual ~SharedMapping() = default;
  [[nodiscard]] virtual std::span<std::byte> bytes() noexcept = 0;
};

/// The right to write into a directory, held while it lives.
class DirectoryLock {
 public:
  virtual ~DirectoryLock() = default;
};

enum class OpenMode : std::uint8_t {
  read_only,   ///< an existing file
  read_write,  ///< an existing file
  create,      ///< a new file (O_EXCL), 0600
};

/// Files by their paths. Any thread.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  [[nodiscard]] virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  [[nodiscard]] virtual Result<bool> exists(const std::string& path) = 0;
  /// Makes a directory (0700) unless it is there; its parent must be.
  [[nodiscard]] virtual Result<void> make_directory(const std::string& path) = 0;
  /// Names in a directory, without `.` and `..`, sorted.
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  /// Replaces `to` if it is there, in one step.
  [[nodiscard]] virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  /// Removes a file; no error if there is none.
  [[nodiscard]] virtual Result<void> remove(const std::string& path) = 0;
  /// Returns once the names in a directory survive a loss of power: after create, rename and remove.
  [[nodiscard]] virtual Result<void> sync_directory(const std::string& directory) = 0;
  /// Takes the lock that a file stands for, which is made if it is not there. `journal_locked` names who has
  /// it.
  [[nodiscard]] virtual Result<std::unique_ptr<DirectoryLock>> lock(const std::string& path) = 0;
  /// Maps the first `bytes` of an existing file, shared, to read and write.
  [[nodiscard]] virtual Result<std::unique_ptr<SharedMapping>> map_shared(const std::string& path,
                                                                          std::size_t bytes) = 0;
  /// The same to read only: whoever may read the file may map it so, and storing to it is a fault.
  [[nodiscard]] virtual Result<std::unique_ptr<SharedMapping>> map_to_read(const std::string& path,
                                                                           std::size_t bytes) {
    return map_shared(path, bytes);
  }
  /// Free bytes where `directory` lies.
  [[nodiscard]] virtual Result<std::uint64_t> free_bytes(const std::string& directory) = 0;
  /// The name of the network file system on which `directory` lies ("nfs", "smb", ...), or empty.
  [[nodiscard]] virtual Result<std::string> network_kind(const std::string& directory) = 0;
};

/// The operating system's. Lives for ever.
[[nodiscard]] FileSystem& posix_file_system();

/// Replaces `path` by a file of these bytes so that a reader, and a recovery after a loss of power, sees the
/// old or the new one: a temporary beside it, synced, renamed over it, and the directory synced.
[[nodiscard]] Result<void> replace_file(FileSystem& files, const std::string& path,
                                        std::span<const std::byte> bytes);
/// All of a file's bytes; `corrupt` beyond `most_bytes`.
[[nodiscard]] Result<std::vector<std::byte>> read_file(FileSystem& files, const std::string& path,
                                                       std::uint64_t most_bytes);
/// "a/b" of "a" and "b".
[[nodiscard]] std::string join_path(std::string_view directory, std::string_view name);
/// "b" of "a/b", in the path's own memory.
[[nodiscard]] constexpr std::string_view file_name(std::string_view path) noexcept {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace sluice::detail
