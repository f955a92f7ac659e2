#include "journal/lock_file.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "temporary_directory.hpp"

namespace sluice::detail {
namespace {

using test::TemporaryDirectory;

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Through which processes wait for each other. Each end is closed by who doesn't use it.
class Pipe {
 public:
  Pipe() {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("can't make a pipe");
    reads_.emplace(ends[0]);
    writes_.emplace(ends[1]);
  }
  void tell() { EXPECT_EQ(::write(writes_->number(), "x", 1), 1); }
  /// True when told, false when nobody is left to tell.
  [[nodiscard]] bool wait() {
    writes_.reset();
    char byte = 0;
    return ::read(reads_->number(), &byte, 1) == 1;
  }
  void close() {
    reads_.reset();
    writes_.reset();
  }

 private:
  std::optional<Descriptor> reads_;
  std::optional<Descriptor> writes_;
};

/// A child that runs `work` and ends with its answer.
template <class Work>
pid_t start_child(Work work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  return child;
}

int exit_status_of(pid_t child) {
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void expect_refusal(const Result<LockFile>& refused, const std::vector<std::string>& parts) {
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::journal_locked);
  for (const std::string& part : parts) {
    EXPECT_NE(refused.error().message.find(part), std::string::npos) << refused.error();
  }
}

TEST(LockFile, says_who_holds_it_and_is_its_owners_alone) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("lock");
  const LockFile lock = LockFile::acquire(path).value();
  EXPECT_TRUE(lock.is_mine());
  const std::string text = text_of(path);
  EXPECT_EQ(text.rfind("pid " + std::to_string(::getpid()) + "\nstarted ", 0), 0U) << text;
  EXPECT_NE(text.find(" (clock ticks since boot)\nboot " + text_of("/proc/sys/kernel/random/boot_id")),
            std::string::npos)
      << text;
  struct stat facts {};
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

TEST(LockFile, replaces_all_that_an_earlier_holder_wrote) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("lock");
  std::ofstream(path) << "pid 1\n" << std::string(2000, 'x');
  const LockFile lock = LockFile::acquire(path).value();
  EXPECT_EQ(text_of(path).find('x'), std::string::npos);
}

TEST(LockFile, is_refused_to_the_process_that_holds_it_until_it_lets_go) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("lock");
  {
    const LockFile lock = LockFile::acquire(path).value();
    expect_refusal(LockFile::acquire(path), {path, "this process (" + std::to_string(::getpid()) + ")"});
    EXPECT_TRUE(lock.is_mine());
  }
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_TRUE(LockFile::acquire(path));
}

TEST(LockFile, moves_with_its_handle) {
  const TemporaryDirectory directory;
  const std::string a = directory.file("a");
  const std::string b = directory.file("b");
  LockFile lock = LockFile::acquire(a).value();
  LockFile other = LockFile::acquire(b).value();
  lock = std::move(other);
  EXPECT_TRUE(lock.is_mine());
  EXPECT_FALSE(other.is_mine());
  EXPECT_TRUE(LockFile::acquire(a)) << "what a handle held before is let go at once";
  EXPECT_FALSE(LockFile::acquire(b));
}

TEST(LockFile, of_another_process_names_it_and_ends_with_it_however_it_dies) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("lock");
  Pipe locked;
  Pipe never;
  const pid_t child = start_child([&] {
    const auto lock = LockFile::acquire(path);
    locked.tell();
    return never.wait() && lock.has_value() ? 1 : 2;
  });
  ASSERT_TRUE(locked.wait());
  std::string command = text_of("/proc/self/comm");
  command.pop_back();
  expect_refusal(LockFile::acquire(path),
                 {path, "process " + std::to_string(child) + " (" + command + ")", "another directory"});
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(exit_status_of(child), -1);
  EXPECT_TRUE(LockFile::acquire(path));
}

TEST(LockFile, is_not_a_forked_childs_and_survives_it) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("lock");
  LockFile lock = LockFile::acquire(path).value();
  const pid_t child = start_child([&] {
    const bool mine = lock.is_mine();
    { const LockFile dropped = std::move(lock); }
    return mine ? 1 : 0;
  });
  EXPECT_EQ(exit_status_of(child), 0);
  EXPECT_TRUE(lock.is_mine());
  expect_refusal(LockFile::acquire(path), {"this process"});
}

TEST(LockFile, that_only_a_child_of_its_holder_keeps_says_so) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("lock");
  Pipe go;
  const pid_t holder = start_child([&] {
    const auto lock = LockFile::acquire(path);
    const pid_t grandchild = start_child([&] { return go.wait() ? 1 : 0; });
    return lock.has_value() && grandchild > 0 ? 0 : 1;
  });
  ASSERT_EQ(exit_status_of(holder), 0);
  expect_refusal(LockFile::acquire(path), {"process " + std::to_string(holder), "a child that it forked"});
  go.close();
  // Waits for as long as the grandchild has it.
  ASSERT_EQ(::flock(open_descriptor(path, O_RDWR).number(), LOCK_EX), 0);
  EXPECT_TRUE(LockFile::acquire(path));
}

TEST(LockFile, whose_text_makes_no_sense_is_refused_all_the_same) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("lock");
  const std::string self = "pid " + std::to_string(::getpid()) + "\nstarted ";
  for (const std::string& text :
       {std::string(), std::string("nonsense"), std::string("pid \nstarted \nboot "),
        std::string("pid -5\nstarted 7\nboot x\n"), std::string(5000, '\0'), self + "1\nboot another\n"}) {
    std::ofstream(path) << text;
    const Descriptor held = open_descriptor(path, O_RDWR);
    ASSERT_EQ(::flock(held.number(), LOCK_EX | LOCK_NB), 0);
    expect_refusal(LockFile::acquire(path), {path, "has not said who it is", "fuser"});
  }
}

TEST(LockFile, is_closed_on_exec) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("lock");
  const LockFile lock = LockFile::acquire(path).value();
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone) != path) continue;
    ++found;
    EXPECT_NE(::fcntl(std::stoi(entry.path().filename()), F_GETFD) & FD_CLOEXEC, 0);
  }
  EXPECT_EQ(found, 1);
}

TEST(LockFile, that_cannot_be_made_is_a_system_error) {
  const TemporaryDirectory directory;
  const auto refused = LockFile::acquire(directory.file("none/lock"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::system_error);
  EXPECT_NE(refused.error().message.find(directory.file("none/lock") + ": open failed"), std::string::npos);
}

}  // namespace
}  // namespace sluice::detail
