#include "sluice/log/ring.hpp"

#include <array>

#include <gtest/gtest.h>

#include "unit/log/ring_bench.hpp"

namespace sluice::log {
namespace {

constexpr std::uint64_t kCapacity = 4096;

class EitherRing : public ::testing::TestWithParam<Producers> {
 protected:
  RingBench bench_{{.capacity_bytes = kCapacity, .producers = GetParam()}};
  Ring<Machine>& ring_ = bench_.ring;
  RingBench::Gate& gate_ = bench_.table.gate(0);

  Reservation reserve(std::uint32_t bytes) { return ring_.try_reserve(bench_.cache, bytes); }
};

TEST_P(EitherRing, begins_empty_and_zeroed) {
  EXPECT_EQ(ring_.tail(), 0U);
  EXPECT_EQ(ring_.limit(), kCapacity - kAlignment);
  EXPECT_TRUE(bench_.is_zeroed_ahead());
}

TEST_P(EitherRing, refuses_a_claim_when_the_slowest_gate_is_a_lap_behind) {
  ASSERT_TRUE(bench_.join(gate_.value));
  EXPECT_EQ(bench_.fill(), static_cast<int>(kCapacity / 32) - 1);
  EXPECT_EQ(reserve(32).status, ClaimStatus::would_block);
  bench_.move(gate_, 32);
  EXPECT_TRUE(bench_.publish().has_value());
  EXPECT_FALSE(bench_.publish().has_value());
}

TEST_P(EitherRing, goes_as_far_as_the_slower_of_two_gates) {
  ASSERT_TRUE(bench_.join(gate_.value));
  ASSERT_TRUE(bench_.join(bench_.table.gate(1).value));
  bench_.fill();
  bench_.move(gate_, ring_.tail());
  EXPECT_FALSE(bench_.publish().has_value());
  bench_.move(bench_.table.gate(1), 64);
  EXPECT_EQ(bench_.fill(), 2);
}

TEST_P(EitherRing, moves_nothing_when_a_claim_fails) {
  ASSERT_TRUE(bench_.join(gate_.value));
  bench_.fill();
  const std::uint64_t tail = ring_.tail();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(reserve(64).status, ClaimStatus::would_block);
  EXPECT_EQ(ring_.tail(), tail);
  EXPECT_EQ(ring_.word(tail).bits(), 0U);
}

TEST_P(EitherRing, laps_without_end_when_nobody_gates) {
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(bench_.publish(96).has_value());
  EXPECT_TRUE(bench_.is_zeroed_ahead());
}

TEST_P(EitherRing, pads_its_end_rather_than_let_a_record_cross_it) {
  while (ring_.tail() % kCapacity != kCapacity - 64) ASSERT_TRUE(bench_.publish(32).has_value());
  const std::uint64_t padding_at = ring_.tail();
  const Reservation space = reserve(128);
  ASSERT_EQ(space.status, ClaimStatus::ok);
  EXPECT_EQ(space.position, padding_at + 64);
  EXPECT_EQ(space.position % kCapacity, 0U);
  EXPECT_EQ(ring_.word(padding_at).kind(), RecordKind::padding);
  EXPECT_EQ(ring_.word(padding_at).stride(), 64U);
  ring_.abort(space);
}

TEST_P(EitherRing, fits_a_record_that_ends_where_the_ring_does) {
  while (ring_.tail() % kCapacity != kCapacity - 64) ASSERT_TRUE(bench_.publish(32).has_value());
  const std::uint64_t at = ring_.tail();
  EXPECT_EQ(bench_.publish(64), at);
  EXPECT_EQ(ring_.tail() % kCapacity, 0U);
}

TEST_P(EitherRing, shows_nothing_of_a_claim_until_it_is_committed) {
  const Reservation space = reserve(64);
  EXPECT_FALSE(ring_.word(space.position).is_committed());
  ring_.commit(space, CommitWord::committed(RecordKind::data, 60));
  EXPECT_TRUE(ring_.word(space.position).is_committed());
  EXPECT_EQ(ring_.word(space.position).length(), 60U);
}

TEST_P(EitherRing, closes_what_a_short_commit_leaves_over_with_padding) {
  const Reservation space = reserve(256);
  ring_.commit(space, CommitWord::committed(RecordKind::data, 33));
  EXPECT_EQ(ring_.word(space.position).stride(), 64U);
  EXPECT_EQ(ring_.word(space.position + 64).kind(), RecordKind::padding);
  EXPECT_EQ(ring_.word(space.position + 64).stride(), 192U);
  EXPECT_EQ(ring_.tail(), space.position + 256);
}

TEST_P(EitherRing, has_an_aborted_claim_stepped_over) {
  const Reservation space = reserve(96);
  ring_.abort(space);
  EXPECT_EQ(ring_.word(space.position).kind(), RecordKind::aborted);
  EXPECT_TRUE(ring_.word(space.position).is_committed());
  EXPECT_EQ(ring_.word(space.position).stride(), 96U);
}

TEST_P(EitherRing, shows_nothing_of_a_batch_until_its_first_record_is_committed_last) {
  const Reservation space = reserve(96);
  auto place = ring_.place_at(space.position);
  place.place(32, CommitWord::committed(RecordKind::data, 64));
  EXPECT_FALSE(ring_.word(space.position).is_committed());
  place.commit(CommitWord::committed(RecordKind::data, 32));
  EXPECT_TRUE(ring_.word(space.position).is_committed());
  EXPECT_TRUE(ring_.word(space.position + 32).is_committed());
}

TEST_P(EitherRing, refuses_every_claim_once_it_is_closed) {
  (void)bench_.publish();
  const std::uint64_t last = ring_.close();
  EXPECT_EQ(last, 32U);
  EXPECT_EQ(reserve(32).status, ClaimStatus::closed);
  EXPECT_EQ(ring_.close(), ring_.tail());
}

TEST_P(EitherRing, lets_a_claim_that_was_open_when_it_closed_be_committed) {
  const Reservation space = reserve(32);
  EXPECT_EQ(ring_.close(), 32U);
  ring_.commit(space, CommitWord::committed(RecordKind::data, 32));
  EXPECT_TRUE(ring_.word(space.position).is_committed());
}

TEST_P(EitherRing, takes_records_of_an_eighth_and_batches_of_a_quarter) {
  EXPECT_EQ(ring_.max_record_bytes(), kCapacity / 8);
  EXPECT_EQ(ring_.max_batch_bytes(), kCapacity / 4);
}

TEST_P(EitherRing, says_where_a_claim_would_end) {
  EXPECT_EQ(ring_.end_of_claim(96), 96U);
  while (ring_.tail() % kCapacity != kCapacity - 32) ASSERT_TRUE(bench_.publish(32).has_value());
  const std::uint64_t tail = ring_.tail();
  EXPECT_EQ(ring_.end_of_claim(32), tail + 32);
  EXPECT_EQ(ring_.end_of_claim(64), tail + 32 + 64);
}

TEST_P(EitherRing, notes_that_it_is_tight_while_somebody_lags) {
  ASSERT_TRUE(bench_.join(gate_.value));
  bench_.fill();
  EXPECT_TRUE(bench_.cache.tight);
  for (int i = 0; i < 64; ++i) {
    bench_.move(gate_, ring_.tail());
    ASSERT_TRUE(bench_.publish().has_value());
  }
  EXPECT_FALSE(bench_.cache.tight);
}

TEST_P(EitherRing, goes_on_from_any_position) {
  for (const std::uint64_t start : {std::uint64_t{1} << 31, std::uint64_t{1} << 32, std::uint64_t{1} << 62}) {
    RingBench bench({.capacity_bytes = kCapacity, .producers = GetParam(), .start_position = start - 512});
    ASSERT_TRUE(bench.join(bench.table.gate(0).value));
    EXPECT_EQ(bench.publish(), start - 512);
    EXPECT_EQ(bench.fill(), static_cast<int>(kCapacity / 32) - 2);
    bench.move(bench.table.gate(0), bench.ring.tail());
    EXPECT_EQ(bench.fill(), static_cast<int>(kCapacity / 32) - 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Producers, EitherRing, ::testing::Values(Producers::multi, Producers::single),
                         [](const auto& which) {
                           return which.param == Producers::multi ? "multi" : "single";
                         });

TEST(RingOfSeveral, marks_a_claim_with_its_length_before_anything_else) {
  RingBench bench;
  const Reservation space = bench.ring.try_reserve(bench.cache, 96);
  EXPECT_TRUE(bench.ring.word(space.position).is_claimed());
  EXPECT_EQ(bench.ring.word(space.position).length(), 96U);
}

TEST(RingOfSeveral, is_not_lapped_over_an_open_claim_though_nobody_gates) {
  RingBench bench;
  const Reservation open = bench.ring.try_reserve(bench.cache, 32);
  EXPECT_EQ(bench.fill(), static_cast<int>(kCapacity / 32) - 2);
  EXPECT_EQ(bench.ring.word(open.position).bits(), CommitWord::claimed(32).bits());
  bench.ring.commit(open, CommitWord::committed(RecordKind::data, 32));
  EXPECT_TRUE(bench.publish().has_value());
}

TEST(RingOfSeveral, is_not_lapped_over_an_open_claim_below_a_subscriber_that_joined_later) {
  RingBench bench;
  const Reservation open = bench.ring.try_reserve(bench.cache, 32);
  ASSERT_TRUE(bench.join(bench.table.gate(0).value));
  bench.fill();
  bench.move(bench.table.gate(0), bench.ring.tail());
  EXPECT_FALSE(bench.publish().has_value());
  bench.ring.abort(open);
  EXPECT_TRUE(bench.publish().has_value());
}

TEST(RingOfOne, is_not_lapped_over_its_open_claim) {
  RingBench bench({.capacity_bytes = kCapacity, .producers = Producers::single});
  for (int lap = 0; lap < 200; ++lap) ASSERT_TRUE(bench.publish(512).has_value());
  const Reservation open = bench.ring.try_reserve(bench.cache, 512);
  ASSERT_EQ(open.status, ClaimStatus::ok);
  EXPECT_LE(bench.ring.limit(), open.position + kCapacity - kAlignment);
}

}  // namespace
}  // namespace sluice::log
