// The `sluice` command beside the process that writes, and after one that died.
#include "effort.hpp"
#include "paths.hpp"

#ifdef SLUICE_COMMAND
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "integration/command_line.hpp"

namespace sluice::test {
namespace {

TEST(CommandLineLive, reads_what_was_journaled_while_a_process_publishes) {
  SampleJournal journal;
  journal.open();
  const std::jthread publisher([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) journal.bus().publish("live", std::string(100, 'x')).value();
  });
  while (journal.kept().journaled_position(0) == 0) std::this_thread::yield();
  std::size_t events_before = 0;
  for (std::size_t i = Effort{100, 10, 2}.now(); i > 0; --i) {
    const std::uint64_t journaled = journal.kept().journaled_position(0);
    const Ran ran = sluice_command("stat --json " + journal.directory());
    ASSERT_EQ(ran.status, 0) << ran.err << ran.out;
    const auto stat = json_of(ran.out);
    EXPECT_STREQ(stat["state"].GetString(), "open");
    EXPECT_EQ(stat["holder_pid"].GetInt(), ::getpid());
    const std::uint64_t end = stat["shards"].Empty() ? 0 : stat["shards"][0]["end_position"].GetUint64();
    EXPECT_GE(end, journaled) << "what was journaled before is there";
    EXPECT_LE(end, journal.kept().journaled_position(0)) << "and nothing that is not journaled yet";
    EXPECT_GE(stat["events"].GetUint64(), events_before);
    events_before = stat["events"].GetUint64();
    const Ran verified = sluice_command("verify --json " + journal.directory());
    ASSERT_EQ(verified.status, 0) << verified.err << verified.out;
    EXPECT_EQ(json_of(verified.out)["findings"].Size(), 0U) << verified.out;
  }
  const Ran dumped = sluice_command("dump " + journal.directory());
  EXPECT_EQ(dumped.status, 0) << dumped.err;
  EXPECT_GE(dumped.lines().size(), events_before) << dumped.err;
}

TEST(CommandLineLive, goes_no_further_than_the_journaled_position_of_a_run_that_lasts) {
  SampleJournal journal;
  journal.open();
  journal.publish(40);
  while (journal.kept().journaled_position(0) <= journal.all().back().position) std::this_thread::yield();
  ASSERT_EQ(sluice_command("dump " + journal.directory()).lines().size(), 40U);
  // As if the run had not come that far: what is in the file behind it is not shown.
  std::fstream positions(journal.path("POSITIONS"), std::ios::binary | std::ios::in | std::ios::out);
  const std::uint64_t earlier = journal.all()[25].position;
  positions.seekp(128).write(reinterpret_cast<const char*>(&earlier), sizeof earlier).flush();
  EXPECT_EQ(sluice_command("dump " + journal.directory()).lines().size(), 25U);
}

TEST(CommandLineLive, reads_a_journal_whose_process_was_killed) {
  SampleJournal journal;
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    journal.open();
    journal.publish(100);
    while (journal.kept().journaled_position(0) <= journal.all().back().position) std::this_thread::yield();
    const char done = 1;
    if (::write(pipe_ends[1], &done, 1) != 1) ::_exit(1);
    ::pause();
  }
  char done = 0;
  ASSERT_EQ(::read(pipe_ends[0], &done, 1), 1);
  EXPECT_EQ(json_of(sluice_command("stat --json " + journal.directory()).out)["holder_pid"].GetInt(), child);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const auto stat = json_of(sluice_command("stat --json " + journal.directory()).out);
  EXPECT_STREQ(stat["state"].GetString(), "not_closed");
  EXPECT_TRUE(stat["holder_pid"].IsNull());
  EXPECT_TRUE(stat["ring_file_exists"].GetBool());
  EXPECT_EQ(stat["events"].GetInt(), 100);
  EXPECT_EQ(sluice_command("verify " + journal.directory()).status, 0);

  // A torn record behind what was synced is no damage, and what it tears off is not shown; unless the file of
  // positions, of this boot, says that it was whole.
  const std::string name = journal.segments().back();
  std::string bytes = file_text(journal.path(name));
  const auto lines = sluice_command("dump --json " + journal.directory()).lines();
  bytes[4096 + json_of(lines[99])["position"].GetUint64() + 26] ^= 1;
  journal.write(name, bytes);
  EXPECT_EQ(sluice_command("verify " + journal.directory()).status, 1);
  std::filesystem::remove(journal.path("POSITIONS"));
  const Ran torn = sluice_command("verify --json " + journal.directory());
  EXPECT_EQ(torn.status, 0) << torn.out;
  const auto report = json_of(torn.out);
  ASSERT_EQ(report["findings"].Size(), 1U) << torn.out;
  EXPECT_NE(std::string(report["findings"][0]["what"].GetString()).find("cuts the log here"),
            std::string::npos);
  EXPECT_EQ(report["events"].GetInt(), 99);
  std::filesystem::remove(stat["ring_file"].GetString());
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

}  // namespace
}  // namespace sluice::test
#endif
