// A disk that is really full, and a process that is really limited.
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "journal_story.hpp"
#include "unit/journal/temporary_directory.hpp"

namespace sluice::test {
namespace {

TEST(RealDisk, of_4_mib_gets_full_and_is_used_again_when_there_is_room) {
  const TemporaryDirectory directory;
  const std::string disk = made(directory.file("disk"));
  if (::mount("none", disk.c_str(), "tmpfs", 0, "size=4m") != 0) {
    GTEST_SKIP() << "mounting a tmpfs takes rights that this process has not: " << std::strerror(errno);
  }
  const std::unique_ptr<const std::string, void (*)(const std::string*)> unmounted(
      &disk, [](const std::string* path) { ::umount2(path->c_str(), MNT_DETACH); });
  const std::string rings = made(directory.file("rings"));
  const std::string ballast = disk + "/ballast";
  std::ofstream(ballast) << std::string(std::size_t{2} << 20, 'x');

  Log log(kShards);
  for (int run = 0; run < 2; ++run) {
    const auto kept = journal(small_journal(disk + "/journal", rings));
    BusOptions options = small_bus(kept);
    options.publish_deadline = kSoon;
    Bus bus = Bus::open(std::move(options)).value();
    EXPECT_EQ(read_all(*kept).value(), log);
    if (run == 1) break;
    Narrator narrator(bus);
    std::uint64_t number = 0;
    auto published = narrator.publish(number++, 5, log);
    while (published) published = narrator.publish(number++, 5, log);
    EXPECT_EQ(published.error().code, ErrorCode::timed_out) << published.error();
    ASSERT_TRUE(kept->trouble());
    EXPECT_EQ(kept->trouble()->code, ErrorCode::disk_full) << *kept->trouble();
    ASSERT_EQ(::unlink(ballast.c_str()), 0);
    for (int i = 0; i < 100; ++i) {
      while (!narrator.publish(number++, 5, log)) {
      }
    }
    wait_until_journaled(bus, *kept);
    while (kept->trouble()) std::this_thread::yield();
  }
}

/// What a process says that has a limit on the size of its files: 0 if all is as it should be.
int live_with_a_limit(const std::string& directory, std::uint64_t limit_bytes) {
  const rlimit limit{limit_bytes, limit_bytes};
  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
  JournalOptions options = small_journal(directory + "/journal", "");
  options.first_segment_bytes = options.most_segment_bytes = std::uint64_t{1} << 20;
  const auto kept = journal(options);
  BusOptions bus_options = small_bus(kept);
  bus_options.publish_deadline = kSoon;
  auto bus = Bus::open(std::move(bus_options));
  if (!bus) return bus.error().code == ErrorCode::disk_full ? 0 : 3;
  for (int i = 0; i < 1'000'000; ++i) {
    if (const auto id = bus->publish("limited", std::string(200, 'x')); !id) {
      if (id.error().code != ErrorCode::timed_out && id.error().code != ErrorCode::disk_full) return 4;
      const auto trouble = kept->trouble();
      return trouble && trouble->code == ErrorCode::disk_full ? 0 : 5;
    }
  }
  return 6;
}

class FileSizeLimit : public testing::TestWithParam<std::uint64_t> {};

TEST_P(FileSizeLimit, is_an_error_and_no_signal) {
  const TemporaryDirectory directory;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(live_with_a_limit(directory.path(), GetParam()));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

INSTANTIATE_TEST_SUITE_P(OfBytes, FileSizeLimit, testing::Values(0U, 100U, 8'192U, 200'000U));

}  // namespace
}  // namespace sluice::test
