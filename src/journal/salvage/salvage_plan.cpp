#include "journal/salvage/salvage_plan.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "journal/control_file.hpp"
#include "journal/salvage/manifest_rebuild.hpp"
#include "journal/salvage/segment_survey.hpp"
#include "journal/salvage/shard_salvage.hpp"
#include "journal/text.hpp"

namespace sluice::detail {

namespace {

constexpr const char* kManifestName = "MANIFEST";
constexpr const char* kSyncedName = "SYNCED";
/// As `load_manifest` has it.
constexpr std::uint64_t kMostManifestBytes = std::uint64_t{16} << 20U;
/// A record's commit word is read to see whether a segment has any.
constexpr std::size_t kWordBytes = 8;

/// Whether the file is at fault, and not whatever it was read from. With a manifest of this version a file of
/// a newer one is no newer file.
bool is_damage(const Error& error) noexcept {
  return error.code == ErrorCode::corrupt || error.code == ErrorCode::newer_format;
}

class Planner {
 public:
  Planner(FileSystem& files, const std::string& directory, const SalvageProgress& progress)
      : files_(files), visit_([this, &progress](const SegmentEntry& entry, const auto& record) {
          progress(record.word.stride());
          note_topic(entry, record);
        }) {
    plan_.directory = directory;
  }

  Result<SalvagePlan> run() {
    for (const auto step : {&Planner::read_manifest, &Planner::read_synced, &Planner::read_last_run,
                            &Planner::survey_listed, &Planner::look_at_unlisted, &Planner::read_control}) {
      if (auto done = (this->*step)(); !done) return std::move(done).error();
    }
    rebuild_synced();
    plan_.aside = "salvaged-" + std::to_string(plan_.manifest.generation);
    return std::move(plan_);
  }

 private:
  [[nodiscard]] std::string path(std::string_view name) const { return join_path(plan_.directory, name); }

  SalvageFinding& add(const std::string& name, std::string what) {
    SalvageFinding& finding = plan_.findings.emplace_back();
    finding.file = path(name);
    finding.what = std::move(what);
    return finding;
  }

  void note_topic(const SegmentEntry& entry, const SegmentScanner::Record& record) {
    if (!record.word.is_data()) return;
    const std::uint32_t id = log::load_topic(record.bytes + log::kTopicOffset);
    if (id >= kMostTopicIds) return;
    TopicTrace& trace = traces_[id];
    trace.shard = entry.shard;
    ++trace.events;
  }

  Result<void> read_manifest() {
    auto names = files_.list(plan_.directory);
    if (!names) {
      const auto there = files_.exists(plan_.directory);
      if (!there || *there) return std::move(names).error();
      return Error{ErrorCode::invalid_option,
                   plan_.directory + ": there is no such directory; correct the path"};
    }
    names_ = *std::move(names);
    auto manifest = load_manifest(files_, plan_.directory);
    if (manifest && *manifest) {
      plan_.manifest = **std::move(manifest);
      return {};
    }
    if (!manifest && manifest.error().code == ErrorCode::newer_format) {
      Error error = std::move(manifest).error();
      error.message += ". If no newer one ever wrote it, move it away: a repair then rebuilds it";
      return error;
    }
    if (!manifest && manifest.error().code != ErrorCode::corrupt) return std::move(manifest).error();
    return rebuild(manifest ? "it is missing" : manifest.error().message);
  }

  Result<void> rebuild(std::string fault) {
    const bool is_there = std::find(names_.begin(), names_.end(), kManifestName) != names_.end();
    const bool has_segments = std::any_of(names_.begin(), names_.end(),
                                          [](const auto& name) { return name.ends_with(".segment"); });
    if (!is_there && !has_segments) {
      return Error{ErrorCode::invalid_option, plan_.directory +
                                                  " holds no journal: there is neither a MANIFEST nor a "
                                                  "segment in it; name a journal's directory"};
    }
    std::string text;
    if (is_there) {
      const auto bytes = read_file(files_, path(kManifestName), kMostManifestBytes);
      if (!bytes && bytes.error().code != ErrorCode::corrupt) return bytes.error();
      if (bytes) text.assign(reinterpret_cast<const char*>(bytes->data()), bytes->size());
      plan_.to_copy.emplace_back(kManifestName);
    }
    auto rebuilt = rebuild_manifest(files_, plan_.directory, text);
    if (!rebuilt) return std::move(rebuilt).error();
    if (fault.starts_with(path(kManifestName))) fault.erase(0, path(kManifestName).size() + 2);
    add(kManifestName, fault + "; it can be rebuilt from the segments");
    is_rebuilt_ = true;
    for (SalvageFinding& guess : rebuilt->guesses) plan_.findings.push_back(std::move(guess));
    plan_.manifest = std::move(rebuilt->manifest);
    return {};
  }

