// A small journal, damaged: opened, read, and opened once more. Any typed error will do, and so will any
// events; but what was read once without an error is read the second time too.
//
// An input is a byte that says which files' checksums are to fit again (see `Repair`), and any number of
// edits: an operation, a file's number, an offset (3 bytes), a count, and for some that many bytes.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/bounded_file_system.hpp"
#include "fuzz/finding.hpp"
#include "fuzz/input.hpp"
#include "fuzz/journal_image.hpp"
#include "fuzz/repair.hpp"
#include "journal/journal_impl.hpp"
#include "journal/manifest.hpp"

namespace {

using namespace sluice;

/// The image's files, by their numbers.
enum FileNumber : std::size_t { kManifest, kSynced, kControl, kRing, kFirstSegment };

enum Repair : std::uint64_t {
  kRepairManifest = 1,
  kRepairSynced = 2,
  kRepairControl = 4,
  kRepairRing = 8,
  kRepairSegments = 16,  ///< also gives each the name that the manifest has for it
  kReadFromAnywhere = 32,
};

constexpr std::size_t kMostEdits = 32;
constexpr std::size_t kMostFileBytes = std::size_t{1} << 18;

void apply_edit(fuzz::Input& input, std::vector<fuzz::ImageFile>& files) {
  enum Operation : std::uint64_t { overwrite, truncate, insert, erase, extend, remove, count };
  const auto operation = static_cast<Operation>(input.number(1) % count);
  fuzz::Bytes& bytes = files[input.number(1) % files.size()].bytes;
  const std::size_t at = input.number(3) % (bytes.size() + 1);
  const std::size_t amount = input.number(1);
  const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
  switch (operation) {
    case overwrite: {
      const auto given = input.bytes(std::min(amount, bytes.size() - at));
      std::copy(given.begin(), given.end(), place);
      return;
    }
    case truncate:
      bytes.resize(at);
      return;
    case insert: {
      const auto given = input.bytes(amount);
      if (bytes.size() < kMostFileBytes) bytes.insert(place, given.begin(), given.end());
      return;
    }
    case erase:
      bytes.erase(place, place + static_cast<std::ptrdiff_t>(std::min(amount, bytes.size() - at)));
      return;
    case extend:
      if (bytes.size() < kMostFileBytes) bytes.resize(bytes.size() + amount * 64);
      return;
    case remove:
    case count:
      files[std::min<std::size_t>(at, files.size() - 1)].path.clear();
      return;
  }
}

void repair(std::vector<fuzz::ImageFile>& files, std::uint64_t wanted) {
  if ((wanted & kRepairManifest) != 0) fuzz::repair_manifest(files[kManifest].bytes);
  if ((wanted & kRepairSynced) != 0) fuzz::repair_synced_record(files[kSynced].bytes);
  if ((wanted & kRepairControl) != 0) {
    fuzz::repair_control_log(files[kControl].bytes, fuzz::journal_id(), fuzz::kControlName);
  }
  if ((wanted & kRepairRing) != 0) fuzz::repair_ring(files[kRing].bytes);
  if ((wanted & kRepairSegments) == 0) return;
  const auto& text = files[kManifest].bytes;
  const auto manifest = detail::parse_manifest(
      std::string_view(reinterpret_cast<const char*>(text.data()), text.size()), "MANIFEST");
  if (!manifest) return;
  const std::size_t segments = std::min(manifest->segments.size(), files.size() - kFirstSegment);
  for (std::size_t i = 0; i < segments; ++i) {
    fuzz::ImageFile& file = files[kFirstSegment + i];
    fuzz::repair_segment(file.bytes, manifest->segments[i], manifest->journal);
    if (!file.path.empty()) {
      file.path = detail::join_path(fuzz::kDirectory, segment_name(manifest->segments[i]));
    }
  }
}

/// All that an event says, so that every byte of it was looked at.
std::string told(const EventView& event) {
  std::string text = event.id().to_string() + " " + std::string(event.topic()) + " " +
                     std::to_string(event.shard()) + " " + std::to_string(event.position()) + " " +
                     std::to_string(event.timestamp_ns()) + " " + std::to_string(event.expires_at_ns()) +
                     " " + std::string(event.text());
  for (const auto& [key, value] : event.metadata()) text.append(key).append("=").append(value);
  return text;
}

/// What was read of each shard; nothing where anything was wrong.
using History = std::map<std::uint32_t, std::vector<std::string>>;

std::optional<History> open_and_read(detail::FileSystem& files, std::uint64_t from) {
  JournalOptions options;
  options.directory = fuzz::kDirectory;
  options.ring_directory.clear();
  options.first_segment_bytes = options.most_segment_bytes = 16 * 1024;
  detail::JournalImpl journal(options, files);
  const auto started = journal.start({.shards = {{.capacity_bytes = 1024}, {.capacity_bytes = 1024}}});
  if (!started) {
    fuzz::require(!started.error().message.empty(), "an error without a message");
    return std::nullopt;
  }
  History history;
  bool whole = true;
  for (std::uint32_t shard = 0; shard < started->positions.size(); ++shard) {
    const std::uint64_t end = journal.journaled_position(shard);
    fuzz::require(end == started->positions[shard] && end % 32 == 0, "a log that ends nowhere");
    (void)journal.load_cursor("reader", shard);
    std::uint64_t last = 0;
    const auto read = journal.read(shard, from, [&](const EventView& event) {
      fuzz::require(event.position() >= from && event.position() < end && event.position() >= last,
                    "an event that lies outside the log");
      last = event.position() + 1;
      history[shard].push_back(told(event));
      return true;
    });
    whole = whole && read && *read >= end;
  }
  return whole ? std::optional(std::move(history)) : std::nullopt;
}

void put_files(detail::MemoryFileSystem& memory, std::vector<fuzz::ImageFile> image) {
  for (fuzz::ImageFile& file : image) {
    if (!file.path.empty()) memory.at(file.path) = std::move(file.bytes);
  }
}

/// Without damage all of it is read, what the rings hold too: else a fuzzer would look at nothing but errors.
bool check_image() {
  detail::MemoryFileSystem memory;
  put_files(memory, fuzz::journal_image());
  fuzz::BoundedFileSystem files(memory);
  const auto history = open_and_read(files, 0);
  fuzz::require(history && history->size() == 2, "the journal can't be read before it is damaged");
  fuzz::require(history->at(0).size() == 12 && history->at(1).size() == 8, "events are missing undamaged");
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  [[maybe_unused]] static const bool sound = check_image();
  const fuzz::TimeLimit limit;
  std::vector<fuzz::ImageFile> image = fuzz::journal_image();
  fuzz::Input input(data, size);
  const std::uint64_t options = input.number(1);
  const std::uint64_t from = (options & kReadFromAnywhere) != 0 ? input.number(2) * 8 : 0;
  for (std::size_t i = 0; i < kMostEdits && !input.empty(); ++i) apply_edit(input, image);
  repair(image, options);

  detail::MemoryFileSystem memory;
  put_files(memory, std::move(image));
  fuzz::BoundedFileSystem files(memory);
  const auto first = open_and_read(files, from);
  const auto second = open_and_read(files, from);
  if (first) fuzz::require(second == first, "what was read once is not there the second time");
  return 0;
}
