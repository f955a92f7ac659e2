#include "journal/salvage/control_salvage.hpp"

#include <gtest/gtest.h>

#include "memory_file_system.hpp"

namespace sluice::detail {
namespace {

class ControlSalvageTest : public testing::Test {
 protected:
  /// A log of these topics, in the order of their ids.
  std::unique_ptr<ControlLog> log(const std::string& path, const std::vector<std::string>& topics) {
    ControlState state;
    for (const std::string& name : topics) {
      state.topics.push_back({name, static_cast<std::uint32_t>(state.topics.size()), 1});
    }
    return ControlLog::create(files_, path, journal_, state).value();
  }

  MemoryFileSystem files_;
  EventId journal_ = EventId::parse("0b5e3c1e-52a4-4e6f-9d0c-7a1f2b3c4d5e").value();
};

TEST_F(ControlSalvageTest, finds_good_frames_behind_a_bad_one_and_makes_up_the_topic_between) {
  (void)log("a/control-2.log", {"orders.new", "orders.filled", "orders.gone"});
  files_.at("a/control-2.log")[40 + 32 + 20] ^= std::byte{1};  // the second frame
  ControlSalvage salvage(journal_);
  EXPECT_EQ(salvage.add(files_, "a/control-2.log").value(), 40U) << "the frame's bytes";
  const auto outcome = salvage.outcome({{1, {3, 17}}, {4, {0, 2}}});
  ASSERT_EQ(outcome.state.topics.size(), 5U);
  EXPECT_EQ(outcome.state.topics[0].name, "orders.new");
  EXPECT_EQ(outcome.state.topics[2].name, "orders.gone");
  ASSERT_EQ(outcome.made_up.size(), 3U) << "1 and 4, and 3, without which 4 can't be";
  EXPECT_EQ(outcome.made_up[0].topic.name, "salvaged.topic.1");
  EXPECT_EQ(outcome.made_up[0].topic.shard, 3U);
  EXPECT_EQ(outcome.made_up[0].events, 17U);
}

TEST_F(ControlSalvageTest, takes_from_an_older_log_only_what_is_missing) {
  (void)log("a/control-1.log", {"older", "salvaged.topic.2"});
  {
    const auto newer = log("a/control-2.log", {"newer"});
    newer->append_cursor("removed", 0, {64}).value();
    newer->append_removal("removed", 0).value();
  }
  {
    const auto older = log("a/control-0.log", {});
    older->append_cursor("removed", 0, {32}).value();
    older->append_cursor("kept", 0, {96, CursorRetention::hold}).value();
  }
  ControlSalvage salvage(journal_);
  for (const char* path : {"a/control-2.log", "a/control-1.log", "a/control-0.log"}) {
    EXPECT_EQ(salvage.add(files_, path).value(), 0U);
  }
  const auto outcome = salvage.outcome({{2, {0, 1}}});
  ASSERT_EQ(outcome.state.topics.size(), 3U);
  EXPECT_EQ(outcome.state.topics[0].name, "newer");
  EXPECT_EQ(outcome.state.topics[1].name, "salvaged.topic.2");
  EXPECT_EQ(outcome.state.topics[2].name, "salvaged.topic.2.1") << "a name that is not taken";
  ASSERT_EQ(outcome.state.cursors.size(), 1U) << "a cursor that was removed stays so";
  EXPECT_EQ(outcome.state.cursors.at({"kept", 0}).position, 96U);
  EXPECT_EQ(outcome.state.cursors.at({"kept", 0}).retention, CursorRetention::hold);
}

}  // namespace
}  // namespace sluice::detail
