#include "journal/salvage/manifest_rebuild.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "base/crc32c.hpp"
#include "journal/control_file.hpp"
#include "journal/ring_file.hpp"
#include "journal/salvage/segment_survey.hpp"
#include "journal/text.hpp"

namespace sluice::detail {

namespace {

constexpr const char* kUsualRings = "/dev/shm";
/// How far the generation of a rebuilt manifest is above what any file mentions: more segments than that are
/// not begun between two control logs, and no two manifests may have the same.
constexpr std::uint64_t kGenerations = std::uint64_t{1} << 20U;

/// The number in "prefix<digits>suffix"; nothing for another name.
std::optional<std::uint64_t> number_in(std::string_view name, std::string_view prefix,
                                       std::string_view suffix, int base) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return std::nullopt;
  if (name.size() <= prefix.size() + suffix.size()) return std::nullopt;
  name = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number, base);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

/// What the lines of a damaged manifest say, each by itself.
struct Hints {
  std::optional<std::uint64_t> generation{};
  std::optional<std::uint64_t> epoch{};
  std::optional<std::string> control_log{};
  std::optional<std::string> ring_file{};
  std::optional<bool> closed{};
  std::map<std::string, SegmentEntry> segments{};  ///< by name
  std::vector<TailUnknown> tails_unknown{};
  std::set<std::string> dropped{};
};

/// A manifest with this line in it and nothing else of interest; nothing where it can't be read.
std::optional<Manifest> read_alone(std::string_view line) {
  Manifest plain;
  plain.control_log = "control";
  std::string text = to_text(plain);
  text.erase(text.rfind("crc32c "));
  const std::string key(line.substr(0, line.find(' ') + 1));
  const std::size_t same = text.find("\n" + key);
  if (key.empty()) return std::nullopt;
  if (same != std::string::npos) {
    text.replace(same + 1, text.find('\n', same + 1) - same - 1, line);
  } else {
    text.append(line).append("\n");
  }
  text += "crc32c " + hex_digits(crc32c(std::as_bytes(std::span(text))), 8) + "\n";
  auto parsed = parse_manifest(text, "MANIFEST");
  if (!parsed) return std::nullopt;
  return *std::move(parsed);
}

Hints hints_in(std::string_view text) {
  Hints hints;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto read = read_alone(line);
    if (!read) continue;
    if (line.starts_with("generation ")) hints.generation = read->generation;
    if (line.starts_with("epoch ")) hints.epoch = read->epoch;
    if (line.starts_with("control ")) hints.control_log = read->control_log;
    if (line.starts_with("ring ")) hints.ring_file = read->ring_file;
    if (line.starts_with("closed ")) hints.closed = read->closed;
    for (const SegmentEntry& entry : read->segments) hints.segments[segment_name(entry)] = entry;
    for (const TailUnknown& tail : read->tails_unknown) {
      if (std::find(hints.tails_unknown.begin(), hints.tails_unknown.end(), tail) ==
          hints.tails_unknown.end()) {
        hints.tails_unknown.push_back(tail);
      }
    }
    hints.dropped.insert(read->dropped.begin(), read->dropped.end());
  }
  return hints;
}

class Rebuild {
 public:
  Rebuild(FileSystem& files, const std::string& directory, std::string_view text)
      : files_(files), directory_(directory), hints_(hints_in(text)) {}

  Result<RebuiltManifest> run() {
    auto names = files_.list(directory_);
    if (!names) return std::move(names).error();
    names_ = *std::move(names);
    for (const std::string& name : names_) {
      if (!name.ends_with(".segment") || hints_.dropped.contains(name)) continue;
      if (auto added = add_segment(name); !added) return std::move(added).error();
    }
    if (found_.empty()) {
      return Error{ErrorCode::corrupt,
                   join_path(directory_, "MANIFEST") +
                       " can't be read, and there is no segment with a record to rebuild it from: nothing "
                       "that was published is here. Move the directory away; opening it anew begins another "
                       "journal"};
    }
    if (auto listed = list_segments(); !listed) return std::move(listed).error();
    if (auto read = find_last_run(); !read) return std::move(read).error();
    find_small_things();
    return std::move(rebuilt_);
  }

