#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "journal/file_error.hpp"
#include "journal/file_system.hpp"
#include "unsynced.hpp"

namespace sluice::test {

/// The calls that can be told to fail; several are joined by `|`.
enum class Call : std::uint32_t {
  open = 1U << 0U,    ///< of an existing file
  create = 1U << 1U,  ///< open of a new one
  read = 1U << 2U,
  write = 1U << 3U,
  allocate = 1U << 4U,
  sync = 1U << 5U,
  size = 1U << 6U,
  exists = 1U << 7U,
  make_directory = 1U << 8U,
  list = 1U << 9U,
  rename = 1U << 10U,
  remove = 1U << 11U,
  sync_directory = 1U << 12U,
  map_shared = 1U << 13U,
  free_bytes = 1U << 14U,
  network_kind = 1U << 15U,
};
constexpr Call operator|(Call a, Call b) noexcept {
  return static_cast<Call>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
constexpr bool among(Call call, Call calls) noexcept {
  return (static_cast<std::uint32_t>(call) & static_cast<std::uint32_t>(calls)) != 0;
}
inline constexpr Call kEveryCall = static_cast<Call>((1U << 16U) - 1);
/// Those that change what is on the disk, or make it last.
inline constexpr Call kEveryChange = Call::create | Call::write | Call::allocate | Call::sync |
                                     Call::make_directory | Call::rename | Call::remove |
                                     Call::sync_directory;

struct Fault {
  enum class Times : std::uint8_t { once, from_then_on };
  enum class Before : std::uint8_t { nothing, half_of_it };

  Call calls = kEveryCall;
  std::uint64_t nth = 1;  ///< which of these calls fails, the next one being the first
  int error_number = 0;   ///< EIO, ENOSPC, ...
  Times times = Times::once;
  Before before = Before::nothing;  ///< what a write does before it fails
};

/// Another file system whose calls fail when a test says so, and that knows what a loss of power would leave
/// of one directory. Failing from the k-th change on is what a loss of power at that moment looks like to the
/// program; `disk().make_image` then is what it finds afterwards. Any thread.
class FaultyFileSystem final : public detail::FileSystem {
 public:
  /// Watches what is under `root`; what happens elsewhere is passed on, counted and made to fail all the
  /// same.
  FaultyFileSystem(FileSystem& inner, const std::string& root) : inner_(inner), disk_(root) {}

  /// Adds a fault to those there are; the first that applies to a call decides.
  void fail(const Fault& fault) {
    const std::lock_guard hold(mutex_);
    faults_.push_back({fault, 0});
  }
  /// No call fails any more.
  void heal() {
    const std::lock_guard hold(mutex_);
    faults_.clear();
  }
  /// Calls of these kinds so far, failed ones included.
  [[nodiscard]] std::uint64_t count(Call calls) const {
    const std::lock_guard hold(mutex_);
    std::uint64_t sum = 0;
    for (const auto& [call, times] : counts_) sum += among(call, calls) ? times : 0;
    return sum;
  }
  /// How many calls were made to fail so far.
  [[nodiscard]] std::uint64_t failed() const {
    const std::lock_guard hold(mutex_);
    return failed_;
  }
  [[nodiscard]] Unsynced& disk() noexcept { return disk_; }

  Result<std::unique_ptr<detail::File>> open(const std::string& path, detail::OpenMode mode) override {
    const bool creates = mode == detail::OpenMode::create;
    if (const auto fault = begin(creates ? Call::create : Call::open)) return error(*fault, "open", path);
    auto file = inner_.open(path, mode);
    if (!file) return file;
    Unsynced::FilePointer record = creates ? disk_.created(path) : disk_.find(path);
    return std::unique_ptr<detail::File>(
        std::make_unique<FaultyFile>(*this, std::move(*file), std::move(record)));
  }
  Result<bool> exists(const std::string& path) override {
    if (const auto fault = begin(Call::exists)) return error(*fault, "stat", path);
    return inner_.exists(path);
  }
  Result<void> make_directory(const std::string& path) override {
    if (const auto fault = begin(Call::make_directory)) return error(*fault, "mkdir", path);
    auto done = inner_.make_directory(path);
    if (done) disk_.made_directory(path);
    return done;
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    if (const auto fault = begin(Call::list)) return error(*fault, "readdir", directory);
    return inner_.list(directory);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    if (const auto fault = begin(Call::rename)) return error(*fault, "rename to " + to, from);
    auto done = inner_.rename(from, to);
    if (done) disk_.renamed(from, to);
    return done;
  }
  Result<void> remove(const std::string& path) override {
    if (const auto fault = begin(Call::remove)) return error(*fault, "unlink", path);
    auto done = inner_.remove(path);
    if (done) disk_.removed(path);
    return done;
  }
  Result<void> sync_directory(const std::string& directory) override {
    if (const auto fault = begin(Call::sync_directory)) return error(*fault, "fsync", directory);
    const std::uint64_t until = disk_.changes();
    auto done = inner_.sync_directory(directory);
    if (done) disk_.synced_directory(directory, until);
    return done;
  }
  Result<std::unique_ptr<detail::DirectoryLock>> lock(const std::string& path) override {
    return inner_.lock(path);
  }
  Result<std::unique_ptr<detail::SharedMapping>> map_shared(const std::string& path,
                                                            std::size_t bytes) override {
    if (const auto fault = begin(Call::map_shared)) return error(*fault, "mmap", path);
    auto mapping = inner_.map_shared(path, bytes);
    if (mapping) disk_.mapped(path);
    return mapping;
  }
  Result<std::uint64_t> free_bytes(const std::string& directory) override {
    if (const auto fault = begin(Call::free_bytes)) return error(*fault, "statvfs", directory);
    return inner_.free_bytes(directory);
  }
  Result<std::string> network_kind(const std::string& directory) override {
    if (const auto fault = begin(Call::network_kind)) return error(*fault, "statfs", directory);
    return inner_.network_kind(directory);
  }

 private:
  class FaultyFile final : public detail::File {
   public:
    FaultyFile(FaultyFileSystem& owner, std::unique_ptr<File> inner, Unsynced::FilePointer record)
        : owner_(owner), inner_(std::move(inner)), record_(std::move(record)) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
      if (const auto fault = owner_.begin(Call::read)) return error(*fault, "pread", path());
      return inner_->read_at(offset, bytes);
    }
    Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
      if (const auto fault = owner_.begin(Call::write)) {
        if (fault->before == Fault::Before::half_of_it) {
          (void)pass_on_write(offset, bytes.first(bytes.size() / 2));
        }
        return error(*fault, "pwrite", path());
      }
      return pass_on_write(offset, bytes);
    }
    Result<void> allocate(std::uint64_t bytes) override {
      if (const auto fault = owner_.begin(Call::allocate)) return error(*fault, "fallocate", path());
      auto done = inner_->allocate(bytes);
      if (done) owner_.disk_.allocated(record_, bytes);
      return done;
    }
    Result<void> sync() override {
      const UnsyncedFile::Sync sync = owner_.disk_.begin_sync(record_);
      const auto fault = owner_.begin(Call::sync);
      Result<void> done = fault ? Result<void>(error(*fault, "fdatasync", path())) : inner_->sync();
      if (done) {
        owner_.disk_.synced(record_, sync);
      } else {
        owner_.disk_.sync_failed(record_, sync);
      }
      return done;
    }
    Result<std::uint64_t> size() const override {
      if (const auto fault = owner_.begin(Call::size)) return error(*fault, "fstat", path());
      return inner_->size();
    }
    const std::string& path() const noexcept override { return inner_->path(); }

   private:
    Result<void> pass_on_write(std::uint64_t offset, std::span<const std::byte> bytes) {
      auto done = inner_->write_at(offset, bytes);
      if (done) {
        owner_.disk_.written(record_, offset, bytes);
        return done;
      }
      // A real failure: what of it was written is there to be read.
      std::vector<std::byte> there(bytes.size());
      const auto count = inner_->read_at(offset, there);
      if (count && *count > 0) owner_.disk_.written(record_, offset, std::span(there).first(*count));
      return done;
    }

    FaultyFileSystem& owner_;
    std::unique_ptr<File> inner_;
    Unsynced::FilePointer record_;
  };

  struct ActiveFault {
    Fault fault;
    std::uint64_t seen;  ///< calls that it applies to, since it was given
  };

  /// Counts a call; what befalls it, if anything.
  std::optional<Fault> begin(Call call) {
    const std::lock_guard hold(mutex_);
    ++counts_[call];
    std::optional<Fault> befalls;
    for (ActiveFault& active : faults_) {
      if (!among(call, active.fault.calls)) continue;
      ++active.seen;
      const bool fires = active.fault.times == Fault::Times::once ? active.seen == active.fault.nth
                                                                  : active.seen >= active.fault.nth;
      if (fires && !befalls) befalls = active.fault;
    }
    if (befalls) ++failed_;
    return befalls;
  }
  static Error error(const Fault& fault, const std::string& call, const std::string& path) {
    return detail::file_error(call, path, fault.error_number);
  }

  FileSystem& inner_;
  Unsynced disk_;
  mutable std::mutex mutex_;
  std::vector<ActiveFault> faults_;
  std::map<Call, std::uint64_t> counts_;
  std::uint64_t failed_ = 0;
};

}  // namespace sluice::test