  /// What the last run says of itself while it was not closed: its ring, and how far it had journaled.
  Result<void> read_last_run() {
    Manifest& manifest = plan_.manifest;
    if (is_rebuilt_ && synced_.control_log.empty() && manifest.closed) {
      // Then nothing says how far the log had come, and its last segments may be missing.
      manifest.closed = false;
      add(kManifestName,
          "neither it nor SYNCED says where the log ended: the next opening says that events from the end on "
          "may be lost")
          .kind = SalvageFinding::Kind::note;
    }
    if (manifest.closed) return {};
    std::string why;
    if (!manifest.ring_file.empty()) {
      auto ring = RingFile::open(files_, manifest.ring_file, manifest.journal, manifest.epoch, why);
      if (!ring) return std::move(ring).error();
      plan_.ring = *std::move(ring);
    }
    auto positions = ControlFile::open(files_, plan_.directory, manifest.journal, manifest.epoch, why);
    if (!positions && !is_damage(positions.error())) return std::move(positions).error();
    if (!positions || *positions == nullptr) return {};
    for (std::uint32_t shard = 0; shard < (*positions)->shards(); ++shard) {
      journaled_.push_back((*positions)->journaled(shard));
    }
    return {};
  }

  Result<void> read_synced() {
    const bool is_there = std::find(names_.begin(), names_.end(), kSyncedName) != names_.end();
    if (!is_there) {
      add(kSyncedName, "it is missing");
      plan_.synced.emplace();
      return {};
    }
    auto record = SyncedRecord::open(files_, path(kSyncedName), plan_.manifest.journal, OpenMode::read_only);
    if (!record && !is_damage(record.error())) return std::move(record).error();
    if (!record) {
      add(kSyncedName, "none of its slots can be used, or its length is another");
      plan_.to_copy.emplace_back(kSyncedName);
      plan_.synced.emplace();
      return {};
    }
    synced_ = (*record)->latest();
    auto faults = SyncedRecord::slot_faults(files_, path(kSyncedName), plan_.manifest.journal);
    if (!faults) return std::move(faults).error();
    if (!faults->contains(0)) return {};
    add(kSyncedName, "the slot that no loss of power may tear can't be used: " + faults->at(0)).offset = 0;
    plan_.to_copy.emplace_back(kSyncedName);
    plan_.synced = synced_;
    return {};
  }

  /// Only what is known for certain: the next opening then writes the last run's rest anew, as after a sync
  /// that may have failed.
  void rebuild_synced() {
    if (!plan_.synced || !plan_.synced->control_log.empty()) return;
    SyncedPositions& synced = *plan_.synced;
    synced.control_log = plan_.manifest.control_log;
    synced.sync_begun = !plan_.manifest.closed;
    std::size_t shards = std::max(journaled_.size(), std::size_t{plan_.ring ? plan_.ring->shards() : 0});
    for (const SegmentEntry& entry : plan_.segments) shards = std::max(shards, std::size_t{entry.shard} + 1);
    synced.positions.resize(shards);
    for (const SegmentEntry& entry : plan_.segments) {
      const bool is_known = entry.end && (plan_.manifest.closed || entry.epoch != plan_.manifest.epoch);
      if (is_known) synced.positions[entry.shard] = *entry.end;
    }
  }

  Result<void> survey_listed() {
    for (const SegmentEntry& entry : plan_.manifest.segments) {
      auto survey = survey_segment(files_, plan_.directory, entry, plan_.manifest.journal, visit_);
      if (!survey) return std::move(survey).error();
      shards_[entry.shard].push_back({entry, *std::move(survey)});
    }
    return {};
  }

  /// Segments that the manifest does not list: those with records of positions that nothing else has belong
  /// into it, the others out of the way.
  Result<void> look_at_unlisted() {
    std::set<std::string> known = plan_.manifest.dropped;
    for (const SegmentEntry& entry : plan_.manifest.segments) known.insert(segment_name(entry));
    for (const std::string& name : names_) {
      if (!name.ends_with(".segment") || known.contains(name)) continue;
      if (auto done = look_at(name); !done) return done;
    }
    ShardSalvage salvage(plan_, visit_);
    for (const auto& [shard, segments] : shards_) {
      std::uint64_t reached = shard < journaled_.size() ? journaled_[shard] : 0;
      if (shard < synced_.positions.size()) reached = std::max(reached, synced_.positions[shard]);
      salvage.add(segments, reached);
    }
    if (is_rebuilt_) tell_empty_shards();
    return {};
  }

  /// A manifest that is read may well list nothing of a shard; one that was made of what is there may lack
  /// it.
  void tell_empty_shards() {
    for (std::uint32_t shard = 0; shard < synced_.positions.size(); ++shard) {
      if (shards_.contains(shard) || synced_.positions[shard] == 0) continue;
      SalvageFinding& finding = add(
          kManifestName, "no segment has these positions: what was there was let go of before, or is lost");
      finding.kind = SalvageFinding::Kind::note;
      finding.shard = shard;
      finding.to = synced_.positions[shard];
    }
  }