 private:
  SalvageFinding& guess(std::string what) {
    SalvageFinding& finding = rebuilt_.guesses.emplace_back();
    finding.kind = SalvageFinding::Kind::note;
    finding.file = join_path(directory_, "MANIFEST");
    finding.what = std::move(what);
    return finding;
  }

  struct Found {
    SegmentEntry entry;
    std::uint64_t good_end = 0;
    bool is_hinted = false;  ///< its end is what the damaged manifest says
  };

  [[nodiscard]] Error corrupt(const std::string& what) const {
    return {ErrorCode::corrupt, join_path(directory_, "MANIFEST") + " can't be rebuilt: " + what};
  }

  Result<void> add_segment(const std::string& name) {
    const std::string path = join_path(directory_, name);
    auto file = files_.open(path, OpenMode::read_only);
    if (!file) return std::move(file).error();
    std::vector<std::byte> beginning(kSegmentHeaderBytes + sizeof(std::uint64_t));
    auto read = (*file)->read_at(0, beginning);
    if (!read) return std::move(read).error();
    const auto known = std::span<const std::byte>(beginning).first(*read);
    auto content = decode_header(known.first(std::min<std::size_t>(known.size(), kSegmentHeaderBytes)), path);
    if (!content) {
      if (content.error().code != ErrorCode::corrupt) return std::move(content).error();
      if (load_word(beginning.data() + kSegmentHeaderBytes).bits() == 0) return {};  // being made
      return corrupt(
          "the header of " + path +
          " is damaged too, and nothing else says which run wrote it. Restore either, or move that "
          "file away: what is in it is lost then");
    }
    if (!found_.empty() && content->journal != rebuilt_.manifest.journal) {
      return corrupt(path + " belongs to journal " + content->journal.to_string() +
                     ", and other segments to " + rebuilt_.manifest.journal.to_string() +
                     ": move those of one away");
    }
    rebuilt_.manifest.journal = content->journal;
    return survey(content->segment, name);
  }

  Result<void> survey(SegmentEntry entry, const std::string& name) {
    const auto look = [&](const SegmentEntry& of) {
      return survey_segment(files_, directory_, of, rebuilt_.manifest.journal, [](const auto&...) {});
    };
    if (segment_name(entry) != name) {
      return corrupt(join_path(directory_, name) + " says that its name is " + segment_name(entry) +
                     ": rename it, or move it away");
    }
    auto survey = look(entry);
    if (!survey) return std::move(survey).error();
    if (survey->runs.empty() && !survey->is_torn) return {};  // a crash left it while it was made
    const auto hint = hints_.segments.find(name);
    SegmentEntry hinted = hint == hints_.segments.end() ? entry : hint->second;
    const auto end = std::exchange(hinted.end, std::nullopt);
    if (end && hinted.bytes == entry.bytes && hinted.epoch == entry.epoch) {
      // What lies behind it may have been cut by a recovery.
      hinted.end = end;
      auto again = look(hinted);
      if (!again) return std::move(again).error();
      if (again->end == *end) {
        found_.push_back({hinted, *end, true});
        return {};
      }
    }
    // Of what can't be read at all nobody knows where it ended.
    entry.end = survey->runs.empty() ? entry.begin + entry.bytes : survey->end;
    found_.push_back({entry, *entry.end, false});
    return {};
  }

