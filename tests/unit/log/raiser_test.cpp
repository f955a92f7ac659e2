#include "sluice/log/raiser.hpp"

#include <gtest/gtest.h>

#include "unit/log/ring_bench.hpp"

namespace sluice::log {
namespace {

constexpr std::uint64_t kCapacity = 4096;
constexpr std::uint64_t kChunk = kCapacity / 8;

/// Publishes until the limit must move, that is: to a full first lap.
void run_to_the_first_limit(RingBench& bench) {
  while (bench.ring.tail() < kCapacity - kAlignment) ASSERT_TRUE(bench.publish().has_value());
}

TEST(Raiser, keeps_the_limit_a_lap_ahead_of_the_lowest_gate) {
  RingBench bench;
  ASSERT_TRUE(bench.join(bench.table.gate(0).value));
  bench.fill();
  bench.move(bench.table.gate(0), 96);
  ASSERT_EQ(bench.ring.raiser().try_raise(0), Raised::limit);
  EXPECT_EQ(bench.ring.limit(), 96 + kCapacity - kAlignment);
  EXPECT_EQ(bench.ring.raiser().try_raise(0), Raised::nothing);
}

TEST(Raiser, raises_by_a_chunk_at_most) {
  RingBench bench;
  run_to_the_first_limit(bench);
  const std::uint64_t limit = bench.ring.limit();
  ASSERT_EQ(bench.ring.raiser().try_raise(0), Raised::limit);
  EXPECT_EQ(bench.ring.limit(), limit + kChunk);
}

TEST(Raiser, zeroes_every_word_it_frees_and_the_one_at_the_limit) {
  RingBench bench;
  run_to_the_first_limit(bench);
  ASSERT_EQ(bench.ring.raiser().try_raise(0), Raised::limit);
  EXPECT_TRUE(bench.is_zeroed_ahead());
  // What it did not free still holds the last lap.
  EXPECT_NE(bench.ring.word(bench.ring.limit() + kAlignment).bits(), 0U);
}

TEST(Raiser, raises_nothing_while_an_open_claim_holds_the_frontier) {
  RingBench bench;
  const Reservation open = bench.ring.try_reserve(bench.cache, 64);
  bench.fill();
  EXPECT_EQ(bench.ring.raiser().try_raise(0), Raised::nothing);
  bench.ring.abort(open);
  EXPECT_EQ(bench.ring.raiser().try_raise(0), Raised::limit);
}

TEST(Raiser, is_waited_for_by_nobody_while_another_raises) {
  RingBench bench;
  const std::uint64_t limit = bench.ring.limit();
  bench.state.raise_lock.store(1);  // odd: somebody was preempted amidst a raise
  EXPECT_EQ(bench.fill(), static_cast<int>(kCapacity / 32) - 1);
  EXPECT_EQ(bench.ring.raiser().try_raise(0), Raised::nothing);
  EXPECT_EQ(bench.ring.try_reserve(bench.cache, 64).status, ClaimStatus::would_block);
  EXPECT_EQ(bench.ring.limit(), limit);
  bench.state.raise_lock.store(2);
  EXPECT_TRUE(bench.publish(64).has_value());
}

TEST(Raiser, leaves_room_for_half_a_ring_while_another_is_preempted) {
  RingBench bench;
  // Raised ahead of need, so that what is free does not depend on the next raise.
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(bench.publish().has_value());
  bench.state.raise_lock.store(bench.state.raise_lock.load() + 1);
  EXPECT_GE(bench.fill(), static_cast<int>(kCapacity / 2 / 32) - static_cast<int>(kChunk / 32));
}

TEST(Raiser, lets_go_of_its_lock_and_counts_the_raises) {
  RingBench bench;
  run_to_the_first_limit(bench);
  const std::uint32_t before = bench.state.raise_lock.load();
  (void)bench.ring.raiser().try_raise(0);
  EXPECT_EQ(bench.state.raise_lock.load(), before + 4);
  bench.ring.raiser().await_raiser();  // nobody raises: at once
}

TEST(Joining, at_the_tail_of_a_quiet_ring_is_in_time) {
  RingBench bench;
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(bench.publish(64).has_value());
  EXPECT_TRUE(bench.join(bench.table.gate(0).value));
}

TEST(Joining, is_too_late_where_more_was_announced_than_leaves_the_position_alone) {
  RingBench bench;
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(bench.publish(64).has_value());
  const std::uint64_t announced = bench.state.announced.load();
  const std::uint64_t oldest = announced + kAlignment - kCapacity;
  EXPECT_TRUE(bench.ring.raiser().joined_at(oldest));
  EXPECT_FALSE(bench.ring.raiser().joined_at(oldest - kAlignment));
  EXPECT_FALSE(bench.join(bench.table.gate(0).value, oldest - kAlignment));
  EXPECT_EQ(bench.table.lowest(), kNoGate) << "who was too late holds nobody back";
}

TEST(LossyCursor, is_moved_over_whole_records_and_what_its_filter_wants_is_counted) {
  RingBench bench;
  const TopicSet odd(0b1010);
  RingBench::Cursor& cursor = bench.table.cursor(0);
  cursor.drop_filter.store(&odd);
  ASSERT_TRUE(bench.join(cursor.position));
  std::uint64_t published_odd = 0;
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    const std::uint32_t topic = i % 4;
    ASSERT_TRUE(bench.publish(i % 3 == 0 ? 96 : 32, topic).has_value());
    published_odd += topic % 2;
  }
  std::uint64_t unread = 0;
  for (std::uint64_t at = cursor.position.load(); at < bench.ring.tail();) {
    const CommitWord word = bench.ring.word(at);
    ASSERT_TRUE(word.is_committed()) << "the cursor does not stand at a record";
    std::uint32_t topic = 0;
    std::memcpy(&topic, bench.ring.readable(at + kTopicOffset, sizeof topic), sizeof topic);
    if (word.is_data() && odd.wants(topic)) ++unread;
    at += word.stride();
  }
  EXPECT_GT(cursor.lost.load(), 0U);
  EXPECT_EQ(cursor.lost.load() + unread, published_odd);
}

TEST(LossyCursor, counts_neither_padding_nor_aborted_claims) {
  RingBench bench;
  const TopicSet everything(~std::uint64_t{0});
  RingBench::Cursor& cursor = bench.table.cursor(0);
  cursor.drop_filter.store(&everything);
  ASSERT_TRUE(bench.join(cursor.position));
  for (int i = 0; i < 300; ++i) {
    const Reservation space = bench.ring.try_reserve(bench.cache, 96);
    ASSERT_EQ(space.status, ClaimStatus::ok);
    bench.ring.abort(space);
  }
  EXPECT_GT(cursor.position.load(), 0U);
  EXPECT_EQ(cursor.lost.load(), 0U);
}

TEST(LossyCursor, stops_at_an_open_claim_and_producers_with_it) {
  RingBench bench;
  const TopicSet everything(~std::uint64_t{0});
  RingBench::Cursor& cursor = bench.table.cursor(0);
  cursor.drop_filter.store(&everything);
  ASSERT_TRUE(bench.join(cursor.position));
  ASSERT_TRUE(bench.publish().has_value());
  const Reservation open = bench.ring.try_reserve(bench.cache, 32);
  bench.fill();
  EXPECT_EQ(cursor.position.load(), open.position);
  EXPECT_EQ(cursor.lost.load(), 1U);
  bench.ring.abort(open);
  EXPECT_TRUE(bench.publish().has_value());
}

TEST(LossyCursor, loses_nothing_while_a_gate_holds_producers_back) {
  RingBench bench;
  const TopicSet everything(~std::uint64_t{0});
  RingBench::Cursor& cursor = bench.table.cursor(0);
  cursor.drop_filter.store(&everything);
  ASSERT_TRUE(bench.join(cursor.position));
  ASSERT_TRUE(bench.join(bench.table.gate(0).value));
  bench.fill();
  EXPECT_EQ(cursor.position.load(), 0U);
  EXPECT_EQ(cursor.lost.load(), 0U);
}

}  // namespace
}  // namespace sluice::log
