#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "journal/file_system.hpp"

namespace sluice::test {

/// Another file system that calls a test before and after every call that changes anything, on the thread
/// that makes it.
class HookedFileSystem final : public detail::FileSystem {
 public:
  HookedFileSystem(FileSystem& inner, std::function<void()> hook) : inner_(inner), hook_(std::move(hook)) {}

  Result<std::unique_ptr<detail::File>> open(const std::string& path, detail::OpenMode mode) override {
    const auto real = [&] { return inner_.open(path, mode); };
    auto file = mode == detail::OpenMode::create ? around(real) : real();
    if (!file) return file;
    return std::unique_ptr<detail::File>(std::make_unique<HookedFile>(*this, *std::move(file)));
  }
  Result<bool> exists(const std::string& path) override { return inner_.exists(path); }
  Result<void> make_directory(const std::string& path) override {
    return around([&] { return inner_.make_directory(path); });
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    return inner_.list(directory);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return around([&] { return inner_.rename(from, to); });
  }
  Result<void> remove(const std::string& path) override {
    return around([&] { return inner_.remove(path); });
  }
  Result<void> sync_directory(const std::string& directory) override {
    return around([&] { return inner_.sync_directory(directory); });
  }
  Result<std::unique_ptr<detail::DirectoryLock>> lock(const std::string& path) override {
    return inner_.lock(path);
  }
  Result<std::unique_ptr<detail::SharedMapping>> map_shared(const std::string& path,
                                                            std::size_t bytes) override {
    return inner_.map_shared(path, bytes);
  }
  Result<std::uint64_t> free_bytes(const std::string& directory) override {
    return inner_.free_bytes(directory);
  }
  Result<std::string> network_kind(const std::string& directory) override {
    return inner_.network_kind(directory);
  }

 private:
  class HookedFile final : public detail::File {
   public:
    HookedFile(HookedFileSystem& owner, std::unique_ptr<detail::File> inner)
        : owner_(owner), inner_(std::move(inner)) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
      return inner_->read_at(offset, bytes);
    }
    Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
      return owner_.around([&] { return inner_->write_at(offset, bytes); });
    }
    Result<void> allocate(std::uint64_t bytes) override {
      return owner_.around([&] { return inner_->allocate(bytes); });
    }
    Result<void> sync() override {
      return owner_.around([&] { return inner_->sync(); });
    }
    Result<std::uint64_t> size() const override { return inner_->size(); }
    const std::string& path() const noexcept override { return inner_->path(); }

   private:
    HookedFileSystem& owner_;
    std::unique_ptr<detail::File> inner_;
  };

  template <class Call>
  std::invoke_result_t<Call> around(Call call) {
    hook_();
    auto result = call();
    hook_();
    return result;
  }

  FileSystem& inner_;
  std::function<void()> hook_;
};

}  // namespace sluice::test
