// What `sluice stat` and `sluice dump` say of a journal, and what the command says of what is none.
#include "paths.hpp"

#ifdef SLUICE_COMMAND
#include <gtest/gtest.h>

#include "integration/command_line.hpp"

namespace sluice::test {
namespace {

class CommandLine : public testing::Test {
 protected:
  static const SampleJournal& sample() {
    static const std::unique_ptr<SampleJournal> made = [] {
      auto journal = std::make_unique<SampleJournal>();
      journal->make();
      return journal;
    }();
    return *made;
  }
  static std::string directory() { return sample().directory(); }
};

TEST_F(CommandLine, stat_counts_what_was_published) {
  const Ran ran = sluice_command("stat --json " + directory());
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto stat = json_of(ran.out);
  EXPECT_STREQ(stat["state"].GetString(), "closed");
  EXPECT_EQ(stat["format_version"].GetInt(), 1);
  EXPECT_EQ(stat["events"].GetInt(), SampleJournal::kEvents);
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> topics;
  for (const Published& event : sample().all()) {
    ++topics[event.topic].first;
    topics[event.topic].second += event.payload.size();
  }
  ASSERT_EQ(stat["topics"].Size(), topics.size());
  for (const auto& topic : stat["topics"].GetArray()) {
    const auto expected = topics.at(topic["topic"].GetString());
    EXPECT_EQ(topic["events"].GetUint64(), expected.first) << topic["topic"].GetString();
    EXPECT_EQ(topic["payload_bytes"].GetUint64(), expected.second) << topic["topic"].GetString();
  }
  const auto& shard = stat["shards"][0];
  EXPECT_EQ(shard["oldest_position"].GetUint64(), 0U);
  EXPECT_EQ(shard["newest_position"].GetUint64(), sample().all().back().position);
  EXPECT_GT(shard["end_position"].GetUint64(), sample().all().back().position);
  EXPECT_EQ(shard["durable_position"].GetUint64(), shard["end_position"].GetUint64());
  EXPECT_EQ(shard["segments"].Size(), sample().segments().size());
  EXPECT_GE(shard["segments"].Size(), 3U);
  ASSERT_EQ(stat["cursors"].Size(), 1U);
  EXPECT_STREQ(stat["cursors"][0]["name"].GetString(), "audit");
  EXPECT_EQ(stat["cursors"][0]["position"].GetUint64(), sample().all()[10].position);
  EXPECT_EQ(stat["tails_unknown"].Size(), 0U);
  EXPECT_LE(std::string_view(stat["oldest_time"].GetString()),
            std::string_view(stat["newest_time"].GetString()));
}

TEST_F(CommandLine, stat_for_people_names_journal_segments_topics_and_cursors_without_colours) {
  const Ran ran = sluice_command("stat " + directory());
  ASSERT_EQ(ran.status, 0) << ran.err;
  for (const std::string& name : sample().segments())
    EXPECT_NE(ran.out.find(name), std::string::npos) << name;
  for (const char* part :
       {"state       closed", "sample.binary", "sample.other", "cursor \"audit\" of shard 0"}) {
    EXPECT_NE(ran.out.find(part), std::string::npos) << part << " in\n" << ran.out;
  }
  EXPECT_EQ(ran.out.find('\x1b'), std::string::npos);
  EXPECT_EQ(ran.err, "");
}

TEST_F(CommandLine, dump_shows_every_event_in_order) {
  const Ran ran = sluice_command("dump --json " + directory());
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto lines = ran.lines();
  ASSERT_EQ(lines.size(), sample().all().size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto event = json_of(lines[i]);
    const Published& expected = sample().all()[i];
    EXPECT_EQ(event["position"].GetUint64(), expected.position);
    EXPECT_EQ(event["topic"].GetString(), expected.topic);
    EXPECT_EQ(event["metadata"]["number"].GetString(), std::to_string(i));
    EXPECT_EQ(event["payload_bytes"].GetUint64(), expected.payload.size());
    if (expected.topic != "sample.binary") {
      EXPECT_EQ(event["payload_text"].GetString(), expected.payload);
    } else {
      EXPECT_EQ(std::string(event["payload_hex"].GetString()).substr(0, 8), "00ff6576");
      EXPECT_EQ(event["payload_hex"].GetStringLength(), 2 * expected.payload.size());
    }
    EXPECT_TRUE(EventId::parse(event["id"].GetString()));
  }
}

TEST_F(CommandLine, dump_takes_a_topic_or_pattern_a_limit_and_a_position) {
  EXPECT_EQ(sluice_command("dump --topic sample.other " + directory()).lines().size(), 100U);
  EXPECT_EQ(sluice_command("dump --topic 'sample.*' " + directory()).lines().size(), 400U);
  EXPECT_EQ(sluice_command("dump --topic absent " + directory()).lines().size(), 0U);
  EXPECT_EQ(sluice_command("dump --limit 7 " + directory()).lines().size(), 7U);
  const std::size_t last = sample().all().size() - 1;
  for (const std::size_t from : {std::size_t{0}, std::size_t{1}, std::size_t{250}, last}) {
    const std::uint64_t position = sample().all()[from].position;
    const auto exact =
        sluice_command("dump --shard 0 --from " + std::to_string(position) + " " + directory());
    ASSERT_EQ(exact.lines().size(), sample().all().size() - from) << exact.err;
    EXPECT_TRUE(exact.lines()[0].starts_with("0:" + std::to_string(position) + "  ")) << exact.lines()[0];
  }
  // Not where a record begins: the next one that does.
  const std::uint64_t second = sample().all()[1].position;
  const auto between = sluice_command("dump --from " + std::to_string(second - 1) + " " + directory());
  EXPECT_EQ(between.lines().size(), sample().all().size() - 1);
}

TEST_F(CommandLine, dump_for_people_cuts_long_payloads_unless_told_otherwise) {
  const std::string& payload = sample().all()[149].payload;
  ASSERT_GT(payload.size(), 100U);
  const std::string from =
      "--limit 1 --from " + std::to_string(sample().all()[149].position) + " " + directory();
  const Ran cut = sluice_command("dump " + from);
  EXPECT_NE(cut.out.find("\"" + payload.substr(0, 64) + "\"... (158 bytes)"), std::string::npos) << cut.out;
  const Ran full = sluice_command("dump --full " + from);
  EXPECT_NE(full.out.find("\"" + payload + "\"\n"), std::string::npos) << full.out;
  EXPECT_NE(full.out.find("  {number=\"149\"}  "), std::string::npos) << full.out;
}

TEST_F(CommandLine, changes_nothing) {
  const auto before = sample().files();
  for (const char* command : {"stat ", "dump ", "verify "}) sluice_command(command + directory());
  EXPECT_EQ(sample().files(), before);
}

TEST_F(CommandLine, refuses_what_makes_no_sense) {
  for (const std::string& arguments :
       {std::string(""), std::string("fly"), std::string("stat"), "stat --fast " + directory(),
        "dump --limit many " + directory(), "dump --shard 7 " + directory(),
        "dump --topic 'a..b' " + directory()}) {
    const Ran ran = sluice_command(arguments);
    EXPECT_EQ(ran.status, 2) << arguments << "\n" << ran.err;
    EXPECT_NE(ran.err, "") << arguments;
    EXPECT_EQ(ran.out, "") << arguments;
  }
}

TEST_F(CommandLine, says_why_there_is_nothing_to_read) {
  const TemporaryDirectory other;
  std::ofstream(other.file("file")) << "no directory";
  const std::map<std::string, std::string> refusals{
      {other.file("absent"), "there is no such directory"},
      {other.path(), "holds no journal: there is no MANIFEST in it"},
      {other.file("file"), "Not a directory"},
  };
  for (const auto& [path, why] : refusals) {
    for (const std::string command : {"stat ", "dump ", "verify "}) {
      const Ran ran = sluice_command(command + path);
      EXPECT_EQ(ran.status, 3) << command << path << ran.err;
      EXPECT_NE(ran.err.find(path), std::string::npos) << ran.err;
      EXPECT_NE(ran.err.find(why), std::string::npos) << ran.err;
    }
  }
}

TEST_F(CommandLine, refuses_a_newer_format_and_names_both_versions) {
  SampleJournal newer;
  newer.make();
  std::string manifest = file_text(newer.path("MANIFEST"));
  newer.write("MANIFEST", manifest.replace(0, 16, "sluice journal 9"));
  const Ran ran = sluice_command("verify " + newer.directory());
  EXPECT_EQ(ran.status, 3);
  EXPECT_NE(ran.err.find("has format version 9, and this program reads versions up to 1"), std::string::npos)
      << ran.err;
}

TEST_F(CommandLine, does_not_pretend_that_it_wrote_when_it_could_not) {
  const Ran ran = sluice_command("dump " + directory() + " >/dev/full");
  EXPECT_EQ(ran.status, 3);
  EXPECT_NE(ran.err, "");
}

TEST_F(CommandLine, help_has_examples_and_exit_codes) {
  for (const std::string command : {"", "stat ", "dump ", "verify "}) {
    const Ran ran = sluice_command(command + "--help");
    EXPECT_EQ(ran.status, 0);
    EXPECT_NE(ran.out.find("examples:"), std::string::npos) << command;
    EXPECT_NE(ran.out.find("exit status: 0 fine; 1 damage"), std::string::npos) << command;
  }
}

}  // namespace
}  // namespace sluice::test
#endif
