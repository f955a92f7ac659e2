#include "sluice/log/plain_run.hpp"

#include <gtest/gtest.h>

namespace sluice::log {
namespace {

constexpr auto kShort = CommitWord::committed(RecordKind::data, 40);
constexpr auto kLong = CommitWord::committed(RecordKind::data, 88);

TEST(PlainRun, has_no_next_record_before_it_met_one) {
  const PlainRun run;
  EXPECT_FALSE(run.goes_on(kShort));
  EXPECT_FALSE(run.goes_on(CommitWord()));
}

TEST(PlainRun, goes_on_with_records_of_one_length) {
  PlainRun run;
  EXPECT_EQ(run.meet(kLong), 96U);
  EXPECT_TRUE(run.goes_on(kLong));
  EXPECT_EQ(run.stride(), 96U);
  EXPECT_FALSE(run.goes_on(kShort));
  EXPECT_FALSE(run.goes_on(CommitWord())) << "free space ends it";
  EXPECT_FALSE(run.goes_on(CommitWord::claimed(96))) << "so does an open claim";
}

TEST(PlainRun, begins_anew_with_each_other_length) {
  PlainRun run;
  run.meet(kLong);
  EXPECT_EQ(run.meet(kShort), 64U);
  EXPECT_TRUE(run.goes_on(kShort));
  EXPECT_EQ(run.stride(), 64U);
  EXPECT_FALSE(run.goes_on(kLong));
}

TEST(PlainRun, steps_over_what_is_not_plain_and_goes_on_behind_it) {
  for (const CommitWord other :
       {CommitWord::committed(RecordKind::padding, 32), CommitWord::committed(RecordKind::aborted, 64),
        CommitWord::committed(RecordKind::data, 88, kHasTtl),
        CommitWord::committed(RecordKind::data, 88, 0, 8)}) {
    PlainRun run;
    run.meet(kShort);
    EXPECT_EQ(run.meet(other), other.stride());
    EXPECT_FALSE(run.goes_on(other)) << "it is taken apart each time";
    EXPECT_TRUE(run.goes_on(kShort));
    EXPECT_EQ(run.stride(), 64U);
  }
}

}  // namespace
}  // namespace sluice::log
