// What `sluice repair` says and does.
#include "paths.hpp"

#ifdef SLUICE_COMMAND
#include <gtest/gtest.h>
#include <unistd.h>

#include "integration/command_line.hpp"

namespace sluice::test {
namespace {

class CommandLineRepair : public testing::Test {
 protected:
  CommandLineRepair() { journal_.make(); }

  [[nodiscard]] Ran run(const std::string& arguments) const {
    return sluice_command("repair " + arguments + " " + journal_.directory());
  }
  void flip(const std::string& name, std::size_t offset) const {
    std::string bytes = file_text(journal_.path(name));
    bytes.at(offset) = static_cast<char>(bytes[offset] ^ 4);
    journal_.write(name, bytes);
  }
  void damage_event(std::size_t number) const {
    flip(journal_.segments()[0], 4096 + static_cast<std::size_t>(journal_.all()[number].position) + 30);
  }
  [[nodiscard]] std::string control_log() const {
    for (const auto& [name, bytes] : journal_.files()) {
      if (name.starts_with("control-")) return name;
    }
    return {};
  }
  [[nodiscard]] std::string aside() const {
    for (const auto& entry : std::filesystem::directory_iterator(journal_.directory())) {
      if (entry.is_directory()) return entry.path().filename();
    }
    return {};
  }

