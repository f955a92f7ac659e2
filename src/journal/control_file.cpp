#include "journal/control_file.hpp"

#include <array>
#include <cstring>
#include <span>
#include <utility>

#include "base/crc32c.hpp"
#include "journal/boot_id.hpp"
#include "journal/manifest.hpp"
#include "journal/text.hpp"

namespace sluice::detail {

namespace {

/// The file's first bytes; the positions follow, two cache lines for each shard.
struct Header {
  std::array<char, 8> magic{'s', 'l', 'u', 'i', 'c', 'e', 'P', 'S'};
  std::uint32_t version = kFormatVersion;
  std::uint32_t checksum = 0;  ///< over the header, with zero here
  EventId::Bytes journal{};
  std::uint64_t epoch = 0;
  std::uint32_t shards = 0;
  std::array<char, 36> boot{};
  std::array<std::byte, 48> zero{};
};
static_assert(sizeof(Header) == 128);

constexpr std::size_t kShardBytes = 128;
constexpr std::size_t kDurableAt = 64;

std::uint32_t checksum(Header header) noexcept {
  header.checksum = 0;
  return crc32c(std::as_bytes(std::span(&header, 1)));
}

constexpr std::size_t file_bytes(std::size_t shards) noexcept {
  return sizeof(Header) + shards * kShardBytes;
}

std::vector<std::byte> image_of(const EventId& journal, std::uint64_t epoch,
                                const std::vector<std::uint64_t>& positions) {
  Header header;
  header.journal = journal.bytes();
  header.epoch = epoch;
  header.shards = static_cast<std::uint32_t>(positions.size());
  header.boot = boot_id();
  header.checksum = checksum(header);
  std::vector<std::byte> image(file_bytes(positions.size()));
  std::memcpy(image.data(), &header, sizeof header);
  for (std::size_t shard = 0; shard < positions.size(); ++shard) {
    std::byte* const at = image.data() + file_bytes(shard);
    std::memcpy(at, &positions[shard], sizeof positions[shard]);
    std::memcpy(at + kDurableAt, &positions[shard], sizeof positions[shard]);
  }
  return image;
}

/// Written whole before it has its name, so that who opens it finds all of it.
Result<void> make(FileSystem& files, const std::string& path, std::span<const std::byte> image) {
  const std::string temporary = path + ".new";
  if (auto removed = files.remove(temporary); !removed) return removed;
  auto file = files.open(temporary, OpenMode::create);
  if (!file) return std::move(file).error();
  // Its space is taken first: a store to mapped memory has no other way to say that the disk is full than a
  // signal.
  Result<void> done = (*file)->allocate(image.size());
  if (done) done = (*file)->write_at(0, image);
  if (done) done = files.rename(temporary, path);
  if (!done) (void)files.remove(temporary);
  return done;
}

}  // namespace

Result<std::unique_ptr<ControlFile>> ControlFile::create(FileSystem& files, const std::string& directory,
                                                         const EventId& journal, std::uint64_t epoch,
                                                         const std::vector<std::uint64_t>& positions) {
  const std::string path = join_path(directory, kName);
  const std::vector<std::byte> image = image_of(journal, epoch, positions);
  if (auto made = make(files, path, image); !made) return std::move(made).error();
  auto mapping = files.map_shared(path, image.size());
  if (!mapping) return std::move(mapping).error();
  return std::unique_ptr<ControlFile>(
      new ControlFile(*std::move(mapping), static_cast<std::uint32_t>(positions.size())));
}

Result<std::unique_ptr<ControlFile>> ControlFile::open(FileSystem& files, const std::string& directory,
                                                       const EventId& journal, std::uint64_t epoch,
                                                       std::string& why) {
  const std::string path = join_path(directory, kName);
  const auto not_it = [&](std::string_view reason) {
    why = path + " " + std::string(reason);
    return std::unique_ptr<ControlFile>();
  };
  const auto there = files.exists(path);
  if (!there) return there.error();
  if (!*there) return not_it("is not there");
  auto file = files.open(path, OpenMode::read_only);
  if (!file) return std::move(file).error();
  Header header;
  const Header mine;
  auto read = (*file)->read_at(0, std::as_writable_bytes(std::span(&header, 1)));
  if (!read) return std::move(read).error();
  if (*read != sizeof header || header.magic != mine.magic) return not_it("is no file of positions");
  if (header.version > kFormatVersion) return Error{ErrorCode::newer_format, too_new(path, header.version)};
  if (header.checksum != checksum(header) || header.shards > EventId::kMaxShards) {
    return not_it("has a damaged header");
  }
  if (header.journal != journal.bytes() || header.epoch != epoch) {
    return not_it("belongs to another journal or another run");
  }
  if (header.boot != boot_id()) return not_it("is from before the machine was started anew");
  const auto size = (*file)->size();
  if (!size) return size.error();
  if (*size < file_bytes(header.shards)) return not_it("is shorter than it was");
  auto mapping = files.map_to_read(path, file_bytes(header.shards));
  if (!mapping) return std::move(mapping).error();
  // The name may have gone to another run's meanwhile: what was mapped is what counts.
  if (std::memcmp((*mapping)->bytes().data(), &header, sizeof header) != 0) {
    return not_it("was replaced while it was opened");
  }
  return std::unique_ptr<ControlFile>(new ControlFile(*std::move(mapping), header.shards));
}

ControlFile::Positions& ControlFile::of(std::uint32_t shard) const noexcept {
  return *reinterpret_cast<Positions*>(mapping_->bytes().data() + file_bytes(shard));
}

std::uint64_t ControlFile::journaled(std::uint32_t shard) const noexcept {
  // SYNC positions-journaled: the records below are in their files, and their topics in the control log.
  return shard < shards_ ? of(shard).journaled.load(std::memory_order_acquire) : 0;
}

std::uint64_t ControlFile::durable(std::uint32_t shard) const noexcept {
  // SYNC positions-durable: the records below outlive the machine.
  return shard < shards_ ? of(shard).durable.load(std::memory_order_acquire) : 0;
}

void ControlFile::store_journaled(std::uint32_t shard, std::uint64_t position) noexcept {
  // SYNC positions-journaled: the records below are in their files, and their topics in the control log.
  if (shard < shards_) of(shard).journaled.store(position, std::memory_order_release);
}

void ControlFile::store_durable(std::uint32_t shard, std::uint64_t position) noexcept {
  // SYNC positions-durable: the records below outlive the machine.
  if (shard < shards_) of(shard).durable.store(position, std::memory_order_release);
}

}  // namespace sluice::detail