  Result<void> look_at(const std::string& name) {
    auto file = files_.open(path(name), OpenMode::read_only);
    if (!file) return std::move(file).error();
    std::vector<std::byte> beginning(kSegmentHeaderBytes + kWordBytes);
    auto read = (*file)->read_at(0, beginning);
    if (!read) return std::move(read).error();
    if (load_word(beginning.data() + kSegmentHeaderBytes).bits() == 0) return {};  // an opening removes it
    const auto content = decode_header(
        std::span<const std::byte>(beginning).first(std::min<std::size_t>(*read, kSegmentHeaderBytes)),
        path(name));
    if (!content || content->journal != plan_.manifest.journal || segment_name(content->segment) != name) {
      add(name, "the manifest does not list it, and its header does not say what it holds");
      plan_.to_move.push_back(name);
      return {};
    }
    SegmentEntry entry = content->segment;
    auto survey =
        survey_segment(files_, plan_.directory, entry, plan_.manifest.journal, [](const auto&...) {});
    if (!survey) return std::move(survey).error();
    auto& others = shards_[entry.shard];
    const auto overlaps = [&](const SurveyedSegment& other) {
      return other.entry.begin < survey->end && entry.begin < other.entry.end.value_or(other.survey.end);
    };
    if (survey->runs.empty() || std::any_of(others.begin(), others.end(), overlaps)) {
      add(name, "the manifest does not list it, and lists others for its positions");
      plan_.to_move.push_back(name);
      return {};
    }
    entry.end = survey->end;
    survey = survey_segment(files_, plan_.directory, entry, plan_.manifest.journal, visit_);
    if (!survey) return std::move(survey).error();
    SalvageFinding& finding = add(
        name, "the manifest does not list it, and nothing else holds these positions: it is listed again");
    finding.shard = entry.shard;
    finding.from = entry.begin;
    finding.to = *entry.end;
    const auto behind = [&](const SurveyedSegment& other) { return other.entry.begin >= *entry.end; };
    others.insert(std::find_if(others.begin(), others.end(), behind), {entry, *std::move(survey)});
    return {};
  }

  Result<void> read_control() {
    const std::string& name = plan_.manifest.control_log;
    const bool is_there = std::find(names_.begin(), names_.end(), name) != names_.end();
    std::string fault = "it is missing";
    if (is_there) {
      const std::uint64_t synced = synced_.control_log == name ? synced_.control_bytes : 0;
      auto control = ControlLog::read(files_, path(name), plan_.manifest.journal, synced);
      if (!control && !is_damage(control.error())) return std::move(control).error();
      const std::size_t wanted = traces_.empty() ? 0 : std::size_t{traces_.rbegin()->first} + 1;
      if (control && wanted <= control->state.topics.size()) return {};
      fault = control ? "events are there whose topics it does not define" : control.error().message;
      if (fault.starts_with(path(name) + ", ")) fault.erase(0, path(name).size() + 2);
      plan_.to_copy.push_back(name);
    }
    SalvageFinding& finding = add(name, std::move(fault));
    return salvage_control(is_there, finding);
  }

  Result<void> salvage_control(bool is_there, SalvageFinding& finding) {
    ControlSalvage salvage(plan_.manifest.journal);
    if (is_there) {
      const auto unreadable = salvage.add(files_, finding.file);
      if (!unreadable) return unreadable.error();
      finding.what +=
          "; " + std::to_string(*unreadable) +
          " of its bytes can't be read: a durable cursor in them is lost, or stands where it stood "
          "before";
    }
    for (auto name = names_.rbegin(); name != names_.rend(); ++name) {
      const bool is_older = name->starts_with("control-") && name->ends_with(".log");
      if (!is_older || *name == plan_.manifest.control_log) continue;
      if (auto added = salvage.add(files_, path(*name)); !added) return added.error();
    }
    auto outcome = salvage.outcome(traces_);
    plan_.control = std::move(outcome.state);
    plan_.made_up = std::move(outcome.made_up);
    return {};
  }

  FileSystem& files_;
  RecordVisitor visit_;
  SalvagePlan plan_;
  bool is_rebuilt_ = false;         ///< the manifest
  std::vector<std::string> names_;  ///< in the directory
  SyncedPositions synced_;          ///< without a control log's name if SYNCED can't be read
  std::vector<std::uint64_t> journaled_;
  std::map<std::uint32_t, std::vector<SurveyedSegment>> shards_;
  TopicTraces traces_;
};

}  // namespace

bool SalvagePlan::needs_repair() const noexcept {
  return std::any_of(findings.begin(), findings.end(), [](const SalvageFinding& finding) {
    return finding.kind == SalvageFinding::Kind::damage;
  });
}

Result<SalvagePlan> plan_salvage(FileSystem& files, const std::string& directory,
                                 const SalvageProgress& progress) {
  return Planner(files, directory, progress).run();
}

}  // namespace sluice::detail
