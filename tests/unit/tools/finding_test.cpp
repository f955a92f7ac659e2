#include <gtest/gtest.h>

#include "tools/json.hpp"

namespace sluice::tools {
namespace {

TEST(Finding, takes_file_and_offset_out_of_an_errors_message) {
  const Finding finding = finding_of({ErrorCode::corrupt, "/j/SYNCED, offset 40960: bad slot"}, "/j/SYNCED");
  EXPECT_EQ(finding.severity, Finding::Severity::damage);
  EXPECT_EQ(finding.file, "/j/SYNCED");
  EXPECT_EQ(finding.offset, 40'960U);
  EXPECT_EQ(finding.what, "bad slot");
  EXPECT_EQ(to_text(finding), "/j/SYNCED, offset 40960: bad slot");
}

TEST(Finding, keeps_what_it_can_not_take_apart) {
  EXPECT_EQ(finding_of({ErrorCode::corrupt, "/j/MANIFEST, line 3: no number"}, "/j/MANIFEST").what,
            "line 3: no number");
  EXPECT_EQ(finding_of({ErrorCode::corrupt, "topic \"a\" twice"}, "/j/control.log").what,
            "topic \"a\" twice");
  EXPECT_EQ(finding_of({ErrorCode::corrupt, "/j/MANIFEST is missing"}, "/j/MANIFEST").what, "is missing");
}

TEST(Finding, of_a_gap_or_a_torn_end_is_no_damage) {
  using detail::Hole;
  const auto severity = [](Hole::Kind kind) {
    return finding_of({kind, 32, 64, "f", 4128, "x"}, 1).severity;
  };
  EXPECT_EQ(severity(Hole::Kind::gap), Finding::Severity::note);
  EXPECT_EQ(severity(Hole::Kind::torn), Finding::Severity::note);
  EXPECT_EQ(severity(Hole::Kind::damaged), Finding::Severity::damage);
  EXPECT_EQ(to_text(finding_of({Hole::Kind::damaged, 32, 64, "f", 4128, "x"}, 1)),
            "f, offset 4128 (shard 1, position 32 to 64): x");
  EXPECT_EQ(to_text(finding_of({Hole::Kind::gap, 32, 64, "", 0, "x"}, 1)), "shard 1, position 32 to 64: x");
}

TEST(Finding, is_the_same_object_in_every_json_output) {
  Json json;
  add(json, finding_of({detail::Hole::Kind::damaged, 32, 64, "f\xff", 4128, "x"}, 1));
  EXPECT_EQ(json.text(),
            R"({"severity":"damage","file":"f\\xff","offset":4128,"shard":1,"position":32,"end_position":64,)"
            R"("what":"x"})");
}

}  // namespace
}  // namespace sluice::tools
