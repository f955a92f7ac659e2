#include "sluice/log/copy_gate.hpp"

#include <gtest/gtest.h>

#include "unit/log/ring_bench.hpp"

namespace sluice::log {
namespace {

/// A member with a span of two records; its copy gate is the next one up.
class ACopyGate : public ::testing::Test {
 protected:
  ACopyGate() {
    EXPECT_TRUE(bench_.join(cursor_.position));
    shared_.members.store(1);
    for (int record = 0; record < 4; ++record) (void)bench_.publish();  // a span is half of it
    span_ = member_.claim(2, 4096, [](std::uint32_t) { return true; }).span;
  }

  RingBench bench_;
  RingBench::Cursor& cursor_ = bench_.table.cursor(0);
  RingBench::Gate& work_gate_ = bench_.table.gate(1);
  RingBench::Gate& copy_gate_ = bench_.table.gate(2);
  GroupShared<Machine> shared_;
  GroupMember<Machine> member_{bench_.ring, bench_.lot, bench_.table, shared_, cursor_, work_gate_};
  CopyGate<Machine> copying_{bench_.lot, work_gate_, copy_gate_};
  Span span_;
};

TEST_F(ACopyGate, keeps_what_is_copied_though_the_span_is_taken_away_and_finished) {
  ASSERT_TRUE(copying_.protect(span_.begin));
  ASSERT_TRUE(GroupMember<Machine>::evict(work_gate_, span_.begin, shared_));
  // As if another member had taken it over, finished it, and gone.
  bench_.move(work_gate_, kNoGate);
  cursor_.position.store(kNoGate);
  bench_.fill();
  EXPECT_FALSE(bench_.publish().has_value());
  copying_.release();
  EXPECT_EQ(copy_gate_.value.load(), kNoGate);
  EXPECT_TRUE(bench_.publish().has_value());
}

TEST_F(ACopyGate, protects_nothing_once_the_span_was_taken_away) {
  ASSERT_TRUE(GroupMember<Machine>::evict(work_gate_, span_.begin, shared_));
  EXPECT_FALSE(copying_.protect(span_.begin));
  EXPECT_EQ(copy_gate_.value.load(), kNoGate);
}

TEST_F(ACopyGate, protects_nothing_at_an_event_that_is_finished) {
  ASSERT_TRUE(member_.advance(span_.begin, span_.begin + 32, std::true_type{}));
  EXPECT_FALSE(copying_.protect(span_.begin));
  ASSERT_LT(span_.begin + 32, span_.end);
  EXPECT_TRUE(copying_.protect(span_.begin + 32));
}

}  // namespace
}  // namespace sluice::log
