#include "journal/file_system.hpp"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faulty_file_system.hpp"
#include "journal/file_error.hpp"
#include "temporary_directory.hpp"

namespace sluice::detail {
namespace {

using test::TemporaryDirectory;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string content(const std::string& path) {
  return text_of(read_file(posix_file_system(), path, 1U << 20U).value());
}

void write_file(const std::string& path, std::string_view text) {
  posix_file_system().open(path, OpenMode::create).value()->write_at(0, bytes_of(text)).value();
}

mode_t permissions(const std::string& path) {
  struct stat facts {};
  EXPECT_EQ(::stat(path.c_str(), &facts), 0);
  return facts.st_mode & 0777U;
}

/// The error has this code, and its message each of these.
void expect_error(const Error& error, ErrorCode code, const std::vector<std::string>& parts) {
  EXPECT_EQ(error.code, code) << error;
  for (const std::string& part : parts) EXPECT_NE(error.message.find(part), std::string::npos) << error;
}

TEST(PosixFile, reads_what_was_written_and_stops_at_the_end) {
  const TemporaryDirectory directory;
  const auto file = posix_file_system().open(directory.file("f"), OpenMode::create).value();
  file->write_at(3, bytes_of("abcdef")).value();
  file->write_at(5, bytes_of("XY")).value();
  EXPECT_EQ(file->size().value(), 9U);
  std::vector<std::byte> bytes(20, std::byte{1});
  ASSERT_EQ(file->read_at(2, bytes).value(), 7U);
  EXPECT_EQ(text_of(std::span(bytes).first(7)), std::string_view("\0abXYef", 7));
  EXPECT_EQ(bytes[7], std::byte{1});
  EXPECT_EQ(file->read_at(100, bytes).value(), 0U);
  file->sync().value();
  EXPECT_EQ(file->path(), directory.file("f"));
}

TEST(PosixFile, is_created_once_for_its_owner_alone_and_closed_on_exec) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("f");
  const auto file = posix_file_system().open(path, OpenMode::create).value();
  EXPECT_EQ(permissions(path), 0600U);
  const auto again = posix_file_system().open(path, OpenMode::create);
  ASSERT_FALSE(again);
  expect_error(again.error(), ErrorCode::system_error, {path, "open", "(errno 17)"});
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone) != path) continue;
    ++found;
    EXPECT_NE(::fcntl(std::stoi(entry.path().filename()), F_GETFD) & FD_CLOEXEC, 0);
  }
  EXPECT_EQ(found, 1);
}

TEST(PosixFile, that_is_missing_is_a_system_error_with_path_call_and_errno) {
  const TemporaryDirectory directory;
  for (const OpenMode mode : {OpenMode::read_only, OpenMode::read_write}) {
    const auto missing = posix_file_system().open(directory.file("none"), mode);
    ASSERT_FALSE(missing);
    expect_error(missing.error(), ErrorCode::system_error, {directory.file("none"), "open", "(errno 2)"});
  }
}

TEST(PosixFile, opened_to_read_refuses_to_be_written) {
  const TemporaryDirectory directory;
  write_file(directory.file("f"), "kept");
  const auto file = posix_file_system().open(directory.file("f"), OpenMode::read_only).value();
  const auto refused = file->write_at(0, bytes_of("gone"));
  ASSERT_FALSE(refused);
  expect_error(refused.error(), ErrorCode::system_error,
               {directory.file("f"), "pwrite of 4 bytes at offset 0"});
  EXPECT_EQ(content(directory.file("f")), "kept");
}

TEST(PosixFile, that_is_a_pipe_is_an_error_and_never_waits) {
  const TemporaryDirectory directory;
  ASSERT_EQ(::mkfifo(directory.file("pipe").c_str(), 0600), 0);
  const auto read = read_file(posix_file_system(), directory.file("pipe"), 100);
  // Its size is 0, so nothing was asked of it; a read is refused.
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->empty());
  const auto file = posix_file_system().open(directory.file("pipe"), OpenMode::read_only).value();
  std::byte byte{};
  EXPECT_FALSE(file->read_at(0, std::span(&byte, 1)));
}

TEST(PosixFile, on_a_full_device_is_disk_full) {
  const auto full = posix_file_system().open("/dev/full", OpenMode::read_write).value();
  const auto refused = full->write_at(0, bytes_of("x"));
  ASSERT_FALSE(refused);
  expect_error(refused.error(), ErrorCode::disk_full, {"/dev/full", "pwrite", "(errno 28)", "make room"});
}

