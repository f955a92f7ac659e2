#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sluice/bus/event.hpp"

#include "journal/file_system.hpp"
#include "journal/manifest.hpp"
#include "journal/segment_format.hpp"

namespace sluice::detail {

/// A segment's file, open. What is below the journal's position in it never changes; any thread may read.
struct Segment {
  SegmentEntry entry;
  std::shared_ptr<File> file;  ///< shared with itself before it was sealed
  ShardContext context;

  /// A new file: its space allocated, its header written and synced (its directory is the caller's to sync).
  [[nodiscard]] static Result<std::shared_ptr<Segment>> create(FileSystem& files,
                                                               const std::string& directory,
                                                               const SegmentEntry& entry,
                                                               const EventId& journal,
                                                               const TopicTable& topics);
  /// An existing one, its header checked.
  [[nodiscard]] static Result<std::shared_ptr<Segment>> open(FileSystem& files, const std::string& directory,
                                                             const SegmentEntry& entry,
                                                             const EventId& journal, const TopicTable& topics,
                                                             OpenMode mode);
};

/// Reads a segment's records one after the other, and shows none that is not what was written.
class SegmentScanner {
 public:
  struct Record {
    std::uint64_t position = 0;
    const std::byte* bytes = nullptr;  ///< valid until the next call
    log::CommitWord word;
  };

  /// From the record at `from` on, up to `until`.
  SegmentScanner(const Segment& segment, std::uint64_t from, std::uint64_t until)
      : segment_(&segment), at_(from), until_(until) {}

  /// The next record; nothing at `until`, or where no good record is: then `fault()` says what is. Errors:
  /// those of reading.
  [[nodiscard]] Result<std::optional<Record>> next();
  /// Where the next record would be.
  [[nodiscard]] std::uint64_t position() const noexcept { return at_; }
  /// Why it stopped before `until`; null where it did not.
  [[nodiscard]] const char* fault() const noexcept { return fault_; }
  /// True where it stopped at space that nobody has written.
  [[nodiscard]] bool at_free_space() const noexcept { return free_; }
  /// `corrupt`, with file and offset, for the fault.
  [[nodiscard]] Error error() const;

 private:
  [[nodiscard]] Result<void> fill(std::uint64_t bytes);

  const Segment* segment_;
  std::uint64_t at_;
  std::uint64_t until_;
  const char* fault_ = nullptr;
  bool free_ = false;
  std::vector<std::byte> buffer_;
  std::uint64_t buffer_begin_ = 0;  ///< position of the buffer's first byte
  std::size_t buffered_ = 0;
};

/// Appends records to a segment through a staging buffer: a few large writes, each of whole sealed records.
/// One thread at a time.
class SegmentWriter {
 public:
  SegmentWriter(std::shared_ptr<Segment> segment, std::uint64_t position)
      : segment_(std::move(segment)), position_(position) {
    if (position == segment_->entry.begin) events_ = 0;
  }

  /// Of the whole segment; nothing where this writer goes on behind another's records.
  [[nodiscard]] std::optional<std::uint64_t> events() const noexcept { return events_; }
  /// Behind the last record that is written.
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
  [[nodiscard]] std::uint64_t room() const noexcept {
    return segment_->entry.begin + segment_->entry.bytes - position_;
  }

  /// Adds a committed record behind those before it; it has room. `record` may be null for one that is no
  /// event. Written by `flush` at the latest.
  void add(const std::byte* record, log::CommitWord word);
  /// How much is added and not written yet.
  [[nodiscard]] std::size_t staged() const noexcept { return staged_bytes_; }
  /// Forgets what was added and not written.
  void forget_staged() noexcept { staged_bytes_ = staged_events_ = 0; }
  /// Writes what was added. On an error nothing of it counts, and it is staged no more: add it again.
  [[nodiscard]] Result<void> flush();

 private:
  std::shared_ptr<Segment> segment_;
  std::uint64_t position_;
  std::optional<std::uint64_t> events_{};
  std::vector<std::byte> staged_;
  std::size_t staged_bytes_ = 0;
  std::size_t staged_events_ = 0;
};

}  // namespace sluice::detail
