#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "journal/file_system.hpp"
#include "unsynced_file.hpp"

namespace sluice::test {

/// Everything under one directory, as far as it would survive a loss of power. Names that were created,
/// renamed or removed since their directory was synced may have survived or not, each by itself; a rename is
/// one step. Directories are made, not renamed or removed. Any thread.
class Unsynced {
 public:
  using FilePointer = std::shared_ptr<UnsyncedFile>;

  /// What is under `root` now counts as synced.
  explicit Unsynced(const std::string& root) : root_(normal(root)) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
      names_[entry.path()] = entry.is_directory() ? nullptr : load(entry.path());
    }
    synced_names_ = names_;
  }

  [[nodiscard]] bool covers(const std::string& path) const {
    return normal(path).string().rfind(root_.string() + "/", 0) == 0;
  }

  /// The file of that name; null outside of the directory.
  [[nodiscard]] FilePointer find(const std::string& path) {
    if (!covers(path)) return nullptr;
    const std::lock_guard hold(mutex_);
    FilePointer& file = names_[normal(path)];
    if (file == nullptr) {
      file = load(path);  // somebody else put it there
      synced_names_[normal(path)] = file;
    }
    return file;
  }
  FilePointer created(const std::string& path) {
    if (!covers(path)) return nullptr;
    auto file = std::make_shared<UnsyncedFile>();
    file->path = normal(path);
    change({.erased = {}, .set = normal(path), .file = file});
    return file;
  }
  void made_directory(const std::string& path) {
    if (!covers(path)) return;
    {
      const std::lock_guard hold(mutex_);
      if (names_.count(normal(path)) > 0) return;
    }
    change({.erased = {}, .set = normal(path), .file = nullptr});
  }
  void removed(const std::string& path) {
    if (!covers(path)) return;
    const FilePointer file = known(path);
    if (file != nullptr) change({.erased = normal(path), .set = {}, .file = file});
  }
  void renamed(const std::string& from, const std::string& to) {
    if (!covers(from) && !covers(to)) return;
    if (!covers(from) || !covers(to)) throw std::logic_error("a rename out of or into what is watched");
    const FilePointer file = known(from);
    if (file == nullptr) throw std::logic_error("a rename of what is no file: " + from);
    change({.erased = normal(from), .set = normal(to), .file = file});
  }

  void written(const FilePointer& file, std::uint64_t offset, std::span<const std::byte> bytes) {
    if (file == nullptr) return;
    const std::lock_guard hold(mutex_);
    file->write(offset, bytes);
  }
  void allocated(const FilePointer& file, std::uint64_t bytes) {
    if (file == nullptr) return;
    const std::lock_guard hold(mutex_);
    file->grow(bytes);
  }
  void mapped(const std::string& path) {
    if (const FilePointer file = find(path)) {
      const std::lock_guard hold(mutex_);
      file->access = UnsyncedFile::Access::mapping;
    }
  }

  [[nodiscard]] UnsyncedFile::Sync begin_sync(const FilePointer& file) {
    if (file == nullptr) return {};
    const std::lock_guard hold(mutex_);
    refresh(*file);
    return file->begin_sync();
  }
  void synced(const FilePointer& file, const UnsyncedFile::Sync& sync) {
    if (file == nullptr) return;
    const std::lock_guard hold(mutex_);
    file->synced(sync);
  }
  void sync_failed(const FilePointer& file, const UnsyncedFile::Sync& sync) {
    if (file == nullptr) return;
    const std::lock_guard hold(mutex_);
    file->sync_failed(sync);
  }

  /// How many changes of names there were: what a sync of a directory that begins now covers.
  [[nodiscard]] std::uint64_t changes() const {
    const std::lock_guard hold(mutex_);
    return changes_;
  }
  void synced_directory(const std::string& path, std::uint64_t until) {
    const std::lock_guard hold(mutex_);
    std::vector<Change> still_pending;
    for (Change& change : pending_) {
      const bool of_it = (!change.erased.empty() && change.erased.parent_path() == normal(path)) ||
                         (!change.set.empty() && change.set.parent_path() == normal(path));
      if (of_it && change.number < until) {
        apply(change, synced_names_);
      } else {
        still_pending.push_back(std::move(change));
      }
    }
    pending_ = std::move(still_pending);
  }

  /// Writes one of the states in which a loss of power now could leave the directory into `target`, which
  /// must be empty or absent. The same seed after the same calls gives the same image.
  void make_image(std::uint64_t seed, const std::string& target) {
    const std::lock_guard hold(mutex_);
    Dice dice(seed);
    Names names = synced_names_;
    for (const Change& change : pending_) {
      if (dice.for_names(2) == 1) apply(change, names);
    }
    std::filesystem::create_directories(target);
    for (const auto& [path, file] : names) {
      const std::filesystem::path copy = target / path.lexically_relative(root_);
      // A directory that did not survive takes its files along.
      if (!std::filesystem::exists(copy.parent_path())) continue;
      if (file == nullptr) {
        detail::posix_file_system().make_directory(copy).value();
        continue;
      }
      refresh(*file);
      const auto out = detail::posix_file_system().open(copy, detail::OpenMode::create).value();
      const std::uint64_t size = file->choose([&](std::size_t count) { return dice.for_bytes(count); },
                                              [&](std::uint64_t offset, std::span<const std::byte> bytes) {
                                                out->write_at(offset, bytes).value();
                                              });
      std::filesystem::resize_file(copy, size);
    }
  }

  /// The system drops from its cache what failed syncs left there: from now on such sectors read as the disk
  /// has them, in any version since the last successful sync.
  void evict_failed(std::uint64_t seed) {
    const std::lock_guard hold(mutex_);
    Dice dice(seed);
    for (const auto& [path, file] : names_) {
      if (file == nullptr) continue;
      const auto out = detail::posix_file_system().open(path, detail::OpenMode::read_write).value();
      file->evict([&](std::size_t count) { return dice.for_bytes(count); },
                  [&](std::uint64_t offset, std::span<const std::byte> bytes) {
                    const std::uint64_t size = out->size().value();
                    if (offset >= size) return;
                    const auto most =
                        static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), size - offset));
                    out->write_at(offset, bytes.first(most)).value();
                  });
    }
  }

 private:
  using Names = std::map<std::filesystem::path, FilePointer>;  ///< null for a directory

  struct Change {
    std::filesystem::path erased;  ///< if it is still this file's
    std::filesystem::path set;
    FilePointer file;
    std::uint64_t number = 0;
  };

  /// Chooses among versions: all the oldest, all the newest, any, or nearly all of one kind, because the rare
  /// exception finds other bugs than noise does.
  class Dice {
   public:
    explicit Dice(std::uint64_t seed) : random_(seed), names_(draw(kHabits)), bytes_(draw(kHabits)) {}
    std::size_t for_names(std::size_t count) { return throw_as(names_, count); }
    std::size_t for_bytes(std::size_t count) { return throw_as(bytes_, count); }

   private:
    static constexpr std::size_t kHabits = 5;
    std::size_t draw(std::size_t count) { return static_cast<std::size_t>(random_() % count); }
    std::size_t throw_as(std::size_t habit, std::size_t count) {
      if (count == 1) return 0;
      const bool exception = draw(8) == 0;
      const std::size_t any = draw(count);
      if (habit == 0) return 0;
      if (habit == 1) return count - 1;
      if (habit == 2) return exception ? any : 0;
      if (habit == 3) return exception ? any : count - 1;
      return any;
    }

    std::mt19937_64 random_;
    std::size_t names_;
    std::size_t bytes_;
  };

  static std::filesystem::path normal(const std::filesystem::path& path) {
    std::filesystem::path plain = std::filesystem::absolute(path).lexically_normal();
    return plain.has_filename() ? plain : plain.parent_path();
  }
  static void apply(const Change& change, Names& names) {
    if (!change.erased.empty()) {
      const auto found = names.find(change.erased);
      if (found != names.end() && found->second == change.file) names.erase(found);
    }
    if (!change.set.empty()) names[change.set] = change.file;
  }
  /// A file as it is, all of it synced.
  static FilePointer load(const std::string& path) {
    auto file = std::make_shared<UnsyncedFile>();
    file->path = path;
    file->write(0, detail::read_file(detail::posix_file_system(), path, UINT64_MAX).value());
    file->synced(file->begin_sync());
    return file;
  }
  /// What others wrote into a mapping: its bytes of now are one more version. Those in between are missed.
  static void refresh(UnsyncedFile& file) {
    if (file.access == UnsyncedFile::Access::calls) return;
    const auto bytes = detail::read_file(detail::posix_file_system(), file.path, UINT64_MAX);
    if (bytes) file.write(0, *bytes);
  }
  [[nodiscard]] FilePointer known(const std::string& path) const {
    const std::lock_guard hold(mutex_);
    const auto found = names_.find(normal(path));
    return found == names_.end() ? nullptr : found->second;
  }
  void change(Change change) {
    const std::lock_guard hold(mutex_);
    change.number = changes_++;
    const auto replaced = names_.find(change.set);
    if (replaced != names_.end() && replaced->second != nullptr) replaced->second->path.clear();
    apply(change, names_);
    if (change.file != nullptr) change.file->path = change.set;
    pending_.push_back(std::move(change));
  }

  const std::filesystem::path root_;
  mutable std::mutex mutex_;
  Names names_;         ///< as programs see them
  Names synced_names_;  ///< as they are on the disk for certain
  std::vector<Change> pending_;
  std::uint64_t changes_ = 0;
};

}  // namespace sluice::test
