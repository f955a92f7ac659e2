#include "journal/synced_record.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "base/crc32c.hpp"
#include "journal/bytes.hpp"
#include "journal/manifest.hpp"
#include "journal/text.hpp"

namespace sluice::detail {

namespace {

constexpr std::array<char, 8> kMagic{'s', 'l', 'u', 'i', 'c', 'e', 'S', 'Y'};

// Of a slot.
constexpr std::size_t kVersionAt = 8;        // u32
constexpr std::size_t kCrcAt = 12;           // u32, over all other bytes of the slot that mean something
constexpr std::size_t kJournalAt = 16;       // 16 bytes
constexpr std::size_t kSequenceAt = 32;      // u64
constexpr std::size_t kControlBytesAt = 40;  // u64
constexpr std::size_t kShardsAt = 48;        // u32
constexpr std::size_t kSyncBegunAt = 52;     // u32: 0 or 1
constexpr std::size_t kControlNameAt = 56;   // 64 bytes, filled up with zeros
constexpr std::size_t kPositionsAt = 120;    // u64 for each shard

constexpr std::size_t kControlNameBytes = kPositionsAt - kControlNameAt;
static_assert(kControlNameBytes == kMaxFileNameBytes + 1);

constexpr std::size_t kSlotBytes = 40 * 1024;
constexpr std::size_t kSlots = 3;
constexpr std::size_t kFileBytes = kSlots * kSlotBytes;
constexpr std::size_t kMostShards = EventId::kMaxShards;
static_assert(kPositionsAt + sizeof(std::uint64_t) * kMostShards <= kSlotBytes);
static_assert(kSlotBytes % 4096 == 0, "no page, and no sector, holds bytes of two slots");

constexpr std::uint64_t kAlignmentBytes = 32;  // of records, and so of positions

using Bytes = std::span<const std::byte>;

constexpr std::size_t used_bytes(std::size_t shards) noexcept {
  return kPositionsAt + sizeof(std::uint64_t) * shards;
}

/// Where the record with this sequence number goes: never into the first slot, never where the last one went.
constexpr std::size_t slot_of(std::uint64_t sequence) noexcept {
  return 1 + static_cast<std::size_t>(sequence % 2);
}

std::uint32_t slot_crc(Bytes slot, std::size_t shards) noexcept {
  return crc32c(slot.subspan(kJournalAt, used_bytes(shards) - kJournalAt), crc32c(slot.first(kCrcAt)));
}

std::string fault_of(const SyncedPositions& positions) {
  if (!is_file_name(positions.control_log)) return shown(positions.control_log) + " is no control log's name";
  if (positions.positions.size() > kMostShards)
    return "there are more than " + std::to_string(kMostShards) + " shards";
  const auto crooked = std::find_if(positions.positions.begin(), positions.positions.end(),
                                    [](std::uint64_t position) { return position % kAlignmentBytes != 0; });
  if (crooked == positions.positions.end()) return "";
  return "position " + std::to_string(*crooked) + " is no multiple of 32";
}

std::vector<std::byte> encode_slot(const EventId& journal, const SyncedPositions& positions,
                                   std::uint64_t sequence) {
  const std::size_t shards = positions.positions.size();
  std::vector<std::byte> bytes(used_bytes(shards));
  const std::span<std::byte> slot(bytes);
  put(slot, 0, kMagic);
  put(slot, kVersionAt, kFormatVersion);
  put(slot, kJournalAt, journal.bytes());
  put(slot, kSequenceAt, sequence);
  put(slot, kControlBytesAt, positions.control_bytes);
  put(slot, kShardsAt, static_cast<std::uint32_t>(shards));
  put(slot, kSyncBegunAt, static_cast<std::uint32_t>(positions.sync_begun));
  std::memcpy(bytes.data() + kControlNameAt, positions.control_log.data(), positions.control_log.size());
  for (std::size_t shard = 0; shard < shards; ++shard) {
    put(slot, used_bytes(shard), positions.positions[shard]);
  }
  put(slot, kCrcAt, slot_crc(slot, shards));
  return bytes;
}

/// What one slot says, or why it says nothing.
struct Slot {
  SyncedPositions positions{};
  std::uint64_t sequence = 0;
  std::uint64_t newer_version = 0;  ///< 0 unless that is the fault
  std::string fault{};
};

Slot bad(std::string fault) {
  Slot slot;
  slot.fault = std::move(fault);
  return slot;
}

Slot decode_slot(Bytes bytes, const EventId& journal) {
  if (bytes.size() < kPositionsAt) return bad("the file ends within it");
  if (std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) return bad("its first bytes are others");
  Slot slot;
  if (const auto version = get<std::uint32_t>(bytes, kVersionAt); version > kFormatVersion) {
    slot.newer_version = version;
    slot.fault = "it has format version " + std::to_string(version);
    return slot;
  }
  const auto shards = get<std::uint32_t>(bytes, kShardsAt);
  if (shards > kMostShards) return bad("it has more shards than can be");
  if (bytes.size() < used_bytes(shards)) return bad("the file ends within it");
  if (get<std::uint32_t>(bytes, kCrcAt) != slot_crc(bytes, shards)) {
    return bad("its checksum does not fit its bytes");
  }
  if (get<std::uint32_t>(bytes, kVersionAt) == 0) return bad("format versions begin with 1");
  const EventId owner = EventId::from_bytes(get<EventId::Bytes>(bytes, kJournalAt));
  if (owner != journal)
    return bad("it belongs to journal " + owner.to_string() + ", not to " + journal.to_string());

  const auto name = bytes.subspan(kControlNameAt, kControlNameBytes);
  const auto name_end = std::find(name.begin(), name.end(), std::byte{0});
  slot.positions.control_log.assign(reinterpret_cast<const char*>(name.data()),
                                    static_cast<std::size_t>(name_end - name.begin()));
  slot.positions.control_bytes = get<std::uint64_t>(bytes, kControlBytesAt);
  slot.positions.positions.resize(shards);
  for (std::size_t shard = 0; shard < shards; ++shard) {
    slot.positions.positions[shard] = get<std::uint64_t>(bytes, used_bytes(shard));
  }
  slot.positions.sync_begun = get<std::uint32_t>(bytes, kSyncBegunAt) == 1;
  slot.sequence = get<std::uint64_t>(bytes, kSequenceAt);
  slot.fault = fault_of(slot.positions);
  const bool filled_up = all_zero(name.subspan(slot.positions.control_log.size())) &&
                         get<std::uint32_t>(bytes, kSyncBegunAt) <= 1 &&
                         get<std::uint32_t>(bytes, kVersionAt) != 0;
  if (slot.fault.empty() && !filled_up) slot.fault = "it has other bytes than zeros where it is filled up";
  return slot;
}

Result<void> usable(const std::string& path, const SyncedPositions& positions) {
  const std::string fault = fault_of(positions);
  if (fault.empty()) return {};
  return Error{ErrorCode::invalid_option, path + " can't keep this: " + fault};
}

/// The newest good one. Which slots are bad does not matter while one is good: that is what they are for.
Result<Slot> newest_of(std::array<Slot, kSlots> slots, const std::string& path) {
  Slot* newest = nullptr;
  for (Slot& slot : slots) {
    if (slot.fault.empty() && (newest == nullptr || slot.sequence > newest->sequence)) newest = &slot;
  }
  if (newest != nullptr) return std::move(*newest);
  std::string faults;
  for (std::size_t i = 0; i < kSlots; ++i) {
    if (slots[i].newer_version != 0)
      return Error{ErrorCode::newer_format, too_new(path, slots[i].newer_version)};
    faults += "; the slot at offset " + std::to_string(i * kSlotBytes) + ": " + slots[i].fault;
  }
  return Error{ErrorCode::corrupt, at_offset(path, 0, "none of the slots can be used" + faults)};
}

}  // namespace

SyncedRecord::SyncedRecord(std::unique_ptr<File> file, const EventId& journal, SyncedPositions latest,
                           std::uint64_t sequence)
    : file_(std::move(file)), journal_(journal), latest_(std::move(latest)), sequence_(sequence) {}

Result<std::unique_ptr<SyncedRecord>> SyncedRecord::create(FileSystem& files, const std::string& path,
                                                           const EventId& journal,
                                                           const SyncedPositions& positions) {
  if (auto fine = usable(path, positions); !fine) return std::move(fine).error();
  const std::vector<std::byte> slot = encode_slot(journal, positions, 0);
  std::vector<std::byte> image(kFileBytes);
  for (std::size_t i = 0; i < kSlots; ++i) {
    std::memcpy(image.data() + i * kSlotBytes, slot.data(), slot.size());
  }
  if (auto done = replace_file(files, path, image); !done) return std::move(done).error();
  return open(files, path, journal, OpenMode::read_write);
}

Result<std::unique_ptr<SyncedRecord>> SyncedRecord::open(FileSystem& files, const std::string& path,
                                                         const EventId& journal, OpenMode mode) {
  auto file = files.open(path, mode);
  if (!file) return std::move(file).error();
  std::vector<std::byte> image(kFileBytes);
  auto read = (*file)->read_at(0, image);
  if (!read) return std::move(read).error();
  auto size = (*file)->size();
  if (!size) return std::move(size).error();
  std::array<Slot, kSlots> slots;
  for (std::size_t i = 0; i < kSlots; ++i) {
    const std::size_t begin = std::min(*read, i * kSlotBytes);
    slots[i] = decode_slot(Bytes(image).subspan(begin, std::min(*read - begin, kSlotBytes)), journal);
  }
  auto newest = newest_of(std::move(slots), path);
  if (!newest) return std::move(newest).error();
  // It was made whole, and no write makes it longer.
  if (*size != kFileBytes) {
    return Error{ErrorCode::corrupt,
                 at_offset(path, std::min<std::uint64_t>(*size, kFileBytes),
                           "the file has " + std::to_string(*size) + " bytes, and was made with " +
                               std::to_string(kFileBytes))};
  }
  return std::unique_ptr<SyncedRecord>(
      new SyncedRecord(*std::move(file), journal, std::move(newest->positions), newest->sequence));
}

Result<std::map<std::uint64_t, std::string>> SyncedRecord::slot_faults(FileSystem& files,
                                                                       const std::string& path,
                                                                       const EventId& journal) {
  const auto image = read_file(files, path, kFileBytes);
  if (!image) return image.error();
  std::map<std::uint64_t, std::string> faults;
  for (std::size_t begin = 0; begin < kFileBytes; begin += kSlotBytes) {
    const std::size_t at = std::min(begin, image->size());
    Slot slot = decode_slot(Bytes(*image).subspan(at, std::min(image->size() - at, kSlotBytes)), journal);
    if (!slot.fault.empty()) faults[begin] = std::move(slot.fault);
  }
  return faults;
}

Result<void> SyncedRecord::write(const SyncedPositions& positions) {
  if (auto fine = usable(file_->path(), positions); !fine) return fine;
  const std::uint64_t sequence = sequence_ + 1;
  const std::vector<std::byte> slot = encode_slot(journal_, positions, sequence);
  if (auto done = file_->write_at(slot_of(sequence) * kSlotBytes, slot); !done) return done;
  latest_ = positions;
  sequence_ = sequence;
  return {};
}

}  // namespace sluice::detail
