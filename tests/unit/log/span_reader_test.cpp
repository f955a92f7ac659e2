#include "sluice/log/span_reader.hpp"

#include <gtest/gtest.h>

#include "unit/log/ring_bench.hpp"

namespace sluice::log {
namespace {

constexpr std::uint64_t kCapacity = 4096;
const TopicSet kEverything(~std::uint64_t{0});

class ASpanReader : public ::testing::Test {
 protected:
  ASpanReader() { EXPECT_TRUE(bench_.join(cursor_.position)); }

  /// The end of everything that is committed from `at` on.
  std::uint64_t all_from(std::uint64_t at) const {
    while (bench_.ring.word(at).is_committed()) at += bench_.ring.word(at).stride();
    return at;
  }
  SpanResult claim_all() {
    return reader_.claim([&](std::uint64_t at) { return all_from(at); });
  }
  void make_lossy() { cursor_.drop_filter.store(&kEverything); }

  RingBench bench_;
  RingBench::Cursor& cursor_ = bench_.table.cursor(0);
  RingBench::Gate& gate_ = bench_.table.gate(0);
  SpanReader<Machine> reader_{bench_.ring, bench_.lot, cursor_, gate_};
};

TEST_F(ASpanReader, claims_what_is_committed_and_stands_its_gate_there) {
  (void)bench_.publish();
  (void)bench_.publish(96);
  const SpanResult claimed = claim_all();
  ASSERT_EQ(claimed.status, SpanStatus::claimed);
  EXPECT_EQ(claimed.span.begin, 0U);
  EXPECT_EQ(claimed.span.end, 128U);
  EXPECT_EQ(cursor_.position.load(), 128U);
  EXPECT_EQ(gate_position(gate_.value.load()), 0U);
}

TEST_F(ASpanReader, holds_producers_back_by_its_gate_until_it_withdraws) {
  bench_.fill();
  ASSERT_EQ(claim_all().status, SpanStatus::claimed);
  EXPECT_FALSE(bench_.publish().has_value());
  reader_.withdraw();
  EXPECT_TRUE(bench_.publish().has_value());
}

TEST_F(ASpanReader, finds_nothing_and_holds_nobody_when_nothing_is_committed) {
  EXPECT_EQ(claim_all().status, SpanStatus::empty);
  const Reservation open = bench_.ring.try_reserve(bench_.cache, 32);
  EXPECT_EQ(claim_all().status, SpanStatus::empty);
  EXPECT_EQ(gate_.value.load(), kNoGate);
  bench_.ring.abort(open);
}

TEST_F(ASpanReader, is_told_that_its_cursor_is_gone) {
  (void)bench_.publish();
  cursor_.position.store(kNoGate);
  EXPECT_EQ(claim_all().status, SpanStatus::gone);
  EXPECT_EQ(gate_.value.load(), kNoGate);
}

TEST_F(ASpanReader, plans_anew_where_the_cursor_went_meanwhile) {
  for (int i = 0; i < 3; ++i) (void)bench_.publish();
  int plans = 0;
  const SpanResult claimed = reader_.claim([&](std::uint64_t at) {
    if (++plans == 1) cursor_.position.store(32);  // another reader, or the raiser
    return all_from(at);
  });
  EXPECT_EQ(plans, 2);
  EXPECT_EQ(claimed.span.begin, 32U);
  EXPECT_EQ(gate_position(gate_.value.load()), 32U);
}

TEST_F(ASpanReader, drops_to_the_middle_of_the_ring_and_counts_what_that_loses) {
  bench_.fill();
  make_lossy();
  const std::uint64_t tail = bench_.ring.tail();
  reader_.drop_to_middle(kEverything, 256);
  EXPECT_EQ(cursor_.position.load(), tail - kCapacity / 2);
  EXPECT_EQ(cursor_.lost.load(), (tail - kCapacity / 2) / 32);
  EXPECT_EQ(gate_.value.load(), kNoGate);
}

TEST_F(ASpanReader, drops_nothing_within_the_newer_half) {
  for (std::uint64_t bytes = 0; bytes < kCapacity / 2; bytes += 32) (void)bench_.publish();
  make_lossy();
  reader_.drop_to_middle(kEverything, 256);
  EXPECT_EQ(cursor_.position.load(), 0U);
  EXPECT_EQ(cursor_.lost.load(), 0U);
}

TEST_F(ASpanReader, drops_no_further_than_an_open_claim) {
  make_lossy();
  const Reservation open = bench_.ring.try_reserve(bench_.cache, 32);
  bench_.fill();
  reader_.drop_to_middle(kEverything, 256);
  EXPECT_EQ(cursor_.position.load(), open.position);
}

TEST_F(ASpanReader, counts_only_what_its_filter_wants_as_dropped) {
  const TopicSet two(0b100);
  for (std::uint32_t i = 0; bench_.publish(32, 1 + i % 2); ++i) {
  }
  make_lossy();
  reader_.drop_to_middle(two, 256);
  EXPECT_EQ(cursor_.lost.load(), cursor_.position.load() / 64);
}

/// The end of a member's fair span when `records` of 32 bytes wait.
std::uint64_t fair_end(int records, std::uint32_t members, std::uint32_t most) {
  RingBench bench;
  EXPECT_TRUE(bench.join(bench.table.gate(0).value));
  for (int i = 0; i < records; ++i) (void)bench.publish();
  return fair_span_end(bench.ring, 0, members, most, kCapacity);
}

TEST(FairSpan, is_all_there_is_where_little_is) {
  EXPECT_EQ(fair_end(0, 1, 32), 0U);
  EXPECT_EQ(fair_end(1, 1, 32), 32U);
  EXPECT_EQ(fair_end(1, 8, 32), 32U);
}

TEST(FairSpan, leaves_the_other_members_their_share_of_a_backlog) {
  // Half of an eighth of 64 records, and at least one.
  EXPECT_LE(fair_end(64, 8, 32) / 32, 5U);
  EXPECT_GE(fair_end(64, 8, 32) / 32, 4U);
  EXPECT_LE(fair_end(8, 8, 32) / 32, 1U);
}

TEST(FairSpan, has_as_many_records_as_were_asked_for_at_most) {
  EXPECT_EQ(fair_end(100, 1, 5), 5U * 32);
  EXPECT_EQ(fair_end(100, 1, 1'000), 50U * 32) << "half of what there is";
}

TEST(FairSpan, ends_before_it_gets_too_long_but_takes_one_record_however_long) {
  RingBench bench;
  ASSERT_TRUE(bench.join(bench.table.gate(0).value));
  for (int i = 0; i < 4; ++i) (void)bench.publish(512);
  EXPECT_EQ(fair_span_end(bench.ring, 0, 1, 32, 100), 512U);
  EXPECT_EQ(fair_span_end(bench.ring, 0, 1, 32, 1'024), 1'024U);
}

TEST(FairSpan, steps_over_what_is_no_data_and_stops_at_an_open_claim) {
  RingBench bench;
  bench.ring.abort(bench.ring.try_reserve(bench.cache, 96));
  EXPECT_EQ(fair_span_end(bench.ring, 0, 1, 32, kCapacity), 96U);
  (void)bench.publish();
  const Reservation open = bench.ring.try_reserve(bench.cache, 32);
  (void)bench.publish();
  EXPECT_EQ(fair_span_end(bench.ring, 0, 1, 32, kCapacity), open.position);
  bench.ring.abort(open);
}

}  // namespace
}  // namespace sluice::log
