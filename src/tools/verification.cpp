#include "tools/verification.hpp"

#include <cstring>
#include <set>

#include <fmt/format.h>

#include "journal/control_file.hpp"
#include "journal/segment_format.hpp"
#include "tools/statistics.hpp"

namespace sluice::tools {

namespace {

using Severity = Finding::Severity;

}  // namespace

Verification::Verification(const detail::JournalView& view)
    : view_(view), progress_("verifying", bytes_to_read(view)) {}

void Verification::add(Severity severity, const std::string& file, std::optional<std::uint64_t> offset,
                       std::string what) {
  Finding finding;
  finding.severity = severity;
  finding.file = file;
  finding.offset = offset;
  finding.what = std::move(what);
  findings_.push_back(std::move(finding));
}

Result<void> Verification::run() {
  if (auto done = check_small_files(); !done) return done;
  for (std::uint32_t shard = 0; shard < view_.shards().size(); ++shard) {
    if (auto done = check_shard(shard); !done) return done;
  }
  return check_names();
}

/// The manifest was read whole, checksum and all, or there would be no view.
Result<void> Verification::check_small_files() {
  const bool is_open = view_.state() == detail::JournalState::open;
  const std::string control = view_.path(view_.manifest().control_log);
  if (const auto& fault = view_.control_fault()) {
    if (fault->code != ErrorCode::corrupt && fault->code != ErrorCode::persistence_failed) return *fault;
    findings_.push_back(finding_of(*fault, control));
    findings_.back().what += "; so topics are not known, and events are not held against them";
  } else if (view_.control().cut_bytes != 0 && !is_open) {
    add(Severity::note, control, view_.control().good_bytes,
        fmt::format("{} bytes of a write that was broken off; the next opening drops them",
                    view_.control().cut_bytes));
  }
  const std::string synced = view_.path("SYNCED");
  if (const auto& fault = view_.synced_fault()) {
    if (fault->code != ErrorCode::corrupt) return *fault;
    findings_.push_back(finding_of(*fault, synced));
    return {};
  }
  auto faults = detail::SyncedRecord::slot_faults(view_.files(), synced, view_.manifest().journal);
  if (!faults) return std::move(faults).error();
  for (const auto& [offset, fault] : *faults) {
    // The first slot is written once, and synced; the others may be torn by a loss of power, or be about to
    // be written.
    if (offset != 0 && is_open) continue;
    add(offset == 0 ? Severity::damage : Severity::note, synced, offset,
        "this slot can't be used: " + fault +
            (offset == 0 ? "" : "; another one can, and a loss of power may leave it so"));
  }
  return {};
}

Result<void> Verification::check_shard(std::uint32_t shard) {
  detail::ShardReader reader(view_, shard);
  segment_ = nullptr;
  for (;;) {
    auto item = reader.next();
    if (!item) return std::move(item).error();
    if (!*item) return {};
    if (const auto* hole = std::get_if<detail::Hole>(&**item)) {
      findings_.push_back(finding_of(*hole, shard));
      continue;
    }
    const auto& found = std::get<detail::FoundRecord>(**item);
    if (found.segment != segment_) {
      if (auto begun = begin_segment(*found.segment); !begun) return begun;
    }
    if (auto done = check_fill(found); !done) return done;
    if (found.record.word.is_data()) ++events_;
    bytes_ += found.record.word.stride();
    progress_.add(found.record.word.stride());
  }
}

Result<void> Verification::begin_segment(const detail::Segment& segment) {
  segment_ = &segment;
  ++segments_;
  zero_check_.emplace(*segment.file);
  const auto size = segment.file->size();
  if (!size) return size.error();
  const std::uint64_t expected = detail::kSegmentHeaderBytes + segment.entry.bytes;
  if (*size != expected) {
    add(Severity::damage, segment.file->path(), std::min(*size, expected),
        fmt::format("the file has {} bytes, and was made with {}", *size, expected));
  }
  return {};
}

/// Between an event and the next record, and in all of a record that is no event, there are zeros.
Result<void> Verification::check_fill(const detail::FoundRecord& found) {
  const auto& [record, segment] = found;
  const std::uint64_t begin = detail::file_offset(segment->entry, record.position);
  const std::uint64_t used = record.word.is_data() ? record.word.length() : log::kHeaderBytes;
  auto other = zero_check_->first_other(begin + used, begin + record.word.stride());
  if (!other) return std::move(other).error();
  if (!*other) return {};
  add(Severity::damage, segment->file->path(), **other, "other bytes than zeros where a record is filled up");
  findings_.back().shard = segment->entry.shard;
  findings_.back().position = record.position;
  return {};
}

/// Names in the directory that the manifest does not account for, and what they are.
Result<std::map<std::string, std::string>> Verification::unknown_names() const {
  auto names = view_.files().list(view_.directory());
  if (!names) return std::move(names).error();
  auto manifest = detail::load_manifest(view_.files(), view_.directory());
  if (!manifest) return std::move(manifest).error();
  std::set<std::string> known{"LOCK", "MANIFEST", "SYNCED", detail::ControlFile::kName};
  if (*manifest) {
    known.insert((*manifest)->control_log);
    known.insert((*manifest)->dropped.begin(), (*manifest)->dropped.end());
    for (const detail::SegmentEntry& entry : (*manifest)->segments) known.insert(segment_name(entry));
  }
  std::map<std::string, std::string> unknown;
  for (const std::string& name : *names) {
    if (known.contains(name)) continue;
    if (name.starts_with("salvaged-")) continue;  // where a repair moved what was damaged
    if (name.ends_with(".segment")) {
      unknown[name] = "";
    } else if (name.ends_with(".new")) {
      unknown[name] = "left over by a replacement that was broken off; it counts for nothing";
    } else if (name.starts_with("control-") && name.ends_with(".log")) {
      unknown[name] = "a control log of another run; it counts for nothing, and the next opening removes it";
    } else {
      unknown[name] = "no file of a journal";
    }
  }
  return unknown;
}

Result<void> Verification::check_names() {
  auto unknown = unknown_names();
  if (!unknown) return std::move(unknown).error();
  const bool is_open = view_.state() == detail::JournalState::open;
  for (const auto& [name, what] : *unknown) {
    if (!what.empty()) {
      if (is_open && name.ends_with(".new")) continue;  // being written
      add(Severity::note, view_.path(name), std::nullopt, what);
    } else if (auto done = check_unlisted_segment(name); !done) {
      return done;
    }
  }
  return {};
}

Result<void> Verification::check_unlisted_segment(const std::string& name) {
  const std::string path = view_.path(name);
  auto file = view_.files().open(path, detail::OpenMode::read_only);
  if (!file) {
    const auto there = view_.files().exists(path);
    if (there && !*there) return {};
    return std::move(file).error();
  }
  std::uint64_t word = 0;
  auto read = (*file)->read_at(detail::kSegmentHeaderBytes, std::as_writable_bytes(std::span(&word, 1)));
  if (!read) return std::move(read).error();
  if (view_.state() == detail::JournalState::open) {
    if (word == 0) return {};  // about to be listed
    // A record comes only after its segment is listed: so if this one is not by now, it never was.
    const auto now = unknown_names();
    if (!now) return now.error();
    if (!now->contains(name)) return {};
  }
  if (word == 0) {
    add(Severity::note, path, std::nullopt,
        "a segment without a record that the manifest does not list; the next opening removes it");
  } else {
    add(Severity::damage, path, std::nullopt,
        "it holds records, and the manifest does not list it: put back the manifest that belongs to it, or "
        "move the file away");
  }
  return {};
}

}  // namespace sluice::tools
