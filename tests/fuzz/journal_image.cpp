#include "fuzz/journal_image.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <string_view>
#include <utility>

#include "sluice/bus/detail/shard.hpp"

#include "fuzz/finding.hpp"
#include "journal/bytes.hpp"
#include "journal/control_log.hpp"
#include "journal/manifest.hpp"
#include "journal/ring_file.hpp"
#include "journal/segment.hpp"
#include "journal/synced_record.hpp"

namespace sluice::fuzz {

namespace {

using detail::MemoryFileSystem;
using detail::SegmentEntry;
using log::CommitWord;
using log::RecordKind;

constexpr std::uint64_t kFirstEpoch = 0x1001;
constexpr std::uint64_t kLastEpoch = 0x1002;
constexpr std::uint64_t kRingBytes = 1024;
constexpr std::uint64_t kSegmentBytes = 4096;

template <class T>
T must(Result<T> result) {
  if (!result) finding("the journal that is to be damaged could not be made: " + result.error().to_string());
  return *std::move(result);
}
void must(const Result<void>& result) {
  if (!result) finding("the journal that is to be damaged could not be made: " + result.error().to_string());
}

/// One pair, as the bus encodes it: both lengths, both texts.
constexpr std::string_view kPair{"\x03\0\x05\0keyvalue", 12};

/// A record's bytes, without a checksum. Of an event every other one has metadata and a time to live.
struct Record {
  CommitWord word;
  std::vector<std::byte> bytes;
};

Record event(std::uint32_t topic, std::string_view text, bool plain) {
  const std::uint16_t flags = plain ? 0 : log::kHasTtl;
  const auto metadata_bytes = static_cast<std::uint16_t>(plain ? 0 : kPair.size());
  const std::size_t payload_at =
      CommitWord::committed(RecordKind::data, 0, flags, metadata_bytes).payload_offset();
  Record record;
  record.word = CommitWord::committed(RecordKind::data, static_cast<std::uint32_t>(payload_at + text.size()),
                                      flags, metadata_bytes);
  record.bytes.resize(record.word.stride());
  const std::span<std::byte> bytes(record.bytes);
  detail::put(bytes, 0, record.word.bits());
  detail::put(bytes, log::kTimestampOffset, std::int64_t{1'700'000'000'000'000'000});
  detail::put(bytes, log::kTopicOffset, topic);
  if (!plain) {
    detail::put(bytes, log::kHeaderBytes, std::numeric_limits<std::int64_t>::max());
    std::memcpy(bytes.data() + log::kHeaderBytes + log::kTtlBytes, kPair.data(), kPair.size());
  }
  std::memcpy(bytes.data() + payload_at, text.data(), text.size());
  return record;
}

Record no_event(RecordKind kind, std::uint32_t length) {
  Record record{CommitWord::committed(kind, length), {}};
  record.bytes.resize(record.word.stride());
  detail::put(std::span(record.bytes), 0, record.word.bits());
  return record;
}

std::vector<Record> some_records(std::uint32_t topic, std::string_view name) {
  std::vector<Record> records;
  for (int i = 0; i < 4; ++i) {
    const std::string text = std::string(name) + " " + std::string(static_cast<std::size_t>(i) * 23, 'x');
    records.push_back(event(topic, text, i % 2 == 0));
  }
  records.push_back(no_event(RecordKind::padding, 64));
  records.push_back(no_event(RecordKind::aborted, 32));
  return records;
}

/// Makes a segment; returns where its records end.
std::uint64_t make_segment(MemoryFileSystem& files, const SegmentEntry& entry, const TopicTable& topics,
                           const std::vector<Record>& records) {
  auto segment = must(detail::Segment::create(files, kDirectory, entry, journal_id(), topics));
  detail::SegmentWriter writer(std::move(segment), entry.begin);
  for (const Record& record : records) {
    writer.add(record.word.is_data() ? record.bytes.data() : nullptr, record.word);
  }
  must(writer.flush());
  return writer.position();
}

/// Lays records into a ring from `position` on, an open claim in front of the last.
void fill_ring(std::span<std::byte> memory, std::uint64_t position, const std::vector<Record>& records) {
  const auto at = [&](std::uint64_t place) {
    return memory.data() + detail::kRingHeaderBytes + (place & (kRingBytes - 1));
  };
  for (std::size_t i = 0; i < records.size(); ++i) {
    std::uint64_t left = kRingBytes - (position & (kRingBytes - 1));
    if (records[i].bytes.size() > left) {
      const std::uint64_t padding =
          CommitWord::committed(RecordKind::padding, static_cast<std::uint32_t>(left)).bits();
      std::memcpy(at(position), &padding, sizeof padding);
      position += left;
    }
    std::memcpy(at(position), records[i].bytes.data(), records[i].bytes.size());
    position += records[i].bytes.size();
    if (i + 2 != records.size()) continue;
    left = kRingBytes - (position & (kRingBytes - 1));
    if (left <= 64) continue;
    const std::uint64_t open = CommitWord::claimed(64).bits();
    std::memcpy(at(position), &open, sizeof open);
    position += 64;
  }
  alignas(detail::RingState) std::array<std::byte, sizeof(detail::RingState)> bytes{};
  auto* const state = new (bytes.data()) detail::RingState;
  // Relaxed: nobody else is there.
  state->tail.store(position, std::memory_order_relaxed);
  state->announced.store(position, std::memory_order_relaxed);
  std::memcpy(memory.data(), bytes.data(), bytes.size());
}

std::vector<ImageFile> make() {
  MemoryFileSystem files;
  detail::ControlState control;
  control.topics = {{"orders.new", 0, 0}, {"orders.filled", 1, 1}, {"audit", 2, 0}};
  control.cursors = {{{"reader", 0}, {64}}, {{"reader", 1}, {}}};
  const auto control_log = must(
      detail::ControlLog::create(files, detail::join_path(kDirectory, kControlName), journal_id(), control));
  const std::uint64_t snapshot_bytes = control_log->written();
  must(control_log->append(TopicDefinition{"late", 3, 1}));
  must(control_log->append_cursor("reader", 0, {128, CursorRetention::hold}));

  detail::Manifest manifest;
  manifest.journal = journal_id();
  manifest.epoch = kLastEpoch;
  manifest.control_log = kControlName;
  TopicTable topics(TopicTableOptions{.max_topics = 16}, ShardMap(1, {}));
  SegmentEntry sealed{.shard = 0, .begin = 0, .bytes = kSegmentBytes, .epoch = kFirstEpoch, .salt = 0xa1};
  sealed.end = make_segment(files, sealed, topics, some_records(0, "new"));
  const SegmentEntry open{
      .shard = 0, .begin = *sealed.end, .bytes = kSegmentBytes, .epoch = kLastEpoch, .salt = 0xa2};
  const std::uint64_t end_0 = make_segment(files, open, topics, some_records(2, "audit"));
  const SegmentEntry other{.shard = 1, .begin = 0, .bytes = kSegmentBytes, .epoch = kLastEpoch, .salt = 0xa3};
  const std::uint64_t end_1 = make_segment(files, other, topics, some_records(1, "filled"));
  manifest.segments = {sealed, open, other};

  const std::array<ShardRequest, 2> requests{
      {{.capacity_bytes = kRingBytes}, {.capacity_bytes = kRingBytes, .producers = Producers::single}}};
  const auto ring = must(detail::RingFile::create(files, "/ring", journal_id(), kLastEpoch, requests));
  fill_ring(ring->memory(0), end_0, some_records(0, "ring"));
  fill_ring(ring->memory(1), end_1, some_records(3, "late"));
  manifest.ring_file = ring->path();

  must(detail::SyncedRecord::create(
      files, detail::join_path(kDirectory, "SYNCED"), journal_id(),
      {.control_log = kControlName, .control_bytes = snapshot_bytes, .positions = {*sealed.end + 32, 0}}));
  must(detail::store_manifest(files, kDirectory, manifest));

  std::vector<std::string> paths{"journal/MANIFEST", "journal/SYNCED",
                                 detail::join_path(kDirectory, kControlName), manifest.ring_file};
  for (const SegmentEntry& entry : manifest.segments) {
    paths.push_back(detail::join_path(kDirectory, segment_name(entry)));
  }
  std::vector<ImageFile> image;
  for (const std::string& path : paths) image.push_back({path, files.at(path)});
  return image;
}

}  // namespace

EventId journal_id() {
  EventId::Bytes bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(0x40 + i);
  return EventId::from_bytes(bytes);
}

const std::vector<ImageFile>& journal_image() {
  static const std::vector<ImageFile> image = make();
  return image;
}

}  // namespace sluice::fuzz
