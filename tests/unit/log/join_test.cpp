#include "sluice/log/join.hpp"

#include <gtest/gtest.h>

#include "sluice/log/final_tail.hpp"

#include "unit/log/ring_bench.hpp"

namespace sluice::log {
namespace {

const auto kTopicOne = [](std::uint32_t topic) { return topic == 1; };
const TopicSet kEverything(~std::uint64_t{0});

class JoiningAndLeaving : public ::testing::Test {
 protected:
  RingBench bench_;
  RingBench::Gate& gate_ = bench_.table.gate(0);
  RingBench::Cursor& cursor_ = bench_.table.cursor(0);
  SpanReader<Machine> reader_{bench_.ring, bench_.lot, cursor_, bench_.table.gate(1)};
};

TEST_F(JoiningAndLeaving, holds_producers_back_from_the_tail_on_until_the_gate_leaves) {
  (void)bench_.publish();
  EXPECT_EQ(join_at_tail(bench_.ring, bench_.lot, gate_.value), 32U);
  EXPECT_EQ(gate_.value.load(), 32U);
  bench_.fill();
  EXPECT_FALSE(bench_.publish().has_value());
  EXPECT_FALSE(bench_.ring.word(32).bits() == 0);
  leave_gate(bench_.lot, gate_);
  EXPECT_TRUE(bench_.publish().has_value());
}

TEST_F(JoiningAndLeaving, counts_what_is_wanted_up_to_the_first_open_claim) {
  (void)bench_.publish(32, 1);
  (void)bench_.publish(32, 2);
  (void)bench_.publish(64, 1);
  const Reservation open = bench_.ring.try_reserve(bench_.cache, 32);
  (void)bench_.publish(32, 1);
  const Unread unread = scan_unread(bench_.ring, 0, bench_.ring.tail(), kTopicOne);
  EXPECT_EQ(unread.events, 2U);
  EXPECT_EQ(unread.end, open.position);
  bench_.ring.abort(open);
  EXPECT_EQ(scan_unread(bench_.ring, 0, bench_.ring.tail(), kTopicOne).events, 3U);
}

TEST_F(JoiningAndLeaving, looks_from_a_cursor_on_and_takes_nothing) {
  ASSERT_EQ(join_at_tail(bench_.ring, bench_.lot, cursor_).position, 0U);
  (void)bench_.publish(32, 1);
  (void)bench_.publish(32, 2);
  EXPECT_EQ(unread_at_cursor(reader_, kTopicOne), 1U);
  EXPECT_EQ(cursor_.position.load(), 0U);
  EXPECT_EQ(reader_.gate().value.load(), kNoGate);
}

TEST_F(JoiningAndLeaving, withdraws_a_cursor_with_the_count_of_what_nobody_took) {
  ASSERT_EQ(join_at_tail(bench_.ring, bench_.lot, cursor_).position, 0U);
  (void)bench_.publish(32, 1);
  (void)bench_.publish(32, 2);
  (void)bench_.publish(32, 1);
  EXPECT_EQ(withdraw_cursor(reader_, kTopicOne), 2U);
  EXPECT_EQ(cursor_.position.load(), kNoGate);
  EXPECT_EQ(withdraw_cursor(reader_, kTopicOne), 0U);
}

TEST_F(JoiningAndLeaving, lends_a_filter_that_it_takes_back) {
  lend_filter(cursor_, kEverything);
  ASSERT_EQ(join_at_tail(bench_.ring, bench_.lot, cursor_).position, 0U);
  for (int record = 0; record < 300; ++record) ASSERT_TRUE(bench_.publish().has_value());  // two laps
  EXPECT_GT(cursor_.lost.load(), 0U);
  (void)withdraw_cursor(reader_, kTopicOne);
  take_filter_back(bench_.ring, cursor_);
  EXPECT_EQ(cursor_.drop_filter.load(), nullptr);
  take_filter_back(bench_.ring, cursor_);  // has none
}

TEST_F(JoiningAndLeaving, tells_what_a_cursor_had_lost_before_it_joined) {
  lend_filter(cursor_, kEverything);
  EXPECT_EQ(join_at_tail(bench_.ring, bench_.lot, cursor_).lost_before, 0U);
  for (int record = 0; record < 300; ++record) ASSERT_TRUE(bench_.publish().has_value());
  (void)withdraw_cursor(reader_, kTopicOne);
  const std::uint64_t lost = cursor_.lost.load();
  ASSERT_GT(lost, 0U);
  const JoinedCursor next_owner = join_at_tail(bench_.ring, bench_.lot, cursor_);
  EXPECT_EQ(next_owner.lost_before, lost);
  EXPECT_EQ(next_owner.position, 300U * 32);
}

TEST_F(JoiningAndLeaving, knows_the_final_tail_once_the_ring_is_closed) {
  FinalTail<Machine> final_tail;
  (void)bench_.publish();
  EXPECT_EQ(final_tail.position(), kNoGate);
  final_tail.close(bench_.ring);
  EXPECT_EQ(final_tail.position(), 32U);
  EXPECT_FALSE(bench_.publish().has_value());
  final_tail.close(bench_.ring);
  EXPECT_EQ(final_tail.position(), 32U);
}

}  // namespace
}  // namespace sluice::log