  Result<void> list_segments() {
    std::sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) {
      return std::tuple(a.entry.shard, a.entry.begin, b.good_end) <
             std::tuple(b.entry.shard, b.entry.begin, a.good_end);
    });
    auto& listed = rebuilt_.manifest.segments;
    const Found* last = nullptr;  // that is listed
    for (const Found& found : found_) {
      if (!listed.empty() && listed.back().shard == found.entry.shard) {
        SegmentEntry& before = listed.back();
        // A copy that was not finished, or that took another's place, with the same records.
        if (found.entry.epoch == before.epoch && found.good_end <= last->good_end) continue;
        if (found.entry.begin == before.begin) {
          return corrupt(join_path(directory_, segment_name(before)) + " and " + segment_name(found.entry) +
                         " hold different runs' records of the same positions: move one of them away");
        }
        // A run begins where the one before was cut; what lies between two segments of a run is lost.
        const bool reaches_it = before.begin + before.bytes >= found.entry.begin;
        if (*before.end > found.entry.begin || (reaches_it && !last->is_hinted)) {
          if (before.end != found.entry.begin) before.events.reset();
          before.end = found.entry.begin;
        }
      }
      listed.push_back(found.entry);
      last = &found;
    }
    tell_gaps();
    return {};
  }

  void tell_gaps() {
    const SegmentEntry* before = nullptr;
    for (const SegmentEntry& entry : rebuilt_.manifest.segments) {
      const bool is_first = before == nullptr || before->shard != entry.shard;
      const std::uint64_t from = is_first ? 0 : *before->end;
      before = &entry;
      if (from == entry.begin) continue;
      SalvageFinding& finding =
          guess("no segment has these positions: what was there was let go of before, or is lost");
      finding.shard = entry.shard;
      finding.from = from;
      finding.to = entry.begin;
    }
  }

  /// Its epoch and ring, and whether it was closed.
  Result<void> find_last_run() {
    Manifest& manifest = rebuilt_.manifest;
    std::vector<std::string> rings{kUsualRings};
    if (hints_.ring_file && !hints_.ring_file->empty()) {
      rings.push_back(hints_.ring_file->substr(0, std::max<std::size_t>(1, hints_.ring_file->rfind('/'))));
    }
    for (const std::string& directory : rings) {
      const auto there = files_.exists(directory);
      if (!there) return there.error();
      if (!*there) continue;
      const auto names = files_.list(directory);
      if (!names) return names.error();
      for (const std::string& name : *names) {
        const auto epoch = number_in(name, ring_prefix(manifest.journal), ".ring", 16);
        if (!epoch) continue;
        std::string why;
        auto ring = RingFile::open(files_, join_path(directory, name), manifest.journal, *epoch, why);
        if (!ring) return std::move(ring).error();
        if (*ring == nullptr) continue;
        manifest.epoch = *epoch;
        manifest.ring_file = (*ring)->path();
        return {};
      }
    }
    manifest.closed = hints_.closed.value_or(false);
    if (!manifest.closed) {
      guess(
          "whether the last run ended in order is not known, and no ring file of it was found: the next "
          "opening says that events from the end on may be lost");
    }
    if (hints_.epoch) {
      manifest.epoch = *hints_.epoch;
      return {};
    }
    manifest.epoch = manifest.segments.back().epoch;
    for (const SegmentEntry& entry : manifest.segments) {
      std::string why;
      auto positions = ControlFile::open(files_, directory_, manifest.journal, entry.epoch, why);
      if (!positions) return std::move(positions).error();
      if (*positions != nullptr) manifest.epoch = entry.epoch;
    }
    guess("which run was the last one is taken from the segments and POSITIONS");
    return {};
  }

  void find_small_things() {
    Manifest& manifest = rebuilt_.manifest;
    std::uint64_t generation = hints_.generation.value_or(0);
    std::string newest;
    for (const std::string& name : names_) {
      if (const auto number = number_in(name, "control-", ".log", 16)) {
        generation = std::max(generation, *number);
        newest = name;  // sorted
      }
      if (const auto number = number_in(name, "salvaged-", "", 10))
        generation = std::max(generation, *number);
    }
    manifest.generation = generation < ~std::uint64_t{0} - 2 * kGenerations ? generation + kGenerations : 0;
    const bool is_there =
        hints_.control_log && std::find(names_.begin(), names_.end(), *hints_.control_log) != names_.end();
    manifest.control_log = is_there ? *hints_.control_log : newest.empty() ? "control-lost.log" : newest;
    manifest.tails_unknown = hints_.tails_unknown;
    manifest.dropped = hints_.dropped;
  }

  FileSystem& files_;
  const std::string& directory_;
  Hints hints_;
  std::vector<std::string> names_;
  std::vector<Found> found_;
  RebuiltManifest rebuilt_;
};

}  // namespace

Result<RebuiltManifest> rebuild_manifest(FileSystem& files, const std::string& directory,
                                         std::string_view text) {
  return Rebuild(files, directory, text).run();
}

}  // namespace sluice::detail
