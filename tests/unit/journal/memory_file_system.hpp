#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/file_system.hpp"

namespace sluice::detail {

/// Files in memory, for tests of what is in them. A test can look at a file, change it, and let a write fail.
/// One thread at a time. Directories need not be made.
class MemoryFileSystem final : public FileSystem {
 public:
  using Bytes = std::vector<std::byte>;

  /// What is in a file, to read or to change; made if it is not there.
  Bytes& at(const std::string& path) {
    std::shared_ptr<Node>& node = nodes_[path];
    if (node == nullptr) node = std::make_shared<Node>();
    return node->bytes;
  }
  /// What was in it when it was last synced.
  [[nodiscard]] const Bytes& synced(const std::string& path) const { return nodes_.at(path)->synced; }
  /// Files and directories that nobody synced since their names changed.
  [[nodiscard]] const std::set<std::string>& unsynced_directories() const noexcept { return unsynced_; }

  /// The next write leaves `bytes` bytes of what it was given, and fails as a full disk does.
  void fail_next_write_after(std::size_t bytes) { fail_after_ = bytes; }
  /// The next sync of a file fails.
  void fail_next_sync() { fail_sync_ = true; }

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    const auto found = nodes_.find(path);
    if ((found != nodes_.end()) == (mode == OpenMode::create)) {
      return Error{ErrorCode::system_error,
                   path + (mode == OpenMode::create ? ": it exists" : ": no such file")};
    }
    if (mode == OpenMode::create) (void)at(path), changed(path);
    return std::unique_ptr<File>(new MemoryFile(*this, path, nodes_[path], mode));
  }
  Result<bool> exists(const std::string& path) override { return nodes_.contains(path); }
  Result<void> make_directory(const std::string&) override { return {}; }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    std::vector<std::string> names;
    for (const auto& [path, node] : nodes_) {
      if (directory_of(path) == directory) names.push_back(path.substr(directory.size() + 1));
    }
    return names;
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    const auto found = nodes_.find(from);
    if (found == nodes_.end()) return Error{ErrorCode::system_error, from + ": no such file"};
    nodes_[to] = found->second;
    nodes_.erase(from);
    changed(to);
    return {};
  }
  Result<void> remove(const std::string& path) override {
    if (nodes_.erase(path) != 0) changed(path);
    return {};
  }
  Result<void> sync_directory(const std::string& directory) override {
    unsynced_.erase(directory);
    return {};
  }
  /// Everybody's.
  Result<std::unique_ptr<DirectoryLock>> lock(const std::string&) override {
    return std::make_unique<DirectoryLock>();
  }
  Result<std::unique_ptr<SharedMapping>> map_shared(const std::string& path, std::size_t bytes) override {
    const auto found = nodes_.find(path);
    if (found == nodes_.end() || found->second->bytes.size() < bytes) {
      return Error{ErrorCode::system_error, path + ": no such bytes"};
    }
    return std::unique_ptr<SharedMapping>(new MemoryMapping(found->second, bytes));
  }
  Result<std::uint64_t> free_bytes(const std::string&) override { return std::uint64_t{1} << 40U; }
  Result<std::string> network_kind(const std::string&) override { return std::string(); }

 private:
  struct Node {
    Bytes bytes;
    Bytes synced;
  };

  class MemoryFile final : public File {
   public:
    MemoryFile(MemoryFileSystem& files, std::string path, std::shared_ptr<Node> node, OpenMode mode)
        : files_(files), path_(std::move(path)), node_(std::move(node)), mode_(mode) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
      const auto begin = static_cast<std::size_t>(std::min<std::uint64_t>(offset, node_->bytes.size()));
      const std::size_t count = std::min(bytes.size(), node_->bytes.size() - begin);
      if (count != 0) std::memcpy(bytes.data(), node_->bytes.data() + begin, count);
      return count;
    }
    Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
      if (mode_ == OpenMode::read_only)
        return Error{ErrorCode::system_error, path_ + ": open for reading only"};
      const auto fail_after = std::exchange(files_.fail_after_, std::nullopt);
      if (fail_after) bytes = bytes.first(std::min(*fail_after, bytes.size()));
      const auto end = static_cast<std::size_t>(offset) + bytes.size();
      if (!bytes.empty()) {
        if (node_->bytes.size() < end) node_->bytes.resize(end);
        std::memcpy(node_->bytes.data() + offset, bytes.data(), bytes.size());
      }
      if (fail_after) return Error{ErrorCode::disk_full, path_ + ": no space"};
      return {};
    }
    Result<void> allocate(std::uint64_t bytes) override {
      if (node_->bytes.size() < bytes) node_->bytes.resize(static_cast<std::size_t>(bytes));
      return {};
    }
    Result<void> sync() override {
      if (std::exchange(files_.fail_sync_, false))
        return Error{ErrorCode::disk_failed, path_ + ": not synced"};
      node_->synced = node_->bytes;
      return {};
    }
    Result<std::uint64_t> size() const override { return std::uint64_t{node_->bytes.size()}; }
    const std::string& path() const noexcept override { return path_; }

   private:
    MemoryFileSystem& files_;
    std::string path_;
    std::shared_ptr<Node> node_;
    OpenMode mode_;
  };

  /// The file must keep its size while it is mapped.
  class MemoryMapping final : public SharedMapping {
   public:
    MemoryMapping(std::shared_ptr<Node> node, std::size_t bytes) : node_(std::move(node)), bytes_(bytes) {}
    std::span<std::byte> bytes() noexcept override { return std::span(node_->bytes).first(bytes_); }

   private:
    std::shared_ptr<Node> node_;
    std::size_t bytes_;
  };

  static std::string directory_of(const std::string& path) {
    return path.substr(0, std::min(path.rfind('/'), path.size()));
  }
  void changed(const std::string& path) { unsynced_.insert(directory_of(path)); }

  std::map<std::string, std::shared_ptr<Node>> nodes_;
  std::set<std::string> unsynced_;
  std::optional<std::size_t> fail_after_;
  bool fail_sync_ = false;
};

}  // namespace sluice::detail
