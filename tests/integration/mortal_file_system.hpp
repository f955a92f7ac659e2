#pragma once

#include <cerrno>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "journal/file_error.hpp"
#include "journal/file_system.hpp"

namespace sluice::test {

/// The real files until the process that they belong to dies, so to speak: from then on every call fails, and
/// none is under way. What its threads still do changes nothing that the next process finds. Any thread.
class MortalFileSystem final : public detail::FileSystem {
 public:
  void die() {
    const std::unique_lock nobody_calls(mutex_);
    dead_ = true;
  }

  Result<std::unique_ptr<detail::File>> open(const std::string& path, detail::OpenMode mode) override {
    return alive(path, [&]() -> Result<std::unique_ptr<detail::File>> {
      auto file = real_->open(path, mode);
      if (!file) return file;
      return std::unique_ptr<detail::File>(std::make_unique<MortalFile>(*this, *std::move(file)));
    });
  }
  Result<bool> exists(const std::string& path) override {
    return alive(path, [&] { return real_->exists(path); });
  }
  Result<void> make_directory(const std::string& path) override {
    return alive(path, [&] { return real_->make_directory(path); });
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    return alive(directory, [&] { return real_->list(directory); });
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return alive(from, [&] { return real_->rename(from, to); });
  }
  Result<void> remove(const std::string& path) override {
    return alive(path, [&] { return real_->remove(path); });
  }
  Result<void> sync_directory(const std::string& directory) override {
    return alive(directory, [&] { return real_->sync_directory(directory); });
  }
  Result<std::unique_ptr<detail::DirectoryLock>> lock(const std::string& path) override {
    return alive(path, [&] { return real_->lock(path); });
  }
  Result<std::unique_ptr<detail::SharedMapping>> map_shared(const std::string& path,
                                                            std::size_t bytes) override {
    return alive(path, [&] { return real_->map_shared(path, bytes); });
  }
  Result<std::uint64_t> free_bytes(const std::string& directory) override {
    return alive(directory, [&] { return real_->free_bytes(directory); });
  }
  Result<std::string> network_kind(const std::string& directory) override {
    return alive(directory, [&] { return real_->network_kind(directory); });
  }

 private:
  class MortalFile final : public detail::File {
   public:
    MortalFile(MortalFileSystem& owner, std::unique_ptr<detail::File> real)
        : owner_(&owner), real_(std::move(real)) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
      return owner_->alive(path(), [&] { return real_->read_at(offset, bytes); });
    }
    Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
      return owner_->alive(path(), [&] { return real_->write_at(offset, bytes); });
    }
    Result<void> allocate(std::uint64_t bytes) override {
      return owner_->alive(path(), [&] { return real_->allocate(bytes); });
    }
    Result<void> sync() override {
      return owner_->alive(path(), [&] { return real_->sync(); });
    }
    Result<std::uint64_t> size() const override { return real_->size(); }
    const std::string& path() const noexcept override { return real_->path(); }

   private:
    MortalFileSystem* owner_;
    std::unique_ptr<detail::File> real_;
  };

  template <class Call>
  std::invoke_result_t<Call> alive(const std::string& path, Call call) const {
    const std::shared_lock one_of_many(mutex_);
    if (dead_) return detail::file_error("anything", path, EIO);
    return call();
  }

  detail::FileSystem* real_ = &detail::posix_file_system();
  mutable std::shared_mutex mutex_;
  bool dead_ = false;
};

}  // namespace sluice::test
