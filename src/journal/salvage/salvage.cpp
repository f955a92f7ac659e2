// Carrying out what a repair has planned.
#include <utility>

#include "sluice/topic/table.hpp"

#include "journal/file_size_signal.hpp"
#include "journal/salvage/salvage_plan.hpp"
#include "journal/segment.hpp"
#include "journal/text.hpp"

namespace sluice::detail {

namespace {

/// How much is written at once.
constexpr std::size_t kStagingBytes = 256 * 1024;
/// Of a file that is kept as it was beside its replacement: a manifest, SYNCED, a control log.
constexpr std::uint64_t kMostCopyBytes = std::uint64_t{1} << 30U;

class CarryingOut {
 public:
  CarryingOut(FileSystem& files, SalvagePlan& plan, const SalvageProgress& progress)
      : files_(files), plan_(plan), progress_(progress), aside_(path(plan.aside)) {}

  Result<void> run() {
    for (const auto step :
         {&CarryingOut::copy_aside, &CarryingOut::announce, &CarryingOut::write_parts,
          &CarryingOut::write_small_files, &CarryingOut::switch_manifest, &CarryingOut::move_aside}) {
      if (auto done = (this->*step)(); !done) return done;
    }
    return {};
  }

 private:
  [[nodiscard]] std::string path(std::string_view name) const { return join_path(plan_.directory, name); }

  /// What is about to be replaced is kept first.
  Result<void> copy_aside() {
    if (plan_.to_copy.empty() && plan_.to_move.empty()) return {};
    if (auto made = files_.make_directory(aside_); !made) return made;
    for (const std::string& name : plan_.to_copy) {
      const auto bytes = read_file(files_, path(name), kMostCopyBytes);
      if (!bytes) return bytes.error();
      if (auto kept = replace_file(files_, join_path(aside_, name), *bytes); !kept) return kept;
    }
    return files_.sync_directory(plan_.directory);
  }

  /// Until they are listed, the manifest calls the new segments dropped: what a repair that was broken off
  /// left of them is then removed, and is not taken for records that nobody lists.
  Result<void> announce() {
    if (plan_.parts.empty()) return {};
    for (const SalvagePart& part : plan_.parts) plan_.manifest.dropped.insert(segment_name(part.entry));
    return store_manifest(files_, plan_.directory, plan_.manifest);
  }

  Result<void> write_parts() {
    const TopicTable topics(TopicTableOptions{}, ShardMap(1, {}));
    for (const SalvagePart& part : plan_.parts) {
      auto segment = Segment::create(files_, plan_.directory, part.entry, plan_.manifest.journal, topics);
      if (!segment) return std::move(segment).error();
      SegmentWriter writer(*segment, part.entry.begin);
      if (auto filled = fill(writer, part); !filled) return filled;
      if (auto written = writer.flush(); !written) return written;
      if (writer.position() != *part.entry.end) return changed(part);
      if (auto synced = (*segment)->file->sync(); !synced) return synced;
    }
    return {};
  }

  Result<void> fill(SegmentWriter& writer, const SalvagePart& part) {
    switch (part.source) {
      case SalvagePart::Source::segment:
        return fill_from_segment(writer, part);
      case SalvagePart::Source::ring:
        for (const RingFile::Record& record : plan_.ring->records(part.entry.shard, part.entry.begin)) {
          if (record.position >= *part.entry.end) break;
          writer.add(record.bytes, record.word);
        }
        return {};
      case SalvagePart::Source::claim:
        writer.add(nullptr, log::CommitWord::committed(log::RecordKind::aborted,
                                                       static_cast<std::uint32_t>(part.entry.bytes)));
        return {};
    }
    return {};
  }

  /// Its own file is only read: a damaged header is no reason not to.
  Result<void> fill_from_segment(SegmentWriter& writer, const SalvagePart& part) {
    auto file = files_.open(path(segment_name(part.read_from)), OpenMode::read_only);
    if (!file) return std::move(file).error();
    const Segment damaged{part.read_from, *std::move(file),
                          ShardContext{part.read_from.epoch, part.read_from.shard, nullptr}};
    SegmentScanner scanner(damaged, part.entry.begin, *part.entry.end);
    for (;;) {
      auto record = scanner.next();
      if (!record) return std::move(record).error();
      if (!*record) return {};
      writer.add((*record)->word.is_data() ? (*record)->bytes : nullptr, (*record)->word);
      progress_((*record)->word.stride());
      if (writer.staged() < kStagingBytes) continue;
      if (auto written = writer.flush(); !written) return written;
    }
  }

  [[nodiscard]] Error changed(const SalvagePart& part) const {
    return {ErrorCode::corrupt,
            path(segment_name(part.read_from)) + ": a record from position " +
                std::to_string(part.entry.begin) +
                " on was good a moment ago, and can't be read now. Nothing was changed yet; "
                "copy the journal to another disk and repair it there"};
  }

  Result<void> write_small_files() {
    if (plan_.control) {
      control_log_ = "control-" + hex_digits(plan_.manifest.generation + 1, 16) + ".log";
      if (auto removed = files_.remove(path(control_log_)); !removed) return removed;
      auto created = ControlLog::create(files_, path(control_log_), plan_.manifest.journal, *plan_.control);
      if (!created) return std::move(created).error();
    }
    if (plan_.synced) {
      auto created = SyncedRecord::create(files_, path("SYNCED"), plan_.manifest.journal, *plan_.synced);
      if (!created) return std::move(created).error();
    }
    return files_.sync_directory(plan_.directory);
  }

  /// From here on the journal is the repaired one.
  Result<void> switch_manifest() {
    Manifest next = plan_.manifest;
    next.segments = plan_.segments;
    for (const SalvagePart& part : plan_.parts) next.dropped.erase(segment_name(part.entry));
    if (plan_.control) next.control_log = control_log_;
    auto stored = store_manifest(files_, plan_.directory, next);
    if (stored && plan_.control) old_control_log_ = std::exchange(plan_.manifest.control_log, control_log_);
    return stored;
  }

  Result<void> move_aside() {
    for (const std::string& name : plan_.to_move) {
      if (auto moved = files_.rename(path(name), join_path(aside_, name)); !moved) return moved;
    }
    if (!old_control_log_.empty()) {
      if (auto removed = files_.remove(path(old_control_log_)); !removed) return removed;
    }
    if (!plan_.to_move.empty()) {
      if (auto synced = files_.sync_directory(aside_); !synced) return synced;
    }
    return files_.sync_directory(plan_.directory);
  }

  FileSystem& files_;
  SalvagePlan& plan_;
  const SalvageProgress& progress_;
  const std::string aside_;
  std::string control_log_;
  std::string old_control_log_;
};

}  // namespace

Result<void> carry_out(FileSystem& files, SalvagePlan& plan, const SalvageProgress& progress) {
  if (!plan.needs_repair()) return {};
  const NoFileSizeSignal no_signal;
  return CarryingOut(files, plan, progress).run();
}

}  // namespace sluice::detail