/// While one lives, no file may grow beyond a limit, and going beyond is no signal.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST(PosixFile, beyond_the_limit_on_file_sizes_is_disk_full_after_what_still_fitted) {
  const TemporaryDirectory directory;
  const auto file = posix_file_system().open(directory.file("f"), OpenMode::create).value();
  Result<void> written;
  Result<void> allocated;
  {
    const FileSizeLimit limit(1000);
    written = file->write_at(0, std::vector<std::byte>(1500, std::byte{7}));
    allocated = file->allocate(2000);
  }
  ASSERT_FALSE(written);
  expect_error(written.error(), ErrorCode::disk_full, {"pwrite of 500 bytes at offset 1000", "ulimit -f"});
  ASSERT_FALSE(allocated);
  expect_error(allocated.error(), ErrorCode::disk_full, {"fallocate of 2000 bytes"});
  EXPECT_EQ(file->size().value(), 1000U);
}

TEST(PosixFile, gets_real_space_zeroed_and_keeps_what_it_holds) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("f");
  const auto file = posix_file_system().open(path, OpenMode::create).value();
  file->write_at(0, bytes_of("kept")).value();
  file->allocate(1U << 20U).value();
  struct stat facts {};
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_size, 1 << 20);
  EXPECT_GE(facts.st_blocks * 512, 1 << 20);
  EXPECT_EQ(content(path), "kept" + std::string((1U << 20U) - 4, '\0'));
  file->allocate(100).value();
  file->allocate(0).value();
  EXPECT_EQ(file->size().value(), 1U << 20U);
}

TEST(FileError, has_the_code_that_its_errno_stands_for) {
  for (const int number : {ENOSPC, EDQUOT, EFBIG}) {
    EXPECT_EQ(file_error("pwrite", "/f", number).code, ErrorCode::disk_full);
  }
  EXPECT_EQ(file_error("pwrite", "/f", EIO).code, ErrorCode::disk_failed);
  for (const int number : {EACCES, EROFS, ENOENT, EMFILE, EBADF}) {
    EXPECT_EQ(file_error("open", "/f", number).code, ErrorCode::system_error);
  }
  EXPECT_EQ(file_error("open", "/d/f", EBADF).message, "/d/f: open failed: Bad file descriptor (errno 9)");
}

TEST(PosixFileSystem, tells_what_exists) {
  const TemporaryDirectory directory;
  write_file(directory.file("f"), "x");
  EXPECT_TRUE(posix_file_system().exists(directory.file("f")).value());
  EXPECT_TRUE(posix_file_system().exists(directory.path()).value());
  EXPECT_FALSE(posix_file_system().exists(directory.file("g")).value());
  EXPECT_FALSE(posix_file_system().exists(directory.file("f/below")));
}

TEST(PosixFileSystem, makes_directories_for_their_owner_alone_and_leaves_one_that_is_there) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("sub");
  posix_file_system().make_directory(path).value();
  EXPECT_EQ(permissions(path), 0700U);
  write_file(join_path(path, "f"), "x");
  posix_file_system().make_directory(path).value();
  EXPECT_EQ(content(join_path(path, "f")), "x");
  const auto in_the_way = posix_file_system().make_directory(join_path(path, "f"));
  ASSERT_FALSE(in_the_way);
  expect_error(in_the_way.error(), ErrorCode::system_error, {join_path(path, "f"), "mkdir"});
  EXPECT_FALSE(posix_file_system().make_directory(directory.file("no/parent")));
}

TEST(PosixFileSystem, lists_names_in_order) {
  const TemporaryDirectory directory;
  for (const char* name : {"c", "a", ".hidden", "b"}) write_file(directory.file(name), "");
  EXPECT_EQ(posix_file_system().list(directory.path()).value(),
            (std::vector<std::string>{".hidden", "a", "b", "c"}));
  EXPECT_FALSE(posix_file_system().list(directory.file("none")));
}

TEST(PosixFileSystem, renames_over_what_is_there_and_removes_what_may_be_missing) {
  const TemporaryDirectory directory;
  write_file(directory.file("new"), "new");
  write_file(directory.file("old"), "old");
  posix_file_system().rename(directory.file("new"), directory.file("old")).value();
  EXPECT_EQ(content(directory.file("old")), "new");
  posix_file_system().sync_directory(directory.path()).value();
  posix_file_system().remove(directory.file("old")).value();
  posix_file_system().remove(directory.file("old")).value();
  EXPECT_TRUE(posix_file_system().list(directory.path()).value().empty());
  const auto nothing = posix_file_system().rename(directory.file("a"), directory.file("b"));
  ASSERT_FALSE(nothing);
  expect_error(nothing.error(), ErrorCode::system_error,
               {directory.file("a"), "rename to " + directory.file("b"), "(errno 2)"});
  EXPECT_FALSE(posix_file_system().remove(directory.path()));
  EXPECT_FALSE(posix_file_system().sync_directory(directory.file("none")));
}

