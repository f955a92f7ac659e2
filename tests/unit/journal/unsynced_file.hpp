#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>

namespace sluice::test {

/// What of one file is on the disk for certain, and what may be: per sector of 512 bytes every version since
/// the last successful sync, and every size.
class UnsyncedFile {
 public:
  static constexpr std::size_t kSectorBytes = 512;
  using Sector = std::array<std::byte, kSectorBytes>;

  void write(std::uint64_t offset, std::span<const std::byte> bytes) {
    grow(offset + bytes.size());
    while (!bytes.empty()) {
      const std::size_t begin = offset % kSectorBytes;
      const std::size_t count = std::min(bytes.size(), kSectorBytes - begin);
      Versions& versions = sectors_[offset / kSectorBytes];
      Sector next = versions.kept.back();
      std::copy_n(bytes.begin(), count, next.begin() + static_cast<std::ptrdiff_t>(begin));
      versions.add(next);
      offset += count;
      bytes = bytes.subspan(count);
    }
  }
  void grow(std::uint64_t bytes) {
    if (bytes > sizes_.kept.back()) sizes_.add(bytes);
  }

  /// A sync under way: what it will have made certain.
  struct Sync {
    std::map<std::uint64_t, std::uint64_t> sectors;  ///< by number, the version that was newest at its start
    std::uint64_t size = 0;
  };
  [[nodiscard]] Sync begin_sync() const {
    Sync sync{.sectors = {}, .size = sizes_.newest()};
    for (const auto& [number, versions] : sectors_) {
      if (versions.dirty) sync.sectors.emplace(number, versions.newest());
    }
    return sync;
  }
  void synced(const Sync& sync) {
    for (const auto& [number, version] : sync.sectors) sectors_.at(number).settle(version);
    sizes_.settle(sync.size);
  }
  /// As Linux does: what it was to write counts as written from then on, so that no later sync writes it.
  void sync_failed(const Sync& sync) {
    for (const auto& [number, version] : sync.sectors) sectors_.at(number).forget(version);
  }

  /// The page cache drops what a failed sync left in it: from now on the file reads as the disk has it.
  /// Calls `write(offset, bytes)` for each sector that changes by that.
  template <class Pick, class Write>
  void evict(Pick pick, Write write) {
    for (auto& [number, versions] : sectors_) {
      if (versions.dirty || versions.kept.size() < 2) continue;
      const Sector chosen = versions.kept[pick(versions.kept.size())];
      versions.become(chosen);
      write(number * kSectorBytes, std::span<const std::byte>(chosen));
    }
  }

  /// One state in which a loss of power could leave the file: its size, and `write(offset, bytes)` for each
  /// sector that was ever written.
  template <class Pick, class Write>
  std::uint64_t choose(Pick pick, Write write) const {
    const std::uint64_t size = sizes_.kept[pick(sizes_.kept.size())];
    for (const auto& [number, versions] : sectors_) {
      const Sector& chosen = versions.kept[pick(versions.kept.size())];
      const std::uint64_t offset = number * kSectorBytes;
      if (offset >= size) continue;
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(kSectorBytes, size - offset));
      write(offset, std::span<const std::byte>(chosen).first(count));
    }
    return size;
  }

  /// The only name under which its bytes can be had, and whether somebody writes them behind our back.
  std::string path;
  enum class Access : std::uint8_t { calls, mapping } access = Access::calls;

 private:
  template <class T>
  struct History {
    std::deque<T> kept = {T{}};  ///< the first is on the disk, unless one behind it is
    std::uint64_t first = 0;     ///< that one's number
    bool dirty = false;          ///< the next sync writes the last

    [[nodiscard]] std::uint64_t newest() const { return first + kept.size() - 1; }
    void add(const T& value) {
      if (value != kept.back()) kept.push_back(value);
      dirty = true;
    }
    void settle(std::uint64_t version) {
      for (; first < version; ++first) kept.pop_front();
      dirty = newest() > version;
    }
    void forget(std::uint64_t version) { dirty = newest() > version; }
    void become(const T& value) {
      first = newest();
      kept = {value};
    }
  };
  using Versions = History<Sector>;

  std::map<std::uint64_t, Versions> sectors_;
  History<std::uint64_t> sizes_;
};

}  // namespace sluice::test
