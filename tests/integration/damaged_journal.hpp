#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/bus/bus.hpp"

#include "conformance/persistence_maker.hpp"
#include "journal/journal_impl.hpp"
#include "journal/salvage/salvage_plan.hpp"
#include "journal/salvage/segment_survey.hpp"
#include "unit/journal/memory_file_system.hpp"
#include "unit/journal/temporary_directory.hpp"

/// Journals to damage, and what a repair has to bring back of them.
namespace sluice::test {

using conformance::Seen;
using Bytes = detail::MemoryFileSystem::Bytes;

inline constexpr const char* kDamagedDirectory = "journal";
inline constexpr std::uint32_t kDamagedShards = 2;

/// Where an event's record lies, and what it is.
struct Placed {
  std::string file;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint32_t shard = 0;
  Seen seen;
};

/// A journal's files, in memory, with everything that is in them.
struct Image {
  std::map<std::string, Bytes> files;
  std::vector<Placed> events;

  [[nodiscard]] detail::MemoryFileSystem file_system() const {
    detail::MemoryFileSystem system;
    for (const auto& [name, bytes] : files) system.at(std::string(kDamagedDirectory) + "/" + name) = bytes;
    return system;
  }
  [[nodiscard]] std::vector<std::string> names(std::string_view prefix, std::string_view suffix) const {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : files) {
      if (name.starts_with(prefix) && name.ends_with(suffix)) names.push_back(name);
    }
    return names;
  }
  [[nodiscard]] std::vector<std::string> segments() const { return names("shard-", ".segment"); }
  [[nodiscard]] std::string control_log() const { return names("control-", ".log").at(0); }
};

inline JournalOptions damaged_options(const std::string& directory) {
  JournalOptions options;
  options.directory = directory;
  options.ring_directory.clear();
  options.first_segment_bytes = options.most_segment_bytes = 16 * 1024;
  return options;
}

inline std::map<std::string, Bytes> files_in(const std::string& directory) {
  std::map<std::string, Bytes> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
    files[entry.path().filename().string()].assign(bytes, bytes + text.size());
  }
  files.erase("LOCK");
  return files;
}

/// Finds each event in the files, once it is known what was published.
inline void place_events(Image& image, const std::vector<std::vector<Seen>>& published) {
  detail::MemoryFileSystem files = image.file_system();
  const auto manifest = detail::load_manifest(files, kDamagedDirectory).value().value();
  for (const detail::SegmentEntry& entry : manifest.segments) {
    const auto visit = [&](const detail::SegmentEntry& of, const detail::SegmentScanner::Record& record) {
      if (!record.word.is_data()) return;
      for (const Seen& seen : published.at(of.shard)) {
        if (seen.position != record.position) continue;
        image.events.push_back(
            {segment_name(of), file_offset(of, record.position), record.word.length(), of.shard, seen});
      }
    };
    EXPECT_TRUE(detail::survey_segment(files, kDamagedDirectory, entry, manifest.journal, visit));
  }
}

enum class Ending : std::uint8_t { closed, killed };

/// Two runs of two shards; the second one is closed, or its files are those of a process that just died.
inline Image make_image(Ending ending) {
  const TemporaryDirectory directory(TemporaryDirectory::fast_parent());
  const std::string path = directory.file("journal");
  Image image;
  std::vector<std::vector<Seen>> published(kDamagedShards);
  for (int run = 0; run < 2; ++run) {
    const auto kept = journal(damaged_options(path));
    {
      Bus bus = Bus::open({.persistence = kept, .shards = kDamagedShards}).value();
      Subscription firehose = bus.subscribe({}).value();
      for (int i = 0; i < 220; ++i) {
        const std::string text(static_cast<std::size_t>(20 + i * 7 % 300), static_cast<char>('a' + i % 26));
        bus.publish("damage." + std::to_string(i % 7), std::to_string(i) + text, {.metadata = {{"n", "1"}}})
            .value();
        firehose.poll([&](const EventView& event) { published[event.shard()].emplace_back(event); });
      }
      kept->store_cursor("reader", 0, published[0][5].position, CursorRetention::hold).value();
      for (std::uint32_t shard = 0; shard < kDamagedShards; ++shard) {
        const std::uint64_t tail = bus.metrics().shards[shard].tail;
        // Half of the last run is synced, the rest only journaled.
        EXPECT_TRUE(kept->sync(shard, tail / 2, std::chrono::seconds(60)));
        while (kept->journaled_position(shard) < tail) std::this_thread::yield();
      }
      if (run == 1 && ending == Ending::killed) image.files = files_in(path);
    }
  }
  if (ending == Ending::closed) image.files = files_in(path);
  place_events(image, published);
  EXPECT_EQ(image.events.size(), 440U);
  return image;
}

/// Every event that a journal gives back, whatever gaps it has; or the error.
inline Result<std::vector<std::vector<Seen>>> events_of(detail::FileSystem& files,
                                                        const std::string& directory) {
  std::vector<std::vector<Seen>> events(kDamagedShards);
  detail::JournalImpl journal(damaged_options(directory), files);
  auto started = journal.start({.shards = {{.capacity_bytes = 4096}, {.capacity_bytes = 4096}}});
  if (!started) return std::move(started).error();
  const auto manifest = detail::load_manifest(files, directory);
  if (!manifest) return manifest.error();
  for (const detail::SegmentEntry& entry : (*manifest)->segments) {
    const std::uint64_t end = entry.end.value_or(~std::uint64_t{0});
    auto read = journal.read(entry.shard, entry.begin, [&](const EventView& event) {
      if (event.position() < end) events[entry.shard].emplace_back(event);
      return event.position() < end;
    });
    if (!read) return std::move(read).error();
  }
  return events;
}

}  // namespace sluice::test
