#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "unit/journal/memory_file_system.hpp"

namespace sluice::fuzz {

/// Files in memory on a disk that is soon full, since a damaged file may well ask for exabytes; and mappings
/// that begin with a page, as the system's do. A mapping does not write back: nobody maps a file twice here.
class BoundedFileSystem final : public detail::FileSystem {
 public:
  explicit BoundedFileSystem(detail::MemoryFileSystem& files) : files_(&files) {}

  Result<std::unique_ptr<detail::File>> open(const std::string& path, detail::OpenMode mode) override {
    auto file = files_->open(path, mode);
    if (!file) return file;
    return std::unique_ptr<detail::File>(new BoundedFile(*std::move(file)));
  }
  Result<bool> exists(const std::string& path) override { return files_->exists(path); }
  Result<void> make_directory(const std::string& path) override { return files_->make_directory(path); }
  Result<std::vector<std::string>> list(const std::string& path) override { return files_->list(path); }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return files_->rename(from, to);
  }
  Result<void> remove(const std::string& path) override { return files_->remove(path); }
  Result<void> sync_directory(const std::string& path) override { return files_->sync_directory(path); }
  Result<std::unique_ptr<detail::DirectoryLock>> lock(const std::string& path) override {
    return files_->lock(path);
  }
  Result<std::unique_ptr<detail::SharedMapping>> map_shared(const std::string& path,
                                                            std::size_t bytes) override {
    auto mapped = files_->map_shared(path, bytes);
    if (!mapped) return mapped;
    return std::unique_ptr<detail::SharedMapping>(new PageMapping((*mapped)->bytes()));
  }
  Result<std::uint64_t> free_bytes(const std::string& path) override { return files_->free_bytes(path); }
  Result<std::string> network_kind(const std::string& path) override { return files_->network_kind(path); }

 private:
  static constexpr std::uint64_t kMostBytes = std::uint64_t{4} << 20U;

  class BoundedFile final : public detail::File {
   public:
    explicit BoundedFile(std::unique_ptr<detail::File> file) : file_(std::move(file)) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
      return file_->read_at(offset, bytes);
    }
    Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
      if (offset > kMostBytes || bytes.size() > kMostBytes - offset) return full();
      return file_->write_at(offset, bytes);
    }
    Result<void> allocate(std::uint64_t bytes) override {
      if (bytes > kMostBytes) return full();
      return file_->allocate(bytes);
    }
    // Nobody asks here what a loss of power would leave, and keeping that costs most of the time.
    Result<void> sync() override { return {}; }
    Result<std::uint64_t> size() const override { return file_->size(); }
    const std::string& path() const noexcept override { return file_->path(); }

   private:
    [[nodiscard]] Error full() const { return {ErrorCode::disk_full, path() + ": no space"}; }

    std::unique_ptr<detail::File> file_;
  };

  class PageMapping final : public detail::SharedMapping {
   public:
    explicit PageMapping(std::span<const std::byte> bytes)
        : begin_(static_cast<std::byte*>(::operator new(bytes.size(), kPage))), size_(bytes.size()) {
      if (!bytes.empty()) std::memcpy(begin_, bytes.data(), bytes.size());
    }
    PageMapping(const PageMapping&) = delete;
    PageMapping& operator=(const PageMapping&) = delete;
    ~PageMapping() override { ::operator delete(begin_, kPage); }
    std::span<std::byte> bytes() noexcept override { return {begin_, size_}; }

   private:
    static constexpr std::align_val_t kPage{4096};

    std::byte* begin_;
    std::size_t size_;
  };

  detail::MemoryFileSystem* files_;
};

}  // namespace sluice::fuzz
