#include "journal/control_log.hpp"

#include <algorithm>
#include <span>
#include <unordered_set>

#include "journal/control_frames.hpp"
#include "journal/text.hpp"

namespace sluice::detail {

namespace {

/// How much is read or written at once.
constexpr std::size_t kChunkBytes = 64 * 1024;

/// Why a control log has no room for this topic as the one with id `next_id`; empty if it has.
std::string fault_of(std::string_view name, std::uint32_t id, std::uint32_t shard, std::uint64_t next_id) {
  if (auto valid = validate_topic(name); !valid) return valid.error().message;
  if (id != next_id) {
    return "topic " + shown(name) + " has id " + std::to_string(id) + ", and " + std::to_string(next_id) +
           " is the next one";
  }
  if (shard < EventId::kMaxShards) return "";
  return "topic " + shown(name) + " lies on shard " + std::to_string(shard) + ", which can't be";
}

std::string fault_of(const CursorPlace& cursor) {
  if (cursor.name.empty() || cursor.name.size() > kMaxCursorNameBytes) {
    return "a cursor's name has 1 to " + std::to_string(kMaxCursorNameBytes) + " bytes, " +
           shown(cursor.name) + " has " + std::to_string(cursor.name.size());
  }
  if (cursor.shard < EventId::kMaxShards) return "";
  return "cursor " + shown(cursor.name) + " is on shard " + std::to_string(cursor.shard) + ", which can't be";
}

Result<void> usable(std::string_view path, const std::string& fault) {
  if (fault.empty()) return {};
  return Error{ErrorCode::invalid_option, std::string(path) + " can't keep this: " + fault};
}

/// Writes frames one behind the other, many at a time.
class SnapshotWriter {
 public:
  SnapshotWriter(File& file, std::uint32_t seed) : file_(file), seed_(seed) {}

  [[nodiscard]] std::uint64_t end() const noexcept { return written_ + staged_.size(); }

  template <class Content>
  Result<void> add(const Content& content) {
    encode_frame(staged_, content, end(), seed_);
    return staged_.size() < kChunkBytes ? Result<void>() : flush();
  }
  Result<void> flush() {
    if (auto done = file_.write_at(written_, staged_); !done) return done;
    written_ += staged_.size();
    staged_.clear();
    return {};
  }

 private:
  File& file_;
  std::uint32_t seed_;
  std::uint64_t written_ = kControlHeaderBytes;
  std::vector<std::byte> staged_;
};

Result<std::uint64_t> write_snapshot(File& file, const EventId& journal, const ControlState& state) {
  SnapshotWriter writer(file, control_seed(journal, file_name(file.path())));
  std::unordered_set<std::string_view> names;
  for (const TopicDefinition& topic : state.topics) {
    std::string fault = fault_of(topic.name, topic.id, topic.shard, names.size());
    if (fault.empty() && !names.insert(topic.name).second) fault = "topic " + shown(topic.name) + " twice";
    if (auto fine = usable(file.path(), fault); !fine) return std::move(fine).error();
    if (auto added = writer.add(topic); !added) return std::move(added).error();
  }
  for (const auto& [key, place] : state.cursors) {
    const CursorPlace cursor{key.first, key.second, place.position, place.retention};
    if (auto fine = usable(file.path(), fault_of(cursor)); !fine) return std::move(fine).error();
    if (auto added = writer.add(cursor); !added) return std::move(added).error();
  }
  if (auto flushed = writer.flush(); !flushed) return std::move(flushed).error();
  const ControlHeader header = encode_control_header(journal, file_name(file.path()), writer.end());
  if (auto done = file.write_at(0, header); !done) return std::move(done).error();
  if (auto done = file.sync(); !done) return std::move(done).error();
  return writer.end();
}

/// Reads a control log from its beginning to its end, a piece of the file in memory at a time.
class Reader {
 public:
  Reader(const File& file, std::uint32_t seed, std::uint64_t size) : file_(file), seed_(seed), size_(size) {}

  [[nodiscard]] Error corrupt(std::string_view what) const {
    return {ErrorCode::corrupt, at_offset(file_.path(), at_, what)};
  }

  /// The frames up to the file's end, or up to the first bad one from `trusted_bytes` on.
  Result<ControlLog::Opened> read(std::uint64_t trusted_bytes) {
    while (at_ < size_) {
      if (auto filled = fill(); !filled) return std::move(filled).error();
      const auto frame = decode_frame(here(), at_, seed_);
      if (const auto* fault = std::get_if<std::string_view>(&frame)) {
        if (at_ < trusted_bytes) return corrupt(*fault);
        break;
      }
      const auto& good = std::get<Frame>(frame);
      const std::string nonsense =
          std::visit([this](const auto& content) { return take(content); }, good.content);
      if (!nonsense.empty()) return corrupt(nonsense);
      at_ += good.bytes;
    }
    opened_.good_bytes = at_;
    opened_.cut_bytes = size_ - at_;
    return std::move(opened_);
  }

 private:
  /// Has a whole frame from `at_` on in the buffer, or all that the file has.
  Result<void> fill() {
    if (here().size() >= std::min<std::uint64_t>(kMostFrameBytes, size_ - at_)) return {};
    buffer_.resize(kChunkBytes);
    auto read = file_.read_at(at_, buffer_);
    if (!read) return std::move(read).error();
    buffer_.resize(*read);
    buffer_begin_ = at_;
    return {};
  }