  SampleJournal journal_;
};

TEST_F(CommandLineRepair, has_nothing_to_do_in_a_sound_journal) {
  const auto before = journal_.files();
  const Ran ran = run("");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_NE(ran.out.find("nothing to repair: 400 events"), std::string::npos) << ran.out;
  EXPECT_EQ(run("--salvage").status, 0);
  auto after = journal_.files();
  after["LOCK"] = before.at("LOCK");  // which names who had it last
  EXPECT_EQ(after, before);
}

TEST_F(CommandLineRepair, says_what_it_would_do_and_changes_nothing) {
  damage_event(20);
  const auto before = journal_.files();
  const Ran ran = run("");
  EXPECT_EQ(ran.status, 1) << ran.err;
  const std::uint64_t from = journal_.all()[20].position;
  const std::uint64_t to = journal_.all()[21].position;
  for (const std::string& told :
       {journal_.path(journal_.segments()[0]) + ", offset " + std::to_string(4096 + from),
        std::string("a record whose checksum does not fit its bytes"),
        std::string("--salvage keeps 399 events"),
        "shard 0, position " + std::to_string(from) + " to " + std::to_string(to) + " (" +
            std::to_string(to - from) + " bytes)",
        std::string("nothing was changed")}) {
    EXPECT_NE(ran.out.find(told), std::string::npos) << told << "\n" << ran.out;
  }
  EXPECT_EQ(journal_.files(), before);
  EXPECT_EQ(aside(), "");
}

TEST_F(CommandLineRepair, salvages_keeps_what_was_damaged_and_is_done) {
  const std::string name = journal_.segments()[0];
  damage_event(20);
  flip(control_log(), 45);
  const std::string damaged = file_text(journal_.path(name));
  const auto told = json_of(run("--json").out);
  EXPECT_TRUE(told["needs_repair"].GetBool());
  EXPECT_FALSE(told["repaired"].GetBool());
  const Ran ran = run("--salvage --json");
  EXPECT_EQ(ran.status, 0) << ran.err;
  const auto report = json_of(ran.out);
  EXPECT_TRUE(report["repaired"].GetBool());
  EXPECT_EQ(report["events"].GetInt(), 399);
  EXPECT_EQ(report["lost_bytes"].GetUint64(), journal_.all()[21].position - journal_.all()[20].position);
  ASSERT_EQ(report["lost"].Size(), 1U);
  EXPECT_EQ(report["lost"][0]["position"].GetUint64(), journal_.all()[20].position);
  ASSERT_EQ(report["made_up_topics"].Size(), 1U);
  EXPECT_STREQ(report["made_up_topics"][0]["topic"].GetString(), "salvaged.topic.0");
  EXPECT_EQ(report["moved"].Size(), 1U);
  EXPECT_EQ(report["copied"].Size(), 1U);
  EXPECT_EQ(report["kept_in"].GetString(), journal_.path(aside()));
  EXPECT_EQ(file_text(journal_.path(aside() + "/" + name)), damaged);

  EXPECT_EQ(sluice_command("verify " + journal_.directory()).status, 0);
  const Ran verified = sluice_command("verify --json " + journal_.directory());
  EXPECT_EQ(json_of(verified.out)["findings"].Size(), 1U) << "a note of the gap: " << verified.out;
  const Ran again = run("--salvage");
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_NE(again.out.find("nothing to repair: 399 events"), std::string::npos) << again.out;

  const std::string kept_aside = aside();
  journal_.open();
  EXPECT_EQ(journal_.kept().load_cursor("audit", 0).value(), journal_.all()[10].position);
  journal_.publish(10);
  journal_.close();
  EXPECT_EQ(file_text(journal_.path(kept_aside + "/" + name)), damaged) << "an opening leaves it alone";
  EXPECT_EQ(run("").status, 0);
}

TEST_F(CommandLineRepair, says_in_words_what_was_done_and_where_the_rest_is) {
  damage_event(20);
  flip("MANIFEST", 60);
  const Ran ran = run("--salvage");
  EXPECT_EQ(ran.status, 0) << ran.err;
  for (const std::string& told :
       {std::string("it can be rebuilt from the segments"), std::string("kept 399 events"),
        std::string("repaired: it can be opened again; " + journal_.path(aside()) + " has what was damaged"),
        "moved to " + journal_.path(aside()) + ": "}) {
    EXPECT_NE(ran.out.find(told), std::string::npos) << told << "\n" << ran.out;
  }
  EXPECT_EQ(sluice_command("verify " + journal_.directory()).status, 0);
}

TEST_F(CommandLineRepair, leaves_a_journal_alone_that_a_process_has_open) {
  journal_.open();
  for (const char* mode : {"", "--salvage"}) {
    const Ran ran = run(mode);
    EXPECT_EQ(ran.status, 3) << ran.out;
    EXPECT_NE(ran.err.find("process " + std::to_string(::getpid())), std::string::npos) << ran.err;
  }
}

TEST_F(CommandLineRepair, refuses_what_is_no_journal_and_leaves_nothing_there) {
  const TemporaryDirectory empty;
  for (const char* mode : {"", "--salvage "}) {
    const Ran ran = sluice_command("repair " + (mode + empty.path()));
    EXPECT_EQ(ran.status, 3);
    EXPECT_NE(ran.err.find("holds no journal"), std::string::npos) << ran.err;
    EXPECT_TRUE(std::filesystem::is_empty(empty.path()));
    EXPECT_EQ(sluice_command("repair " + (mode + empty.file("nowhere"))).status, 3);
  }
  journal_.write("MANIFEST", "sluice journal 7\n");
  EXPECT_EQ(run("").status, 3);
  EXPECT_NE(run("").err.find("format version 7"), std::string::npos);
}

TEST_F(CommandLineRepair, says_what_is_missing_where_it_can_do_nothing) {
  std::filesystem::remove(journal_.path("MANIFEST"));
  const std::string name = journal_.segments()[1];
  flip(name, 50);
  const Ran ran = run("--salvage");
  EXPECT_EQ(ran.status, 1);
  EXPECT_NE(ran.err.find("the header of " + journal_.path(name) + " is damaged too"), std::string::npos)
      << ran.err;
  EXPECT_EQ(aside(), "");
}

TEST_F(CommandLineRepair, has_help_with_examples) {
  const Ran ran = sluice_command("repair --help");
  EXPECT_EQ(ran.status, 0);
  for (const char* told : {"--salvage", "--json", "examples:", "exit status"}) {
    EXPECT_NE(ran.out.find(told), std::string::npos) << told;
  }
}

}  // namespace
}  // namespace sluice::test
#endif
