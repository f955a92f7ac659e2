#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <dirent.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fork_hook.hpp"
#include "journal/descriptor.hpp"
#include "journal/file_error.hpp"
#include "journal/file_system.hpp"
#include "journal/lock_file.hpp"
#include "journal/network_kind.hpp"

namespace sluice::detail {

namespace {

std::string transfer(std::string_view call, std::size_t bytes, std::uint64_t offset) {
  return std::string(call) + " of " + std::to_string(bytes) + " bytes at offset " + std::to_string(offset);
}

class PosixFile final : public File {
 public:
  PosixFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const std::span rest = bytes.subspan(done);
      const ssize_t count = uninterrupted([&] {
        return ::pread(descriptor_.number(), rest.data(), rest.size(), static_cast<off_t>(offset + done));
      });
      if (count < 0) return file_error(transfer("pread", rest.size(), offset + done), path_, errno);
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

  Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t count = uninterrupted([&] {
        return ::pwrite(descriptor_.number(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      });
      // No file should answer 0 to a write of something; one that does would keep us here for ever.
      if (count <= 0)
        return file_error(transfer("pwrite", bytes.size(), offset), path_, count < 0 ? errno : EIO);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
    }
    return {};
  }

  Result<void> allocate(std::uint64_t bytes) override {
    if (bytes == 0) return {};
    // Not posix_fallocate: where the file system can't, glibc's touches a byte a block, so it writes as many
    // times as there are blocks.
    const int answer =
        uninterrupted([&] { return ::fallocate(descriptor_.number(), 0, 0, static_cast<off_t>(bytes)); });
    if (answer == 0) return {};
    if (errno == EOPNOTSUPP || errno == ENOSYS) return fill(bytes);
    return file_error("fallocate of " + std::to_string(bytes) + " bytes", path_, errno);
  }

  Result<void> sync() override {
    if (uninterrupted([&] { return ::fdatasync(descriptor_.number()); }) == 0) return {};
    return file_error("fdatasync", path_, errno);
  }

  Result<std::uint64_t> size() const override {
    struct stat facts {};
    if (::fstat(descriptor_.number(), &facts) != 0) return file_error("fstat", path_, errno);
    return static_cast<std::uint64_t>(facts.st_size);
  }

  const std::string& path() const noexcept override { return path_; }

 private:
  /// Writes every block of the first `bytes` bytes: what is there, and zeros where nothing is.
  Result<void> fill(std::uint64_t bytes) {
    std::array<std::byte, 65'536> block;
    for (std::uint64_t at = 0; at < bytes; at += block.size()) {
      const std::span part =
          std::span(block).first(static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), bytes - at)));
      const Result<std::size_t> there = read_at(at, part);
      if (!there) return there.error();
      std::fill(part.begin() + static_cast<std::ptrdiff_t>(*there), part.end(), std::byte{0});
      if (Result<void> written = write_at(at, part); !written) return written;
    }
    return {};
  }

  Descriptor descriptor_;
  std::string path_;
};

class PosixMapping final : public SharedMapping {
 public:
  PosixMapping(void* data, std::size_t bytes) noexcept : data_(data), bytes_(bytes) {}
  PosixMapping(const PosixMapping&) = delete;
  PosixMapping& operator=(const PosixMapping&) = delete;
  ~PosixMapping() override { ::munmap(data_, bytes_); }

  std::span<std::byte> bytes() noexcept override { return {static_cast<std::byte*>(data_), bytes_}; }

 private:
  void* data_;
  std::size_t bytes_;
};

/// A lock that no forked child keeps when this process has let go of it, or has died.
class PosixLock final : public DirectoryLock {
 public:
  explicit PosixLock(LockFile file)
      : file_(std::move(file)),
        in_child_([](void* lock) noexcept { static_cast<PosixLock*>(lock)->file_.close_in_child(); }, this) {}

