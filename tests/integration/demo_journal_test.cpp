// The demo with a journal: killed in the middle of a run, and started again on what that left.
#include "paths.hpp"

#ifdef SLUICE_DEMO
#include <csignal>
#include <regex>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "integration/command_line.hpp"
#include "journal/journal_view.hpp"

namespace sluice::test {
namespace {

/// The demo as a process of its own, with its report in a file.
class Demo {
 public:
  Demo(const std::string& directory, const char* option, const char* value, const std::string& out,
       const char* format = "--json") {
    child_ = ::fork();
    if (child_ != 0) return;
    const int file = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(file, STDOUT_FILENO);
    ::execl(SLUICE_DEMO, SLUICE_DEMO, "--journal", directory.c_str(), option, value, format, nullptr);
    ::_exit(127);
  }
  /// The exit status, or 128 and a signal.
  int wait() {
    int status = 0;
    ::waitpid(child_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  /// Kills it once it has journaled that far, however long that takes; false if it ended by itself.
  bool kill_at(std::uint64_t position, const std::string& directory) {
    while (journaled(directory) < position) {
      int status = 0;
      if (::waitpid(child_, &status, WNOHANG) != 0) return false;
      std::this_thread::yield();
    }
    ::kill(child_, SIGKILL);
    return wait() == 128 + SIGKILL;
  }

 private:
  static std::uint64_t journaled(const std::string& directory) {
    const auto view = detail::JournalView::open(detail::posix_file_system(), directory);
    if (!view || (*view)->shards().empty()) return 0;
    return (*view)->shards()[0].end.value_or(0);
  }

  pid_t child_ = -1;
};

/// The lines about the journal, without numbers, their units, and the directory's name.
std::string journal_lines(const std::string& text) {
  const std::size_t begin = text.find("Journal ");
  const std::size_t end = text.find("\n\n", begin);
  if (begin == std::string::npos || end == std::string::npos) return {};
  std::string lines = text.substr(begin, end - begin);
  lines = std::regex_replace(lines, std::regex("Journal [^:]+:"), "Journal DIR:");
  lines = std::regex_replace(lines, std::regex("\\bevent\\b"), "events");
  lines = std::regex_replace(lines, std::regex("[0-9][0-9,.]*( ([KMG]iB|B|ns|us|ms|s)\\b)?"), "#");
  // Whether a claim was open is the kill's luck.
  return std::regex_replace(lines, std::regex(", # of open claims did not"), "");
}

TEST(DemoJournal, of_a_run_that_was_killed_loses_nothing_that_the_next_one_can_count) {
  const TemporaryDirectory directory;
  const std::string kept = directory.file("kept");
  const std::string out = directory.file("out");

  Demo killed(kept, "--duration", "1h", out);
  constexpr std::uint64_t kEnough = 2'000'000;
  ASSERT_TRUE(killed.kill_at(kEnough, kept));
  EXPECT_EQ(file_text(out), "") << "it had no time to report";

  ASSERT_EQ(Demo(kept, "--events", "20000", out).wait(), 0) << file_text(out);
  const auto second = json_of(file_text(out));
  EXPECT_TRUE(second["reconciled"].GetBool());
  const auto& after_kill = second["journal"];
  EXPECT_TRUE(after_kill["ok"].GetBool());
  EXPECT_FALSE(after_kill["recovery"]["is_new"].GetBool());
  EXPECT_FALSE(after_kill["recovery"]["was_closed"].GetBool());
  EXPECT_STREQ(after_kill["recovery"]["ring"].GetString(), "") << "the ring outlived the process";
  EXPECT_TRUE(after_kill["recovery"]["shards"][0]["tail_unknown"].IsNull());
  EXPECT_GE(after_kill["earlier"].GetUint64(), kEnough / 128) << "no record of the demo's is larger";
  EXPECT_EQ(after_kill["kept"].GetUint64(), second["published"].GetUint64());

  ASSERT_EQ(Demo(kept, "--events", "1000", out).wait(), 0) << file_text(out);
  const auto third = json_of(file_text(out));
  const auto& after_close = third["journal"];
  EXPECT_TRUE(after_close["recovery"]["was_closed"].GetBool());
  EXPECT_EQ(after_close["earlier"].GetUint64(),
            after_kill["earlier"].GetUint64() + after_kill["kept"].GetUint64());

  EXPECT_EQ(Demo(directory.file("not/there"), "--events", "1000", out).wait(), 2);
}

TEST(DemoJournal, is_told_of_as_in_the_readme) {
  const TemporaryDirectory directory;
  const std::string kept = directory.file("kept");
  const std::string out = directory.file("out");
  Demo killed(kept, "--duration", "1h", out);
  ASSERT_TRUE(killed.kill_at(1, kept));
  ASSERT_EQ(Demo(kept, "--events", "1000", out, "--rate=100000").wait(), 0) << file_text(out);

  const std::string readme = file_text(std::string(SLUICE_SOURCE_TREE) + "/README.md");
  const std::size_t transcript = readme.find("<!-- transcript: demo -->\n```\n");
  ASSERT_NE(transcript, std::string::npos);
  EXPECT_EQ(journal_lines(readme.substr(transcript)), journal_lines(file_text(out)));
}

}  // namespace
}  // namespace sluice::test
#endif
