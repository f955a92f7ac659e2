#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "journal/file_system.hpp"
#include "temporary_directory.hpp"

// Regular files are hardly ever interrupted, and never answer with part of what was asked: so this program's
// own versions of these calls stand before the library's, and do both when a test says so.
namespace {

struct Script {
  int interruptions = 0;              ///< calls that answer EINTR before one goes through
  std::size_t most_bytes = SIZE_MAX;  ///< that one call transfers
  int failure = 0;                    ///< errno of every call, if not 0
  int allocation_failure = 0;         ///< errno of fallocate alone
  int calls = 0;
};

thread_local Script* script = nullptr;

/// 0, or the errno with which this call fails.
int befalls() {
  if (script == nullptr) return 0;
  ++script->calls;
  if (script->interruptions > 0) return --script->interruptions, EINTR;
  return script->failure;
}

std::size_t shortened(std::size_t bytes) {
  return script == nullptr ? bytes : std::min(bytes, script->most_bytes);
}

template <class Real>
auto scripted(Real real) -> decltype(real()) {
  if (const int failure = befalls(); failure != 0) {
    errno = failure;
    return -1;
  }
  return real();
}

}  // namespace

extern "C" ssize_t pread(int fd, void* bytes, size_t count, off_t offset) {
  return scripted([&] { return ssize_t{::syscall(SYS_pread64, fd, bytes, shortened(count), offset)}; });
}
extern "C" ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  return scripted([&] { return ssize_t{::syscall(SYS_pwrite64, fd, bytes, shortened(count), offset)}; });
}
extern "C" int fdatasync(int fd) {
  return scripted([&] { return static_cast<int>(::syscall(SYS_fdatasync, fd)); });
}
extern "C" int fsync(int fd) {
  return scripted([&] { return static_cast<int>(::syscall(SYS_fsync, fd)); });
}
extern "C" int fallocate(int fd, int mode, off_t offset, off_t length) {
  return scripted([&] {
    if (script == nullptr || script->allocation_failure == 0) {
      return static_cast<int>(::syscall(SYS_fallocate, fd, mode, offset, length));
    }
    errno = script->allocation_failure;
    return -1;
  });
}

namespace sluice::detail {
namespace {

/// Lets calls of this thread go by a script, until it goes.
class Scripted {
 public:
  explicit Scripted(Script given) : script_(given) { script = &script_; }
  Scripted(const Scripted&) = delete;
  Scripted& operator=(const Scripted&) = delete;
  ~Scripted() { script = nullptr; }
  [[nodiscard]] int calls() const { return script_.calls; }

 private:
  Script script_;
};

struct InterruptedCalls : testing::Test {
  test::TemporaryDirectory directory;
  std::unique_ptr<File> file = posix_file_system().open(directory.file("f"), OpenMode::create).value();
  std::vector<std::byte> bytes = [] {
    std::vector<std::byte> rising(1000);
    for (std::size_t at = 0; at < rising.size(); ++at) rising[at] = static_cast<std::byte>(at % 251);
    return rising;
  }();
};

TEST_F(InterruptedCalls, write_everything_in_the_end) {
  {
    const Scripted scripted({.interruptions = 3, .most_bytes = 300});
    file->write_at(7, bytes).value();
    EXPECT_EQ(scripted.calls(), 3 + 4);
  }
  std::vector<std::byte> there(1000);
  ASSERT_EQ(file->read_at(7, there).value(), 1000U);
  EXPECT_EQ(there, bytes);
  EXPECT_EQ(file->size().value(), 1007U);
}

TEST_F(InterruptedCalls, read_everything_in_the_end) {
  file->write_at(0, bytes).value();
  std::vector<std::byte> there(1200);
  const Scripted scripted({.interruptions = 2, .most_bytes = 999});
  ASSERT_EQ(file->read_at(0, there).value(), 1000U);
  there.resize(1000);
  EXPECT_EQ(there, bytes);
  EXPECT_EQ(scripted.calls(), 2 + 3) << "999 bytes, 1 byte, and the end";
}

TEST_F(InterruptedCalls, sync_and_allocate_in_the_end) {
  const Scripted scripted({.interruptions = 2});
  file->sync().value();
  EXPECT_EQ(scripted.calls(), 3);
  const Scripted again({.interruptions = 2});
  posix_file_system().sync_directory(directory.path()).value();
  EXPECT_EQ(again.calls(), 3);
  const Scripted once_more({.interruptions = 2});
  file->allocate(5000).value();
  EXPECT_EQ(file->size().value(), 5000U);
}

TEST_F(InterruptedCalls, of_a_failing_device_are_disk_failed_once_each) {
  const Scripted scripted({.failure = EIO});
  EXPECT_EQ(file->write_at(0, bytes).error().code, ErrorCode::disk_failed);
  EXPECT_EQ(file->read_at(0, bytes).error().code, ErrorCode::disk_failed);
  EXPECT_EQ(file->allocate(100).error().code, ErrorCode::disk_failed);
  const auto unsynced = file->sync();
  ASSERT_FALSE(unsynced);
  EXPECT_EQ(unsynced.error().code, ErrorCode::disk_failed);
  EXPECT_NE(unsynced.error().message.find(directory.file("f") + ": fdatasync failed"), std::string::npos);
  EXPECT_EQ(posix_file_system().sync_directory(directory.path()).error().code, ErrorCode::disk_failed);
  EXPECT_EQ(scripted.calls(), 5);
}

TEST_F(InterruptedCalls, that_transfer_nothing_end_as_an_error) {
  const Scripted scripted({.most_bytes = 0});
  EXPECT_EQ(file->write_at(0, bytes).error().code, ErrorCode::disk_failed);
}

TEST_F(InterruptedCalls, fill_with_zeros_where_the_file_system_cannot_allocate) {
  for (const int unsupported : {EOPNOTSUPP, ENOSYS}) {
    const std::string path = directory.file("g" + std::to_string(unsupported));
    const auto sparse = posix_file_system().open(path, OpenMode::create).value();
    // A hole between two pieces, and an end in the middle of a block.
    constexpr std::size_t kBytes = 300'001;
    sparse->write_at(0, bytes).value();
    sparse->write_at(200'000, bytes).value();
    {
      const Scripted scripted({.allocation_failure = unsupported});
      sparse->allocate(kBytes).value();
    }
    struct stat facts {};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_GE(static_cast<std::size_t>(facts.st_blocks) * 512, kBytes);
    std::vector<std::byte> expected(kBytes);
    std::copy(bytes.begin(), bytes.end(), expected.begin());
    std::copy(bytes.begin(), bytes.end(), expected.begin() + 200'000);
    EXPECT_EQ(read_file(posix_file_system(), path, kBytes).value(), expected);
    // What is longer already stays so.
    const Scripted scripted({.allocation_failure = unsupported});
    sparse->allocate(10).value();
    EXPECT_EQ(sparse->size().value(), kBytes);
  }
}

}  // namespace
}  // namespace sluice::detail