 private:
  LockFile file_;
  platform::ForkHook in_child_;
};

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    Descriptor descriptor = open_descriptor(path, flags_of(mode));
    if (!descriptor.is_open()) return file_error("open", path, errno);
    return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(descriptor), path));
  }

  Result<bool> exists(const std::string& path) override {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) == 0) return true;
    if (errno == ENOENT) return false;
    return file_error("stat", path, errno);
  }

  Result<void> make_directory(const std::string& path) override {
    constexpr mode_t kOwnerOnly = 0700;
    if (::mkdir(path.c_str(), kOwnerOnly) == 0) return {};
    const int failure = errno;
    struct stat facts {};
    if (failure == EEXIST && ::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode)) return {};
    return file_error("mkdir", path, failure);
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(directory.c_str()), ::closedir);
    if (stream == nullptr) return file_error("opendir", directory, errno);
    std::vector<std::string> names;
    while (true) {
      errno = 0;  // the only way to tell the end from a failure
      const dirent* const entry = ::readdir(stream.get());
      if (entry == nullptr) break;
      const std::string_view name(entry->d_name);
      if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) return file_error("readdir", directory, errno);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    return file_error("rename to " + to, from, errno);
  }

  Result<void> remove(const std::string& path) override {
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
    return file_error("unlink", path, errno);
  }

  Result<void> sync_directory(const std::string& directory) override {
    const Descriptor descriptor = open_descriptor(directory, O_RDONLY | O_DIRECTORY);
    if (!descriptor.is_open()) return file_error("open", directory, errno);
    if (uninterrupted([&] { return ::fsync(descriptor.number()); }) == 0) return {};
    return file_error("fsync", directory, errno);
  }

  Result<std::unique_ptr<DirectoryLock>> lock(const std::string& path) override {
    auto taken = LockFile::acquire(path);
    if (!taken) return std::move(taken).error();
    return std::unique_ptr<DirectoryLock>(std::make_unique<PosixLock>(*std::move(taken)));
  }
  Result<std::unique_ptr<SharedMapping>> map_shared(const std::string& path, std::size_t bytes) override {
    return map(path, bytes, O_RDWR, PROT_READ | PROT_WRITE);
  }
  Result<std::unique_ptr<SharedMapping>> map_to_read(const std::string& path, std::size_t bytes) override {
    return map(path, bytes, O_RDONLY, PROT_READ);
  }

  Result<std::uint64_t> free_bytes(const std::string& directory) override {
    struct statvfs facts {};
    if (uninterrupted([&] { return ::statvfs(directory.c_str(), &facts); }) != 0) {
      return file_error("statvfs", directory, errno);
    }
    return std::uint64_t{facts.f_bavail} * facts.f_frsize;
  }

  Result<std::string> network_kind(const std::string& directory) override {
    return network_kind_of(directory);
  }

 private:
  static Result<std::unique_ptr<SharedMapping>> map(const std::string& path, std::size_t bytes, int flags,
                                                    int protection) {
    const Descriptor descriptor = open_descriptor(path, flags);
    if (!descriptor.is_open()) return file_error("open", path, errno);
    struct stat facts {};
    if (::fstat(descriptor.number(), &facts) != 0) return file_error("fstat", path, errno);
    if (static_cast<std::uint64_t>(facts.st_size) < bytes) {
      // Touching a page behind the end would be a signal.
      return Error{ErrorCode::corrupt, path + ": " + std::to_string(facts.st_size) + " bytes, where " +
                                           std::to_string(bytes) + " are to be mapped: it was cut short"};
    }
    void* const data = ::mmap(nullptr, bytes, protection, MAP_SHARED, descriptor.number(), 0);
    if (data == MAP_FAILED) return file_error("mmap of " + std::to_string(bytes) + " bytes", path, errno);
    return std::unique_ptr<SharedMapping>(std::make_unique<PosixMapping>(data, bytes));
  }

  static int flags_of(OpenMode mode) noexcept {
    switch (mode) {
      case OpenMode::read_only:
        return O_RDONLY;
      case OpenMode::read_write:
        return O_RDWR;
      case OpenMode::create:
        return O_RDWR | O_CREAT | O_EXCL;
    }
    return O_RDONLY;
  }
};

}  // namespace

FileSystem& posix_file_system() {
  // Never destroyed: a journal that outlives main still writes to it.
  static FileSystem& files = *new PosixFileSystem;
  return files;
}

}  // namespace sluice::detail
