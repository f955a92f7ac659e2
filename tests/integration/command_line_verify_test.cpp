// What `sluice verify` finds in a journal that somebody damaged, and what it does not take for damage.
#include "paths.hpp"

#ifdef SLUICE_COMMAND
#include <gtest/gtest.h>

#include "integration/command_line.hpp"

namespace sluice::test {
namespace {

struct Damage {
  std::string file;
  std::optional<std::uint64_t> offset;
  std::string what;
};

class Verify : public testing::Test {
 protected:
  Verify() { journal_.make(); }

  [[nodiscard]] Ran verify() const { return sluice_command("verify --json " + journal_.directory()); }

  /// What it found, exit status and all. Notes are left out.
  [[nodiscard]] std::vector<Damage> damages() const {
    const Ran ran = verify();
    const auto report = json_of(ran.out);
    std::vector<Damage> damages;
    for (const auto& finding : report["findings"].GetArray()) {
      if (std::string_view(finding["severity"].GetString()) != "damage") continue;
      Damage& damage = damages.emplace_back();
      damage.file = finding["file"].GetString();
      if (finding["offset"].IsUint64()) damage.offset = finding["offset"].GetUint64();
      damage.what = finding["what"].GetString();
    }
    EXPECT_EQ(report["damaged"].GetBool(), !damages.empty());
    EXPECT_EQ(ran.status, damages.empty() ? 0 : 1) << ran.err;
    return damages;
  }
  /// Turns a bit of a file.
  void flip(const std::string& name, std::size_t offset) const {
    std::string bytes = file_text(journal_.path(name));
    bytes.at(offset) = static_cast<char>(bytes[offset] ^ 4);
    journal_.write(name, bytes);
  }
  [[nodiscard]] std::string control_log() const {
    for (const auto& [name, bytes] : journal_.files()) {
      if (name.starts_with("control-")) return name;
    }
    return {};
  }

  SampleJournal journal_;
};

TEST_F(Verify, finds_nothing_in_a_sound_journal_and_counts_it) {
  EXPECT_TRUE(damages().empty());
  const auto report = json_of(verify().out);
  EXPECT_EQ(report["events"].GetInt(), SampleJournal::kEvents);
  EXPECT_EQ(report["segments"].GetUint64(), journal_.segments().size());
  EXPECT_EQ(report["findings"].Size(), 0U);
  EXPECT_NE(sluice_command("verify " + journal_.directory()).out.find("no damage: 400 events"),
            std::string::npos);
}

TEST_F(Verify, names_file_and_place_of_any_bit_that_was_turned_in_a_segment) {
  const std::string name = journal_.segments()[1];
  const std::string sound = file_text(journal_.path(name));
  const std::uint64_t begin = std::stoull(name.substr(11, 16), nullptr, 16);
  const std::uint64_t end = std::stoull(journal_.segments()[2].substr(11, 16), nullptr, 16);
  // All of the header, and every record with what is behind it up to the next.
  for (std::size_t offset = 3; offset < 4096 + (end - begin); offset += 317) {
    flip(name, offset);
    const auto found = damages();
    ASSERT_EQ(found.size(), 1U) << offset;
    EXPECT_EQ(found[0].file, journal_.path(name));
    ASSERT_TRUE(found[0].offset) << offset;
    EXPECT_LE(*found[0].offset, offset);
    EXPECT_GT(*found[0].offset + 320, offset) << "the record that it is in";
    journal_.write(name, sound);
  }
}

TEST_F(Verify, goes_on_behind_damage_and_reports_each) {
  const std::string name = journal_.segments()[0];
  for (const int event : {20, 40, 60}) {
    flip(name,
         4096 + static_cast<std::size_t>(journal_.all()[static_cast<std::size_t>(event)].position) + 30);
  }
  const auto found = damages();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[1].offset, 4096 + journal_.all()[40].position);
  EXPECT_NE(found[1].what.find("checksum"), std::string::npos) << found[1].what;
  EXPECT_EQ(json_of(verify().out)["events"].GetInt(), SampleJournal::kEvents - 3);
  // A dump does the same, and says so.
  const Ran dump = sluice_command("dump " + journal_.directory());
  EXPECT_EQ(dump.status, 1);
  EXPECT_EQ(dump.lines().size(), 397U);
  EXPECT_NE(dump.err.find("offset " + std::to_string(4096 + journal_.all()[40].position)), std::string::npos);
}

TEST_F(Verify, finds_a_length_that_leads_astray) {
  // The first record claims to reach to the end of its segment, or beyond it.
  for (const char high_byte : {'\x3f', '\x7f'}) {
    const std::string name = journal_.segments()[0];
    const std::string sound = file_text(journal_.path(name));
    std::string bytes = sound;
    bytes[4096 + 1] = high_byte;
    journal_.write(name, bytes);
    const auto found = damages();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].offset, 4096U);
    EXPECT_EQ(json_of(verify().out)["events"].GetInt(), SampleJournal::kEvents - 1);
    journal_.write(name, sound);
  }
}

