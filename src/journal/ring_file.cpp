#include "journal/ring_file.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>

#include "sluice/bus/detail/shard.hpp"

#include "base/crc32c.hpp"
#include "journal/boot_id.hpp"
#include "journal/manifest.hpp"
#include "journal/segment_format.hpp"
#include "journal/text.hpp"

namespace sluice::detail {

namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint32_t kMostShards = EventId::kMaxShards;

/// The file's first bytes; the table of its shards follows, and its checksum covers both.
struct Header {
  std::array<char, 8> magic{'s', 'l', 'u', 'i', 'c', 'e', 'R', 'F'};
  std::uint32_t version = kFormatVersion;
  std::uint32_t shards = 0;
  EventId::Bytes journal{};
  std::uint64_t epoch = 0;
  std::array<char, 36> boot{};
  std::uint32_t checksum = 0;
};
static_assert(sizeof(Header) == 80);

constexpr std::uint64_t round_up(std::uint64_t bytes) noexcept {
  return (bytes + kPage - 1) / kPage * kPage;
}

template <class Table>
std::uint32_t checksum(Header header, const Table& table) noexcept {
  header.checksum = 0;
  return crc32c(std::as_bytes(std::span(table)), crc32c(std::as_bytes(std::span(&header, 1))));
}

}  // namespace

std::string ring_prefix(const EventId& journal) {
  return "sluice-" + journal.to_string() + "-";
}

Result<std::unique_ptr<RingFile>> RingFile::create(FileSystem& files, const std::string& directory,
                                                   const EventId& journal, std::uint64_t epoch,
                                                   std::span<const ShardRequest> requests) {
  std::vector<ShardPlace> places;
  std::uint64_t end = round_up(sizeof(Header) + requests.size() * sizeof(ShardPlace));
  for (const ShardRequest& request : requests) {
    const std::uint64_t bytes = kRingHeaderBytes + request.capacity_bytes;
    places.push_back({end, bytes, request.capacity_bytes, request.producers == Producers::single ? 1U : 0U});
    end += round_up(bytes);
  }
  const std::string path = join_path(directory, ring_prefix(journal) + hex_digits(epoch, 16) + ".ring");
  auto file = files.open(path, OpenMode::create);
  if (!file) return std::move(file).error();
  Header header;
  header.shards = static_cast<std::uint32_t>(places.size());
  header.journal = journal.bytes();
  header.epoch = epoch;
  header.boot = boot_id();
  header.checksum = checksum(header, places);
  const auto fill = [&]() -> Result<std::unique_ptr<SharedMapping>> {
    if (auto done = (*file)->allocate(end); !done) return std::move(done).error();
    auto table = (*file)->write_at(sizeof header, std::as_bytes(std::span(places)));
    if (!table) return std::move(table).error();
    auto written = (*file)->write_at(0, std::as_bytes(std::span(&header, 1)));
    if (!written) return std::move(written).error();
    return files.map_shared(path, end);
  };
  auto mapping = fill();
  if (!mapping) {
    (void)files.remove(path);  // it is of no use, and takes space
    if (mapping.error().code != ErrorCode::disk_full) return std::move(mapping).error();
    const auto free = files.free_bytes(directory);
    return Error{ErrorCode::ring_no_space,
                 "the rings need " + std::to_string(end) + " bytes in " + directory + ", " +
                     (free ? std::to_string(*free) + " are free" : "which is full") +
                     ": make room there, name another ring_directory, or make the rings smaller (" +
                     mapping.error().message + ")"};
  }
  return std::unique_ptr<RingFile>(new RingFile(path, *std::move(mapping), std::move(places)));
}

