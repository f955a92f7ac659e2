// Files without anything else. The limit to compare with copies records of the journal's size to a buffer and
// writes that with pwrite: cold into fresh space, as the journal does, and warm over what is in memory
// already. And stdio, which is what many a program uses.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "journal/writer.hpp"

namespace sluice::bench {

namespace {

constexpr std::size_t kRecordBytes = 160;  ///< of an `Order` in the journal, header and alignment included
constexpr std::size_t kStagingBytes = 256 * 1024 / kRecordBytes * kRecordBytes;
constexpr std::uint64_t kFileBytes = std::uint64_t{64} << 20;

enum class Space : std::uint8_t {
  cold,  ///< a new file each 64 MiB, its space taken before
  warm,  ///< one file, written once before it is measured, and over again
};

class StagedWriter final : public Writer {
 public:
  StagedWriter(std::string directory, Space space)
      : directory_(std::move(directory)), space_(space), staging_(kStagingBytes) {
    next_file();
    if (space_ == Space::cold) return;
    for (offset_ = 0; offset_ + kStagingBytes <= kFileBytes;) flush(kStagingBytes);
    offset_ = 0;
  }
  ~StagedWriter() override { ::close(file_); }

  void write(std::uint64_t first, std::uint64_t count) override {
    Order order;
    std::size_t staged = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      order.number = first + i;
      std::memset(staging_.data() + staged, 0, kRecordBytes - sizeof order);
      std::memcpy(staging_.data() + staged + kRecordBytes - sizeof order, &order, sizeof order);
      staged += kRecordBytes;
      if (staged == kStagingBytes) {
        flush(staged);
        staged = 0;
      }
    }
    flush(staged);
  }

 private:
  void flush(std::size_t bytes) {
    if (offset_ + bytes > kFileBytes) {
      if (space_ == Space::cold) next_file();
      offset_ = 0;
    }
    if (::pwrite(file_, staging_.data(), bytes, static_cast<off_t>(offset_)) != static_cast<ssize_t>(bytes)) {
      throw Failed("pwrite failed in " + directory_);
    }
    offset_ += bytes;
  }

  void next_file() {
    if (file_ >= 0) ::close(file_);
    const std::string path = directory_ + "/staged-" + std::to_string(files_++);
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file_ < 0 || ::posix_fallocate(file_, 0, static_cast<off_t>(kFileBytes)) != 0) {
      throw Failed("no file of 64 MiB can be made in " + directory_);
    }
  }

  std::string directory_;
  Space space_;
  std::vector<std::byte> staging_;
  int file_ = -1;
  int files_ = 0;
  std::uint64_t offset_ = 0;
};

class StdioWriter final : public Writer {
 public:
  explicit StdioWriter(const std::string& directory)
      : file_(std::fopen((directory + "/stdio").c_str(), "wbx")), buffer_(256 * 1024) {
    if (file_ == nullptr) throw Failed("no file can be made in " + directory);
    std::setvbuf(file_, buffer_.data(), _IOFBF, buffer_.size());
  }
  ~StdioWriter() override { std::fclose(file_); }

  void write(std::uint64_t first, std::uint64_t count) override {
    Order order;
    for (std::uint64_t i = 0; i < count; ++i) {
      order.number = first + i;
      if (std::fwrite(&order, sizeof order, 1, file_) != 1) throw Failed("fwrite failed");
    }
    std::fflush(file_);
  }

 private:
  std::FILE* file_;
  std::vector<char> buffer_;
};

}  // namespace

std::vector<Keeper> file_keepers() {
  return {
      {"bare_pwrite_cold",
       [](const std::string& directory) { return std::make_unique<StagedWriter>(directory, Space::cold); }},
      {"bare_pwrite_warm",
       [](const std::string& directory) { return std::make_unique<StagedWriter>(directory, Space::warm); }},
      {"buffered_write",
       [](const std::string& directory) { return std::make_unique<StdioWriter>(directory); }}};
}

}  // namespace sluice::bench
