#pragma once

#include <atomic>
#include <csignal>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <unistd.h>

#include "journal/file_system.hpp"

namespace sluice::crash {

/// The real files, and a process that kills itself at the k-th call that changes anything: before it, behind
/// it, or, where bytes are written, with half of them written.
class KillingFileSystem final : public detail::FileSystem {
 public:
  enum class When : std::uint8_t { before, halfway, after };

  /// `at_call` counts from 1; 0: never.
  KillingFileSystem(std::uint64_t at_call, When when) : at_call_(at_call), when_(when) {}

  Result<std::unique_ptr<detail::File>> open(const std::string& path, detail::OpenMode mode) override {
    const auto real = [&] { return files_->open(path, mode); };
    auto file = mode == detail::OpenMode::create ? around(real) : real();
    if (!file) return file;
    return std::unique_ptr<detail::File>(std::make_unique<KillingFile>(*this, *std::move(file)));
  }
  Result<bool> exists(const std::string& path) override { return files_->exists(path); }
  Result<void> make_directory(const std::string& path) override {
    return around([&] { return files_->make_directory(path); });
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    return files_->list(directory);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return around([&] { return files_->rename(from, to); });
  }
  Result<void> remove(const std::string& path) override {
    return around([&] { return files_->remove(path); });
  }
  Result<void> sync_directory(const std::string& directory) override {
    return around([&] { return files_->sync_directory(directory); });
  }
  Result<std::unique_ptr<detail::DirectoryLock>> lock(const std::string& path) override {
    return files_->lock(path);
  }
  Result<std::unique_ptr<detail::SharedMapping>> map_shared(const std::string& path,
                                                            std::size_t bytes) override {
    return around([&] { return files_->map_shared(path, bytes); });
  }
  Result<std::uint64_t> free_bytes(const std::string& directory) override {
    return files_->free_bytes(directory);
  }
  Result<std::string> network_kind(const std::string& directory) override {
    return files_->network_kind(directory);
  }

 private:
  class KillingFile final : public detail::File {
   public:
    KillingFile(KillingFileSystem& owner, std::unique_ptr<detail::File> real)
        : owner_(&owner), real_(std::move(real)) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
      return real_->read_at(offset, bytes);
    }
    Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
      const bool now = owner_->is_it();
      if (now && owner_->when_ == When::halfway) (void)real_->write_at(offset, bytes.first(bytes.size() / 2));
      if (now && owner_->when_ != When::after) die();
      auto written = real_->write_at(offset, bytes);
      if (now) die();
      return written;
    }
    Result<void> allocate(std::uint64_t bytes) override {
      return owner_->around([&] { return real_->allocate(bytes); });
    }
    Result<void> sync() override {
      return owner_->around([&] { return real_->sync(); });
    }
    Result<std::uint64_t> size() const override { return real_->size(); }
    const std::string& path() const noexcept override { return real_->path(); }

   private:
    KillingFileSystem* owner_;
    std::unique_ptr<detail::File> real_;
  };

  template <class Call>
  std::invoke_result_t<Call> around(Call call) {
    const bool now = is_it();
    if (now && when_ != When::after) die();
    auto result = call();
    if (now) die();
    return result;
  }

  [[nodiscard]] bool is_it() noexcept {
    // Relaxed: any thread may be the one that counts it.
    return calls_.fetch_add(1, std::memory_order_relaxed) + 1 == at_call_;
  }
  [[noreturn]] static void die() noexcept {
    ::kill(::getpid(), SIGKILL);
    for (;;) ::pause();
  }

  detail::FileSystem* files_ = &detail::posix_file_system();
  std::uint64_t at_call_;
  When when_;
  std::atomic<std::uint64_t> calls_{0};
};

}  // namespace sluice::crash