TEST_F(Verify, finds_bits_that_were_turned_in_the_small_files) {
  for (const std::string& name : {std::string("MANIFEST"), control_log()}) {
    const std::string sound = file_text(journal_.path(name));
    for (std::size_t offset = 0; offset < sound.size(); offset += 7) {
      flip(name, offset);
      // A version that is not known is a newer one, and no damage.
      const Ran ran = verify();
      if (ran.status != 3) {
        const auto found = damages();
        ASSERT_FALSE(found.empty()) << name << " " << offset;
        EXPECT_EQ(found[0].file, journal_.path(name)) << offset;
      } else {
        EXPECT_NE(ran.err.find("format version"), std::string::npos) << name << " " << offset << ran.err;
      }
      journal_.write(name, sound);
    }
  }
}

TEST_F(Verify, finds_a_bad_first_slot_of_the_synced_positions_and_notes_another) {
  flip("SYNCED", 121);
  const auto found = damages();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].file, journal_.path("SYNCED"));
  EXPECT_EQ(found[0].offset, 0U);
  flip("SYNCED", 121);
  flip("SYNCED", 40'960 + 121);
  EXPECT_TRUE(damages().empty());
  EXPECT_EQ(json_of(verify().out)["findings"][0]["offset"].GetInt(), 40'960);
  flip("SYNCED", 121);
  flip("SYNCED", 81'920 + 121);
  ASSERT_EQ(damages().size(), 1U) << "all three";
}

TEST_F(Verify, finds_files_that_are_missing_cut_or_not_listed) {
  const std::string name = journal_.segments()[1];
  const std::string bytes = file_text(journal_.path(name));
  std::filesystem::remove(journal_.path(name));
  ASSERT_EQ(damages().size(), 1U);
  EXPECT_EQ(damages()[0].file, journal_.path(name));
  EXPECT_NE(damages()[0].what.find("missing"), std::string::npos);

  journal_.write(name, bytes.substr(0, 8000));
  const auto cut = damages();
  ASSERT_EQ(cut.size(), 2U) << "its size, and the events";
  EXPECT_EQ(cut[0].file, journal_.path(name));
  EXPECT_EQ(cut[0].offset, 8000U);

  journal_.write(name, bytes);
  journal_.write("shard-0000-00000000ffffff00-0000000000000001.segment", bytes);
  const auto unlisted = damages();
  ASSERT_EQ(unlisted.size(), 1U);
  EXPECT_NE(unlisted[0].what.find("does not list it"), std::string::npos);
  journal_.write("shard-0000-00000000ffffff00-0000000000000001.segment", bytes.substr(0, 4096));
  EXPECT_TRUE(damages().empty()) << "one without a record is a leftover";
  EXPECT_EQ(json_of(verify().out)["findings"].Size(), 1U);
}

TEST_F(Verify, finds_a_journal_without_its_manifest_or_control_log) {
  const std::string manifest = file_text(journal_.path("MANIFEST"));
  std::filesystem::remove(journal_.path("MANIFEST"));
  ASSERT_EQ(damages().size(), 1U);
  EXPECT_EQ(damages()[0].file, journal_.path("MANIFEST"));
  journal_.write("MANIFEST", manifest);
  std::filesystem::remove(journal_.path(control_log()));
  const Ran ran = verify();
  EXPECT_EQ(ran.status, 1) << ran.err;
}

}  // namespace
}  // namespace sluice::test
#endif
