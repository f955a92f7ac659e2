#include "sluice/log/group.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "unit/log/ring_bench.hpp"

namespace sluice::log {
namespace {

using Member = GroupMember<Machine>;
const auto kAnySlot = [](std::uint32_t) { return true; };

/// A ring with three members on the gates 0 to 2, and a cursor at its beginning.
class AGroup : public ::testing::Test {
 protected:
  AGroup() {
    EXPECT_TRUE(bench_.join(cursor_.position));
    shared_.members.store(3);
  }

  SpanResult claim(Member& member, std::uint32_t records = 32) {
    return member.claim(records, 4096, kAnySlot);
  }
  RingBench::Gate& gate(std::uint32_t slot) { return bench_.table.gate(slot); }
  /// Finishes the records of a span one by one.
  void finish(Member& member, const Span& span) {
    for (std::uint64_t at = span.begin; at != span.end;) {
      const std::uint64_t next = at + bench_.ring.word(at).stride();
      ASSERT_TRUE(member.advance(at, next, std::true_type{}));
      at = next;
    }
  }

  RingBench bench_;
  RingBench::Cursor& cursor_ = bench_.table.cursor(0);
  GroupShared<Machine> shared_;
  Member first_{bench_.ring, bench_.lot, bench_.table, shared_, cursor_, gate(0)};
  Member second_{bench_.ring, bench_.lot, bench_.table, shared_, cursor_, gate(1)};
};

TEST_F(AGroup, gives_each_record_to_exactly_one_member) {
  for (int i = 0; i < 40; ++i) (void)bench_.publish();
  std::vector<int> handled(40);
  Member* members[] = {&first_, &second_};
  for (int turn = 0;; ++turn) {
    Member& member = *members[turn % 2];
    const SpanResult claimed = claim(member);
    if (claimed.status != SpanStatus::claimed) break;
    EXPECT_FALSE(claimed.redelivered);
    for (std::uint64_t at = claimed.span.begin; at < claimed.span.end; at += 32) ++handled[at / 32];
    finish(member, claimed.span);
  }
  EXPECT_EQ(handled, std::vector<int>(40, 1));
  EXPECT_EQ(cursor_.position.load(), bench_.ring.tail());
}

TEST_F(AGroup, holds_producers_at_the_slowest_members_record) {
  (void)bench_.publish();
  const SpanResult claimed = claim(first_);
  ASSERT_EQ(claimed.span.end, 32U);
  EXPECT_EQ(bench_.fill(), 126);
  for (SpanResult rest = claim(second_); rest.status == SpanStatus::claimed; rest = claim(second_)) {
    finish(second_, rest.span);
  }
  EXPECT_FALSE(bench_.publish().has_value());
  finish(first_, claimed.span);
  EXPECT_TRUE(bench_.publish().has_value());
}

TEST_F(AGroup, has_a_members_gate_follow_its_record_and_leave_with_the_last) {
  for (int i = 0; i < 12; ++i) (void)bench_.publish();
  const SpanResult claimed = claim(first_);
  ASSERT_GE(claimed.span.end, 64U);
  EXPECT_EQ(gate(0).value.load(), gate_value(0, GatePhase::working));
  EXPECT_TRUE(first_.advance(0, 32, std::true_type{}));
  EXPECT_EQ(gate(0).value.load(), gate_value(32, GatePhase::working));
  EXPECT_TRUE(first_.advance(32, claimed.span.end, std::false_type{}));
  EXPECT_EQ(gate(0).value.load(), kNoGate);
}

TEST_F(AGroup, passes_what_a_member_leaves_unfinished_on_before_anything_new) {
  for (int i = 0; i < 24; ++i) (void)bench_.publish();
  const SpanResult claimed = claim(first_);
  ASSERT_GE(claimed.span.end, 96U);
  ASSERT_TRUE(first_.advance(0, 32, std::true_type{}));
  EXPECT_TRUE(first_.leave());
  EXPECT_TRUE(second_.has_orphans());

  const SpanResult adopted = claim(second_);
  ASSERT_EQ(adopted.status, SpanStatus::claimed);
  EXPECT_EQ(adopted.span.begin, 32U);
  EXPECT_EQ(adopted.span.end, claimed.span.end);
  EXPECT_FALSE(adopted.redelivered);
  EXPECT_EQ(gate(0).value.load(), kNoGate);
  EXPECT_EQ(gate(1).value.load(), gate_value(32, GatePhase::working));
  EXPECT_FALSE(second_.has_orphans());
  finish(second_, adopted.span);
  EXPECT_EQ(claim(second_).span.begin, claimed.span.end);
}

TEST_F(AGroup, protects_an_orphan_from_being_overwritten) {
  (void)bench_.publish();
  (void)claim(first_);
  EXPECT_TRUE(first_.leave());
  bench_.fill();
  for (SpanResult rest = claim(second_); rest.status == SpanStatus::claimed; rest = claim(second_)) {
    if (rest.span.begin == 0) break;  // the orphan itself
  }
  EXPECT_FALSE(bench_.publish().has_value());
}

TEST_F(AGroup, has_nothing_to_leave_when_nothing_is_unfinished) {
  EXPECT_FALSE(first_.leave());
  (void)bench_.publish();
  const SpanResult claimed = claim(first_);
  finish(first_, claimed.span);
  EXPECT_FALSE(first_.leave());
  EXPECT_FALSE(first_.has_orphans());
}

TEST_F(AGroup, delivers_the_record_of_an_evicted_member_again_and_marks_it) {
  for (int i = 0; i < 24; ++i) (void)bench_.publish();
  const SpanResult claimed = claim(first_);
  ASSERT_TRUE(first_.advance(0, 32, std::true_type{}));
  EXPECT_TRUE(Member::evict(gate(0), 32, shared_));
  EXPECT_FALSE(first_.advance(32, 64, std::true_type{})) << "the rest is another's";

  const SpanResult adopted = claim(second_);
  ASSERT_EQ(adopted.status, SpanStatus::claimed);
  EXPECT_TRUE(adopted.redelivered);
  EXPECT_EQ(adopted.span.begin, 32U);
  EXPECT_EQ(adopted.span.end, claimed.span.end);
}

TEST_F(AGroup, evicts_nobody_who_has_just_moved_on) {
  for (int i = 0; i < 24; ++i) (void)bench_.publish();
  (void)claim(first_);
  ASSERT_TRUE(first_.advance(0, 32, std::true_type{}));
  EXPECT_FALSE(Member::evict(gate(0), 0, shared_));
  EXPECT_FALSE(first_.has_orphans());
  EXPECT_TRUE(first_.advance(32, 64, std::true_type{}));
}

TEST_F(AGroup, adopts_only_from_its_own_members) {
  for (int i = 0; i < 24; ++i) (void)bench_.publish();
  (void)claim(first_);
  ASSERT_TRUE(first_.leave());
  const SpanResult other = second_.claim(32, 4096, [](std::uint32_t slot) { return slot != 0; });
  EXPECT_NE(other.span.begin, 0U);
  EXPECT_TRUE(second_.has_orphans());
}

}  // namespace
}  // namespace sluice::log
