// What opening a journal answers: to a directory that is new, locked, damaged or from elsewhere, and to a
// ring that is gone, stale or has no room.
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sluice/bus/bus.hpp"
#include "sluice/journal/journal.hpp"

#include "unit/bus/support.hpp"
#include "unit/journal/temporary_directory.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using test::expect_error;
namespace fs = std::filesystem;

class JournalOpen : public testing::Test {
 protected:
  [[nodiscard]] JournalOptions options() const {
    JournalOptions options;
    options.directory = directory_.path() + "/journal";
    options.ring_directory = rings();
    options.first_segment_bytes = options.most_segment_bytes = 16 * 1024;
    return options;
  }
  [[nodiscard]] std::string rings() const { return directory_.path() + "/rings"; }
  [[nodiscard]] std::string in_journal(const std::string& name) const {
    return directory_.path() + "/journal/" + name;
  }
  [[nodiscard]] static Result<Bus> open(const std::shared_ptr<Journal>& journal) {
    return Bus::open({.persistence = journal, .capacity_bytes = test::kSmallRing});
  }
  [[nodiscard]] Result<Bus> open() const { return open(journal(options())); }

  static void publish(Bus& bus, int events) {
    for (int i = 0; i < events; ++i) ASSERT_TRUE(bus.publish("a", "event " + std::to_string(i)));
  }
  void run_and_close(int events) const {
    Bus bus = open().value();
    publish(bus, events);
  }
  /// In a process that dies without closing, when its events are journaled.
  void run_and_die(int events) const {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto kept = journal(options());
      Bus bus = open(kept).value();
      publish(bus, events);
      while (kept->journaled_position(0) < bus.metrics().shards[0].tail) std::this_thread::yield();
      ::_exit(0);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
  }
  [[nodiscard]] static std::size_t count(Journal& journal) {
    std::size_t events = 0;
    const auto end = journal.read(0, 0, [&](const EventView& event) {
      EXPECT_EQ(event.text(), "event " + std::to_string(events));
      ++events;
      return true;
    });
    EXPECT_TRUE(end) << end.error();
    return events;
  }
  /// The only file whose name ends like that.
  [[nodiscard]] static fs::path only(const std::string& directory, const std::string& ending) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(directory)) {
      if (entry.path().string().ends_with(ending)) found.push_back(entry.path());
    }
    EXPECT_EQ(found.size(), 1U) << ending << " in " << directory;
    return found.empty() ? fs::path() : found.front();
  }

  void SetUp() override { fs::create_directory(rings()); }

  test::TemporaryDirectory directory_;
};

TEST_F(JournalOpen, says_whether_it_is_new_and_how_the_last_run_ended) {
  const auto first = journal(options());
  {
    Bus bus = open(first).value();
    EXPECT_TRUE(first->recovery().is_new);
    publish(bus, 10);
  }
  run_and_die(5);
  const auto third = journal(options());
  {
    Bus bus = open(third).value();
    EXPECT_FALSE(third->recovery().is_new);
    EXPECT_FALSE(third->recovery().was_closed);
    ASSERT_EQ(third->recovery().shards.size(), 1U);
    EXPECT_EQ(third->recovery().shards[0].tail_unknown, std::nullopt) << "the ring was there";
    EXPECT_EQ(third->recovery().shards[0].position, bus.metrics().shards[0].tail);
  }
  const auto fourth = journal(options());
  Bus bus = open(fourth).value();
  EXPECT_TRUE(fourth->recovery().was_closed);
  EXPECT_EQ(std::distance(fs::directory_iterator(rings()), fs::directory_iterator()), 1) << "this run's";
}

TEST_F(JournalOpen, keeps_what_was_journaled_and_says_so_when_the_ring_is_gone) {
  run_and_die(20);
  fs::remove(only(rings(), ".ring"));
  const auto kept = journal(options());
  Bus bus = open(kept).value();
  const JournalRecovery& found = kept->recovery();
  EXPECT_NE(found.ring.find("is gone"), std::string::npos) << found.ring;
  ASSERT_EQ(found.shards.size(), 1U);
  EXPECT_EQ(found.shards[0].tail_unknown, found.shards[0].position);
  EXPECT_EQ(count(*kept), 20U);
}

TEST_F(JournalOpen, takes_a_write_that_was_broken_off_from_the_ring_and_calls_nothing_lost) {
  run_and_die(20);
  const fs::path segment = only(in_journal(""), ".segment");
  constexpr std::uintmax_t kLastRecord = 4096 + 19 * 32;
  const auto whole = fs::file_size(segment);
  fs::resize_file(segment, kLastRecord + 16);
  fs::resize_file(segment, whole);  // zeros
  const auto kept = journal(options());
  Bus bus = open(kept).value();
  const ShardRecovery& found = kept->recovery().shards.at(0);
  EXPECT_EQ(found.from_ring, 1U);
  EXPECT_EQ(found.cut_at, std::nullopt);
  EXPECT_EQ(found.tail_unknown, std::nullopt);
  EXPECT_EQ(count(*kept), 20U);
}