  [[nodiscard]] std::span<const std::byte> here() const {
    const std::uint64_t passed = at_ - buffer_begin_;
    if (passed >= buffer_.size()) return {};
    return std::span(buffer_).subspan(static_cast<std::size_t>(passed));
  }

  std::string take(const TopicRecord& topic) {
    std::string fault = fault_of(topic.name, topic.id, topic.shard, opened_.state.topics.size());
    if (!fault.empty()) return fault;
    if (!names_.emplace(topic.name).second) return "topic " + shown(topic.name) + " was there before";
    opened_.state.topics.push_back({std::string(topic.name), topic.id, topic.shard});
    return "";
  }
  std::string take(const CursorPlace& cursor) {
    std::string fault = fault_of(cursor);
    if (!fault.empty()) return fault;
    opened_.state.cursors[{std::string(cursor.name), cursor.shard}] = {cursor.position, cursor.retention};
    return "";
  }
  std::string take(const RemovedCursor& cursor) {
    opened_.state.cursors.erase({std::string(cursor.name), cursor.shard});
    return "";
  }
  static std::string take(const Nonsense& nonsense) { return std::string(nonsense.why); }

  const File& file_;
  std::uint32_t seed_;
  std::uint64_t size_;
  std::uint64_t at_ = kControlHeaderBytes;
  ControlLog::Opened opened_;
  std::unordered_set<std::string> names_;
  std::vector<std::byte> buffer_;
  std::uint64_t buffer_begin_ = kControlHeaderBytes;
};

}  // namespace

std::string control_name(std::uint64_t generation) {
  return "control-" + hex_digits(generation, 16) + ".log";
}

ControlLog::ControlLog(std::unique_ptr<File> file, std::uint32_t seed, std::uint64_t written,
                       std::size_t topics)
    : file_(std::move(file)), seed_(seed), topics_(topics), written_(written) {}

Result<std::unique_ptr<ControlLog>> ControlLog::create(FileSystem& files, const std::string& path,
                                                       const EventId& journal, const ControlState& state) {
  auto file = files.open(path, OpenMode::create);
  if (!file) return std::move(file).error();
  auto written = write_snapshot(**file, journal, state);
  if (!written) {
    (void)files.remove(path);  // nobody was told of it
    return std::move(written).error();
  }
  const std::uint32_t seed = control_seed(journal, file_name(path));
  return std::unique_ptr<ControlLog>(new ControlLog(*std::move(file), seed, *written, state.topics.size()));
}

Result<ControlLog::Opened> ControlLog::read(FileSystem& files, const std::string& path,
                                            const EventId& journal, std::uint64_t synced_bytes) {
  auto file = files.open(path, OpenMode::read_only);
  if (!file) return std::move(file).error();
  auto size = (*file)->size();
  if (!size) return std::move(size).error();
  ControlHeader header;
  auto read = (*file)->read_at(0, header);
  if (!read) return std::move(read).error();
  auto snapshot = check_control_header(std::span(header).first(*read), journal, path);
  if (!snapshot) return std::move(snapshot).error();
  const std::uint64_t trusted = std::max(synced_bytes, *snapshot);
  if (*size < trusted) {
    return Error{ErrorCode::corrupt, at_offset(path, *size,
                                               "the file ends, and " + std::to_string(trusted) +
                                                   " bytes of it were known to be on the disk")};
  }
  return Reader(**file, control_seed(journal, file_name(path)), *size).read(trusted);
}

template <class Content>
Result<void> ControlLog::append_frame(const Content& content) {
  // Relaxed: only this thread stores it.
  const std::uint64_t at = written_.load(std::memory_order_relaxed);
  std::vector<std::byte> frame;
  encode_frame(frame, content, at, seed_);
  if (auto done = file_->write_at(at, frame); !done) return done;
  // SYNC control-written: the frame is in the file for whoever syncs after reading this.
  written_.store(at + frame.size(), std::memory_order_release);
  return {};
}

Result<void> ControlLog::append(const TopicDefinition& topic) {
  if (auto fine = usable(path(), fault_of(topic.name, topic.id, topic.shard, topics_)); !fine) return fine;
  if (auto done = append_frame(topic); !done) return done;
  ++topics_;
  return {};
}

Result<void> ControlLog::append_cursor(std::string_view name, std::uint32_t shard, const KeptCursor& cursor) {
  const CursorPlace place{name, shard, cursor.position, cursor.retention};
  if (auto fine = usable(path(), fault_of(place)); !fine) return fine;
  return append_frame(place);
}

Result<void> ControlLog::append_removal(std::string_view name, std::uint32_t shard) {
  return append_frame(RemovedCursor{name, shard});
}

Result<void> ControlLog::sync() {
  return file_->sync();
}

std::uint64_t ControlLog::written() const noexcept {
  // SYNC control-written: what lies below it is in the file, so a sync from here on covers it.
  return written_.load(std::memory_order_acquire);
}

const std::string& ControlLog::path() const noexcept {
  return file_->path();
}

}  // namespace sluice::detail
