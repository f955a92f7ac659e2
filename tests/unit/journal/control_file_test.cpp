#include "journal/control_file.hpp"

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "journal/boot_id.hpp"
#include "memory_file_system.hpp"
#include "temporary_directory.hpp"

namespace sluice::detail {
namespace {

constexpr std::uint64_t kEpoch = 0x001f'00aa'1234'5678;
const std::string kPath = "journal/POSITIONS";

EventId journal_id() {
  return EventId::parse("0b5e3c1e-52a4-4e6f-9d0c-7a1f2b3c4d5e").value();
}

template <class T>
T at(const MemoryFileSystem::Bytes& bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

TEST(ControlFile, shows_what_was_stored_to_whoever_opened_it_before_or_after) {
  const test::TemporaryDirectory directory;
  FileSystem& files = posix_file_system();
  std::string why;
  auto mine = ControlFile::create(files, directory.path(), journal_id(), kEpoch, {64, 4096}).value();
  const auto before = ControlFile::open(files, directory.path(), journal_id(), kEpoch, why).value();
  ASSERT_NE(before, nullptr) << why;
  EXPECT_EQ(before->shards(), 2U);
  EXPECT_EQ(before->journaled(0), 64U);
  EXPECT_EQ(before->durable(1), 4096U);
  mine->store_journaled(1, 8192);
  mine->store_durable(1, 8128);
  const auto after = ControlFile::open(files, directory.path(), journal_id(), kEpoch, why).value();
  for (const auto& reader : {before.get(), after.get()}) {
    EXPECT_EQ(reader->journaled(0), 64U);
    EXPECT_EQ(reader->journaled(1), 8192U);
    EXPECT_EQ(reader->durable(1), 8128U);
  }
}

TEST(ControlFile, has_no_positions_of_shards_that_it_does_not_have) {
  MemoryFileSystem files;
  auto mine = ControlFile::create(files, "journal", journal_id(), kEpoch, {64}).value();
  mine->store_journaled(1, 96);
  EXPECT_EQ(mine->journaled(1), 0U);
  EXPECT_EQ(files.at(kPath).size(), 256U);
}

TEST(ControlFile, has_the_layout_that_the_format_document_shows) {
  MemoryFileSystem files;
  const auto mine = ControlFile::create(files, "journal", journal_id(), kEpoch, {64, 4096}).value();
  mine->store_durable(1, 2048);
  const auto& bytes = files.at(kPath);
  ASSERT_EQ(bytes.size(), 128U + 2 * 128);
  EXPECT_EQ(std::memcmp(bytes.data(), "sluicePS", 8), 0);
  EXPECT_EQ(at<std::uint32_t>(bytes, 8), 1U);
  EXPECT_EQ(at<EventId::Bytes>(bytes, 16), journal_id().bytes());
  EXPECT_EQ(at<std::uint64_t>(bytes, 32), kEpoch);
  EXPECT_EQ(at<std::uint32_t>(bytes, 40), 2U);
  EXPECT_EQ((at<std::array<char, 36>>(bytes, 44)), boot_id());
  EXPECT_EQ(at<std::uint64_t>(bytes, 128), 64U);
  EXPECT_EQ(at<std::uint64_t>(bytes, 256), 4096U);
  EXPECT_EQ(at<std::uint64_t>(bytes, 320), 2048U);
}

TEST(ControlFile, tells_nothing_when_any_bit_of_its_header_was_turned) {
  MemoryFileSystem files;
  std::string why;
  (void)ControlFile::create(files, "journal", journal_id(), kEpoch, {64}).value();
  const MemoryFileSystem::Bytes sound = files.at(kPath);
  for (std::size_t bit = 0; bit < 128 * 8; ++bit) {
    files.at(kPath) = sound;
    files.at(kPath)[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    why.clear();
    auto opened = ControlFile::open(files, "journal", journal_id(), kEpoch, why);
    if (!opened) {
      EXPECT_EQ(opened.error().code, ErrorCode::newer_format) << bit;
      EXPECT_EQ(bit / 32, 2U) << "the version";
    } else {
      EXPECT_EQ(*opened, nullptr) << bit;
      EXPECT_NE(why, "") << bit;
    }
  }
}

TEST(ControlFile, tells_nothing_of_another_run_journal_or_place_and_says_why) {
  MemoryFileSystem files;
  std::string why;
  EXPECT_EQ(ControlFile::open(files, "journal", journal_id(), kEpoch, why).value(), nullptr);
  EXPECT_EQ(why, "journal/POSITIONS is not there");
  (void)ControlFile::create(files, "journal", journal_id(), kEpoch, {64, 64}).value();
  EXPECT_EQ(ControlFile::open(files, "journal", journal_id(), kEpoch + 1, why).value(), nullptr);
  EXPECT_NE(why.find("another run"), std::string::npos);
  EXPECT_EQ(ControlFile::open(files, "journal", EventId(), kEpoch, why).value(), nullptr);
  files.at(kPath).resize(300);
  EXPECT_EQ(ControlFile::open(files, "journal", journal_id(), kEpoch, why).value(), nullptr);
  EXPECT_NE(why.find("shorter"), std::string::npos);
  files.at(kPath).resize(20);
  EXPECT_EQ(ControlFile::open(files, "journal", journal_id(), kEpoch, why).value(), nullptr);
}

TEST(ControlFile, takes_the_place_of_an_earlier_one_which_its_readers_keep) {
  const test::TemporaryDirectory directory;
  FileSystem& files = posix_file_system();
  std::string why;
  auto first = ControlFile::create(files, directory.path(), journal_id(), kEpoch, {64}).value();
  const auto reader = ControlFile::open(files, directory.path(), journal_id(), kEpoch, why).value();
  auto second = ControlFile::create(files, directory.path(), journal_id(), kEpoch + 1, {128}).value();
  second->store_journaled(0, 256);
  EXPECT_EQ(reader->journaled(0), 64U);
  EXPECT_EQ(ControlFile::open(files, directory.path(), journal_id(), kEpoch, why).value(), nullptr);
  EXPECT_EQ(ControlFile::open(files, directory.path(), journal_id(), kEpoch + 1, why).value()->journaled(0),
            256U);
}

}  // namespace
}  // namespace sluice::detail