Result<std::unique_ptr<RingFile>> RingFile::open(FileSystem& files, const std::string& path,
                                                 const EventId& journal, std::uint64_t epoch,
                                                 std::string& why) {
  const auto not_it = [&](std::string reason) {
    why = std::move(reason);
    return std::unique_ptr<RingFile>();
  };
  const auto there = files.exists(path);
  if (!there) return there.error();
  if (!*there) return not_it(path + " is gone: the machine was started anew, or the file was removed");
  auto file = files.open(path, OpenMode::read_write);
  if (!file) return std::move(file).error();
  const auto size = (*file)->size();
  if (!size) return size.error();

  Header header;
  const Header mine;
  auto read = (*file)->read_at(0, std::as_writable_bytes(std::span(&header, 1)));
  if (!read) return std::move(read).error();
  if (*read != sizeof header || header.magic != mine.magic || header.version != mine.version ||
      header.shards > kMostShards) {
    return not_it(path + " is no ring file of this version");
  }
  if (header.journal != journal.bytes() || header.epoch != epoch) {
    return not_it(path + " belongs to another journal or an earlier run");
  }
  if (header.boot != boot_id()) return not_it(path + " is from before the machine was started anew");
  std::vector<ShardPlace> places(header.shards);
  read = (*file)->read_at(sizeof header, std::as_writable_bytes(std::span(places)));
  if (!read) return std::move(read).error();
  if (*read != places.size() * sizeof(ShardPlace) || checksum(header, places) != header.checksum) {
    return not_it(path + " has a damaged header");
  }
  for (const ShardPlace& place : places) {
    const bool is_sound = place.offset % kPage == 0 && place.bytes > kRingHeaderBytes &&
                          place.bytes - kRingHeaderBytes == place.capacity_bytes &&
                          std::has_single_bit(place.capacity_bytes) &&
                          place.capacity_bytes >= log::kAlignment && place.offset <= *size &&
                          place.bytes <= *size - place.offset;
    if (!is_sound) return not_it(path + " is shorter than it was");
  }
  auto mapping = files.map_shared(path, *size);
  if (!mapping) return std::move(mapping).error();
  return std::unique_ptr<RingFile>(new RingFile(path, *std::move(mapping), std::move(places)));
}

std::span<std::byte> RingFile::memory(std::uint32_t shard) noexcept {
  return mapping_->bytes().subspan(shards_[shard].offset, shards_[shard].bytes);
}

std::uint64_t RingFile::tail(std::uint32_t shard) noexcept {
  const auto& state = *reinterpret_cast<const RingState*>(memory(shard).data());
  // Acquire for form's sake: whoever wrote it is dead.
  return state.tail.load(std::memory_order_acquire) & ~log::kClosedBit;  // SYNC tail: of a dead run
}

std::uint64_t RingFile::oldest(std::uint32_t shard) noexcept {
  const auto& state = *reinterpret_cast<const RingState*>(memory(shard).data());
  // The announced one, which is stored before space is cleared. Acquire for form's sake, as above.
  const std::uint64_t limit = state.announced.load(std::memory_order_acquire);  // SYNC limit: of a dead run
  return limit < capacity_bytes(shard) ? 0 : limit - capacity_bytes(shard) + log::kAlignment;
}

const std::byte* RingFile::at(std::uint32_t shard, std::uint64_t position) noexcept {
  return memory(shard).data() + kRingHeaderBytes + (position & (shards_[shard].capacity_bytes - 1));
}

log::CommitWord RingFile::word(std::uint32_t shard, std::uint64_t position) noexcept {
  return load_word(at(shard, position));
}

std::vector<RingFile::Record> RingFile::records(std::uint32_t shard, std::uint64_t from) {
  std::vector<Record> all;
  const std::uint64_t tail = this->tail(shard);
  const std::uint64_t capacity = shards_[shard].capacity_bytes;
  for (std::uint64_t position = from; position < tail;) {
    const std::uint64_t room = std::min(tail - position, capacity - (position & (capacity - 1)));
    const log::CommitWord found = word(shard, position);
    const bool is_known = found.is_data() ? found.payload_offset() <= found.length()
                                          : found.kind() == log::RecordKind::padding ||
                                                found.kind() == log::RecordKind::aborted;
    if (found.is_committed() && is_known && found.length() >= log::kHeaderBytes && found.stride() <= room) {
      // Nobody has looked at a ring's bytes yet; a process that died may well have spoilt them before.
      const bool is_sound = !found.is_data() || metadata_is_sound(at(shard, position), found);
      all.push_back(is_sound ? Record{position, at(shard, position), found}
                             : Record{position, nullptr,
                                      log::CommitWord::committed(log::RecordKind::aborted, found.length())});
      position += found.stride();
      continue;
    }
    const std::uint64_t end = found.is_claimed() && found.length() % log::kAlignment == 0 &&
                                      found.length() != 0 && found.length() <= room
                                  ? position + found.length()
                                  : hole_end(shard, position, tail);
    const auto bytes = static_cast<std::uint32_t>(end - position);
    all.push_back({position, nullptr, log::CommitWord::committed(log::RecordKind::aborted, bytes)});
    position = end;
  }
  return all;
}

/// Where a claim ends of which nothing is known but that nothing in it was committed. A single producer has
/// one at a time, and it is the last. Several find zeros at every place of a record when they win space, and
/// write the claim's length before anything else: so the next word that is not zero is the next claim's.
std::uint64_t RingFile::hole_end(std::uint32_t shard, std::uint64_t position, std::uint64_t tail) {
  if (shards_[shard].single_producer != 0) return tail;
  std::uint64_t end = position + log::kAlignment;
  while (end < tail && word(shard, end).bits() == 0) end += log::kAlignment;
  return end;
}

}  // namespace sluice::detail