TEST(PosixFileSystem, maps_a_file_so_that_readers_see_what_is_stored) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("f");
  write_file(path, "abcdef");
  const auto mapping = posix_file_system().map_shared(path, 5).value();
  ASSERT_EQ(mapping->bytes().size(), 5U);
  EXPECT_EQ(text_of(mapping->bytes()), "abcde");
  mapping->bytes()[1] = std::byte{'X'};
  EXPECT_EQ(content(path), "aXcdef");
}

TEST(PosixFileSystem, maps_no_byte_behind_a_files_end) {
  const TemporaryDirectory directory;
  write_file(directory.file("f"), "abc");
  const auto refused = posix_file_system().map_shared(directory.file("f"), 4);
  ASSERT_FALSE(refused);
  expect_error(refused.error(), ErrorCode::corrupt, {directory.file("f"), "3 bytes", "4 are to be mapped"});
}

TEST(PosixFileSystem, knows_how_much_space_is_free) {
  const TemporaryDirectory directory;
  EXPECT_EQ(posix_file_system().free_bytes("/proc").value(), 0U);
  EXPECT_GT(posix_file_system().free_bytes(directory.path()).value(), 0U);
  EXPECT_FALSE(posix_file_system().free_bytes(directory.file("none")));
}

TEST(JoinPath, puts_one_slash_between) {
  EXPECT_EQ(join_path("a", "b"), "a/b");
  EXPECT_EQ(join_path("a/", "b"), "a/b");
  EXPECT_EQ(join_path("/", "b"), "/b");
  EXPECT_EQ(join_path("", "b"), "b");
}

TEST(ReadFile, refuses_one_that_is_longer_than_it_can_be) {
  const TemporaryDirectory directory;
  write_file(directory.file("f"), "12345");
  EXPECT_EQ(text_of(read_file(posix_file_system(), directory.file("f"), 5).value()), "12345");
  const auto refused = read_file(posix_file_system(), directory.file("f"), 4);
  ASSERT_FALSE(refused);
  expect_error(refused.error(), ErrorCode::corrupt, {directory.file("f"), "5 bytes", "4 at most"});
}

TEST(ReplaceFile, leaves_the_new_bytes_and_no_temporary) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("f");
  write_file(path + ".new", "left over, and longer than what is written now");
  replace_file(posix_file_system(), path, bytes_of("first")).value();
  replace_file(posix_file_system(), path, bytes_of("2nd")).value();
  EXPECT_EQ(content(path), "2nd");
  EXPECT_EQ(posix_file_system().list(directory.path()).value(), std::vector<std::string>{"f"});
}

TEST(ReplaceFile, leaves_the_old_or_the_new_bytes_whichever_call_fails) {
  std::uint64_t nth = 1;
  for (bool failed = true; failed; ++nth) {
    const TemporaryDirectory directory;
    const std::string path = directory.file("f");
    write_file(path, "old bytes");
    test::FaultyFileSystem files(posix_file_system(), directory.path());
    files.fail({.nth = nth, .error_number = EIO, .before = test::Fault::Before::half_of_it});
    const auto done = replace_file(files, path, bytes_of("new bytes"));
    failed = files.failed() > 0;
    EXPECT_EQ(done.has_value(), !failed);
    EXPECT_EQ(done ? ErrorCode::disk_failed : done.error().code, ErrorCode::disk_failed);
    const std::string now = content(path);
    EXPECT_TRUE(now == "new bytes" || (failed && now == "old bytes")) << "call " << nth << ": " << now;
    // And the next one works.
    files.heal();
    replace_file(files, path, bytes_of("newer")).value();
    EXPECT_EQ(content(path), "newer");
  }
  EXPECT_GE(nth, 7U) << "remove, create, write, sync, rename and sync of the directory all can fail";
}

TEST(ReplaceFile, leaves_the_old_or_the_new_bytes_whenever_the_power_goes) {
  // Longer than a sector, so that half of it can be there.
  const std::string before(2000, 'o');
  const std::string after(1800, 'n');
  bool finished = false;
  int old_seen = 0;
  int new_seen = 0;
  for (std::uint64_t nth = 1; !finished; ++nth) {
    const TemporaryDirectory directory;
    posix_file_system().make_directory(directory.file("root")).value();
    const std::string path = directory.file("root/f");
    write_file(path, before);
    test::FaultyFileSystem files(posix_file_system(), directory.file("root"));
    files.fail({.nth = nth, .error_number = EIO, .times = test::Fault::Times::from_then_on});
    finished = replace_file(files, path, bytes_of(after)).has_value();
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      const std::string image = directory.file("image" + std::to_string(seed));
      files.disk().make_image(seed, image);
      const std::string now = content(join_path(image, "f"));
      EXPECT_TRUE(now == after || (!finished && now == before)) << "call " << nth << ", seed " << seed;
      now == after ? ++new_seen : ++old_seen;
    }
  }
  EXPECT_GT(old_seen, 0);
  EXPECT_GT(new_seen, 50);
}

}  // namespace
}  // namespace sluice::detail
