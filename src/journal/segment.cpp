#include "journal/segment.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice::detail {

namespace {

/// How much a scan reads at once, unless one record is longer.
constexpr std::size_t kReadBytes = 256 * 1024;

Result<std::shared_ptr<Segment>> made(const SegmentEntry& entry, std::unique_ptr<File> file,
                                      const TopicTable& topics) {
  return std::make_shared<Segment>(
      Segment{entry, std::move(file), ShardContext{entry.epoch, entry.shard, &topics}});
}

}  // namespace

Result<std::shared_ptr<Segment>> Segment::create(FileSystem& files, const std::string& directory,
                                                 const SegmentEntry& entry, const EventId& journal,
                                                 const TopicTable& topics) {
  const std::string path = join_path(directory, segment_name(entry));
  auto file = files.open(path, OpenMode::create);
  if (!file) return std::move(file).error();
  const auto prepare = [&]() -> Result<void> {
    if (auto done = (*file)->allocate(kSegmentHeaderBytes + entry.bytes); !done) return done;
    if (auto done = (*file)->write_at(0, encode_header(entry, journal)); !done) return done;
    return (*file)->sync();
  };
  if (auto prepared = prepare(); !prepared) {
    (void)files.remove(path);  // nothing is in it
    return std::move(prepared).error();
  }
  return made(entry, *std::move(file), topics);
}

Result<std::shared_ptr<Segment>> Segment::open(FileSystem& files, const std::string& directory,
                                               const SegmentEntry& entry, const EventId& journal,
                                               const TopicTable& topics, OpenMode mode) {
  auto file = files.open(join_path(directory, segment_name(entry)), mode);
  if (!file) return std::move(file).error();
  SegmentHeader header;
  auto read = (*file)->read_at(0, header);
  if (!read) return std::move(read).error();
  auto checked = check_header(std::span(header).first(*read), entry, journal, (*file)->path());
  if (!checked) return std::move(checked).error();
  return made(entry, *std::move(file), topics);
}

Result<std::optional<SegmentScanner::Record>> SegmentScanner::next() {
  using Next = std::optional<Record>;
  if (at_ >= until_ || fault_ != nullptr) return Next();
  if (auto filled = fill(log::kHeaderBytes); !filled) return std::move(filled).error();
  const auto here = [this] { return buffer_.data() + (at_ - buffer_begin_); };
  const auto known = [this] { return buffered_ - static_cast<std::size_t>(at_ - buffer_begin_); };
  if (known() < log::kHeaderBytes) {
    fault_ = "the file ends within a record's header";
    return Next();
  }
  const std::uint64_t room = segment_->entry.begin + segment_->entry.bytes - at_;
  const auto fault = [&] { return record_fault(here(), known(), room, at_, segment_->entry.salt); };
  fault_ = fault();
  free_ = load_word(here()).bits() == 0;
  if (fault_ != nullptr) return Next();

  const log::CommitWord word = load_word(here());
  const std::uint64_t needed = word.is_data() ? word.length() : log::kHeaderBytes;
  if (known() < needed) {
    if (auto filled = fill(needed); !filled) return std::move(filled).error();
    fault_ = known() < needed ? "the file ends within a record" : fault();
    if (fault_ != nullptr) return Next();
  }
  const Record record{at_, here(), word};
  at_ += word.stride();
  return Next(record);
}

/// Has `bytes` from `at_` on in the buffer, or all that the file has.
Result<void> SegmentScanner::fill(std::uint64_t bytes) {
  if (at_ >= buffer_begin_ && at_ + bytes <= buffer_begin_ + buffered_) return {};
  buffer_.resize(std::max<std::size_t>({buffer_.size(), static_cast<std::size_t>(bytes), kReadBytes}));
  const std::uint64_t room = segment_->entry.begin + segment_->entry.bytes - at_;
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), room));
  auto read = segment_->file->read_at(file_offset(segment_->entry, at_), std::span(buffer_).first(wanted));
  if (!read) return std::move(read).error();
  buffer_begin_ = at_;
  buffered_ = *read;
  return {};
}

Error SegmentScanner::error() const {
  return {ErrorCode::corrupt, segment_->file->path() + ", offset " +
                                  std::to_string(file_offset(segment_->entry, at_)) + " (position " +
                                  std::to_string(at_) + "): " + (fault_ != nullptr ? fault_ : "no fault")};
}

void SegmentWriter::add(const std::byte* record, log::CommitWord word) {
  const std::size_t at = staged_bytes_;
  staged_bytes_ += word.stride();
  if (word.is_data()) ++staged_events_;
  // It only grows, so that no byte of it is set twice.
  if (staged_.size() < staged_bytes_) staged_.resize(std::max(staged_bytes_, 2 * staged_.size()));
  seal_record(staged_.data() + at, record, word, position_ + at, segment_->entry.salt);
}

Result<void> SegmentWriter::flush() {
  const auto bytes = std::span<const std::byte>(staged_).first(std::exchange(staged_bytes_, 0));
  auto written = segment_->file->write_at(file_offset(segment_->entry, position_), bytes);
  const std::uint64_t events = std::exchange(staged_events_, 0);
  if (written) position_ += bytes.size();
  if (written && events_) *events_ += events;
  return written;
}

}  // namespace sluice::detail