TEST_F(JournalOpen, does_not_take_an_older_runs_ring) {
  run_and_die(20);
  const fs::path first_ring = only(rings(), ".ring");
  fs::copy_file(first_ring, directory_.path() + "/old");
  run_and_die(0);
  const fs::path second_ring = only(rings(), ".ring");
  fs::copy_file(directory_.path() + "/old", second_ring, fs::copy_options::overwrite_existing);
  const auto kept = journal(options());
  Bus bus = open(kept).value();
  EXPECT_NE(kept->recovery().ring.find("an earlier run"), std::string::npos) << kept->recovery().ring;
  EXPECT_TRUE(kept->recovery().shards.at(0).tail_unknown);
  EXPECT_EQ(count(*kept), 20U);
}

TEST_F(JournalOpen, names_needed_and_free_bytes_where_the_rings_have_no_room) {
  if (::mount("tmpfs", rings().c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "no small file system can be mounted here: errno " << errno;
  }
  const auto opened = Bus::open({.persistence = journal(options()), .capacity_bytes = std::size_t{4} << 20});
  expect_error(opened, ErrorCode::ring_no_space, {rings(), "4202496 bytes", "1048576 are free"});
  EXPECT_TRUE(fs::is_empty(rings())) << "nothing takes the space that is left";
  EXPECT_TRUE(open()) << "smaller rings have room";
  EXPECT_EQ(::umount(rings().c_str()), 0);
}

TEST_F(JournalOpen, names_the_process_that_has_it) {
  const Bus bus = open().value();
  expect_error(open(), ErrorCode::journal_locked, {in_journal("LOCK"), std::to_string(::getpid())});
  const pid_t child = ::fork();
  if (child == 0) {
    const auto opened = open();
    const std::string holder = std::to_string(::getppid());
    const bool says_who = !opened && opened.error().code == ErrorCode::journal_locked &&
                          opened.error().message.find(holder) != std::string::npos;
    ::_exit(says_who ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(JournalOpen, refuses_a_newer_format_naming_both_versions) {
  run_and_close(1);
  std::ofstream(in_journal("MANIFEST")) << "sluice journal 7\nwhatever that says\n";
  expect_error(open(), ErrorCode::newer_format, {"MANIFEST", "7", "1"});
}

TEST_F(JournalOpen, misses_a_segment_and_finds_one_too_many) {
  run_and_close(600);
  std::vector<fs::path> segments;
  for (const auto& entry : fs::directory_iterator(options().directory)) {
    if (entry.path().extension() == ".segment") segments.push_back(entry.path());
  }
  ASSERT_GE(segments.size(), 2U);
  fs::rename(segments[0], directory_.path() + "/away");
  expect_error(open(), ErrorCode::system_error, {segments[0].filename().string()});
  fs::rename(directory_.path() + "/away", segments[0]);
  EXPECT_TRUE(open());

  const std::string stranger = in_journal("shard-0000-0000000000000000-0123456789abcdef.segment");
  fs::copy_file(segments[0], stranger);
  expect_error(open(), ErrorCode::corrupt, {stranger, "does not list it"});
  fs::remove(stranger);
  fs::remove(in_journal("MANIFEST"));
  expect_error(open(), ErrorCode::corrupt, {options().directory, "no MANIFEST"});
}

TEST_F(JournalOpen, needs_a_directory_that_can_be_made) {
  JournalOptions wanted = options();
  wanted.directory = directory_.path() + "/no/such/place";
  expect_error(open(journal(wanted)), ErrorCode::system_error, {"/no/such/place"});
  expect_error(open(journal("")), ErrorCode::invalid_option, {"directory is empty"});
}

TEST_F(JournalOpen, checks_its_options) {
  const auto expect_refused = [&](const std::function<void(JournalOptions&)>& change, const char* word) {
    JournalOptions wanted = options();
    change(wanted);
    expect_error(open(journal(wanted)), ErrorCode::invalid_option, {word});
  };
  expect_refused([](auto& o) { o.sync_every = 1us; }, "sync_every");
  expect_refused([](auto& o) { o.sync_every = 2h; }, "sync_every");
  expect_refused([](auto& o) { o.first_segment_bytes = 4096; }, "first_segment_bytes");
  expect_refused([](auto& o) { o.most_segment_bytes = std::uint64_t{3} << 30; }, "most_segment_bytes");
  expect_refused([](auto& o) { o.first_segment_bytes = 2 * o.most_segment_bytes; }, "first not above");
  EXPECT_FALSE(fs::exists(in_journal("")));
}

TEST_F(JournalOpen, can_be_read_while_it_is_written_and_when_it_is_closed) {
  const auto kept = journal(options());
  {
    Bus bus = open(kept).value();
    publish(bus, 1'000);
    test::await([&] { return kept->journaled_position(0) == bus.metrics().shards[0].tail; });
    EXPECT_EQ(count(*kept), 1'000U);
  }
  EXPECT_EQ(count(*kept), 1'000U);
  EXPECT_EQ(kept->durable_position(0), kept->journaled_position(0)) << "closing syncs";
  EXPECT_EQ(kept->trouble(), std::nullopt);
}

TEST_F(JournalOpen, syncs_by_itself_when_asked_to) {
  JournalOptions wanted = options();
  wanted.sync_every = 1ms;
  const auto kept = journal(wanted);
  Bus bus = open(kept).value();
  publish(bus, 100);
  test::await([&] { return kept->durable_position(0) == bus.metrics().shards[0].tail; });
}

}  // namespace
}  // namespace sluice
