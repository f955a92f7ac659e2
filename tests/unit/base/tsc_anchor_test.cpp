#include "sluice/base/tsc_anchor.hpp"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr std::uint64_t kOneNsPerTick = std::uint64_t{1} << 32U;

ClockSample sample_at(std::uint64_t tsc, std::int64_t ns) {
  return {tsc, 1'000'000'000'000 + ns, ns};
}

TEST(TscAnchor, turns_ticks_into_time_at_its_rate) {
  const TscAnchor anchor{1000, 50, kOneNsPerTick / 4, 400};
  EXPECT_EQ(anchor.time_at(1000), 50);
  EXPECT_EQ(anchor.time_at(1100), 75);
  EXPECT_TRUE(anchor.covers(1399));
  EXPECT_FALSE(anchor.covers(1400));
}

TEST(TscAnchor, does_not_cover_a_counter_from_before_it) {
  const TscAnchor anchor{1000, 50, kOneNsPerTick, 400};
  EXPECT_FALSE(anchor.covers(999));
  EXPECT_FALSE(TscAnchor{}.covers(0));
}

TEST(TscAnchor, of_a_slow_counter_does_not_overflow) {
  // 1 MHz: 1000 ns a tick. An hour of it.
  const TscAnchor anchor{0, 0, 1000 * kOneNsPerTick, ~std::uint64_t{0}};
  EXPECT_EQ(anchor.time_at(3'600'000'000), 3'600'000'000'000);
}

TEST(ContinueFrom, takes_a_later_anchor_as_it_is) {
  const TscAnchor previous{0, 0, kOneNsPerTick, 1000};
  const TscAnchor next = continue_from(previous, 500, {500, 510, kOneNsPerTick, 1000});
  EXPECT_EQ(next.ns, 510);
  EXPECT_EQ(next.multiplier, kOneNsPerTick);
}

TEST(ContinueFrom, gains_a_small_lead_back_within_one_anchor_life) {
  const TscAnchor previous{0, 1000, kOneNsPerTick, 1000};
  const TscAnchor next = continue_from(previous, 1000, {1000, 1900, kOneNsPerTick, 1000});
  EXPECT_EQ(next.ns, 2000);
  EXPECT_NEAR(static_cast<double>(next.time_at(2000)), 2900.0, 1.0);
}

TEST(ContinueFrom, runs_at_half_speed_when_the_clock_was_set_far_back) {
  const TscAnchor previous{0, 1'000'000, kOneNsPerTick, 1000};
  const TscAnchor next = continue_from(previous, 1000, {1000, 0, kOneNsPerTick, 1000});
  EXPECT_EQ(next.ns, 1'001'000);
  EXPECT_EQ(next.time_at(2000), 1'001'500);
}

TEST(ContinueFrom, counts_only_what_the_reader_can_have_seen_after_a_long_pause) {
  // A rate 1 % too fast: after a pause of a thousand lives only one life of its error can have been told.
  const TscAnchor previous{0, 0, kOneNsPerTick + kOneNsPerTick / 100, 1000};
  const TscAnchor next = continue_from(previous, 1'000'000, {1'000'000, 1'000'000, kOneNsPerTick, 1000});
  EXPECT_EQ(next.ns, 1'000'000);
}

TEST(ContinueFrom, keeps_the_time_when_the_new_anchor_knows_no_rate) {
  const TscAnchor previous{0, 1000, kOneNsPerTick, 1000};
  const TscAnchor unknown = continue_from(previous, 700, {700, 1600, 0, 0});
  EXPECT_EQ(unknown.ns, 1700);
  EXPECT_FALSE(unknown.covers(700));
  EXPECT_EQ(continue_from(unknown, 710, {710, 1610, kOneNsPerTick, 1000}).ns, 1700);
}

TEST(TscRate, knows_no_rate_before_the_second_sample) {
  TscRate rate;
  rate.start(sample_at(0, 0));
  EXPECT_EQ(rate.multiplier(), 0U);
  EXPECT_EQ(rate.anchor_at(sample_at(0, 0)).valid_ticks, 0U);
  rate.add(sample_at(10, 100));  // Too soon to measure by.
  EXPECT_EQ(rate.multiplier(), 0U);
}

TEST(TscRate, measures_and_makes_anchors_of_100_ms) {
  TscRate rate;
  rate.start(sample_at(0, 0));
  rate.add(sample_at(4'000'000, 2'000'000));
  EXPECT_EQ(rate.multiplier(), kOneNsPerTick / 2);
  const TscAnchor anchor = rate.anchor_at(sample_at(4'000'000, 2'000'000));
  EXPECT_EQ(anchor.tsc, 4'000'000U);
  EXPECT_EQ(anchor.ns, 1'000'002'000'000);
  EXPECT_EQ(anchor.valid_ticks, 200'000'000U);
}

TEST(TscRate, improves_with_the_length_of_the_first_window) {
  TscRate rate;
  rate.start(sample_at(0, 0));
  rate.add(sample_at(2'000'200, 2'000'000));  // 100 ppm off.
  const std::uint64_t early = rate.multiplier();
  rate.add(sample_at(1'000'000'200, 1'000'000'000));
  EXPECT_NE(early, rate.multiplier());
  EXPECT_NEAR(static_cast<double>(rate.multiplier()) / static_cast<double>(kOneNsPerTick), 1.0, 1e-6);
}

TEST(TscRate, follows_a_slow_change_window_by_window) {
  TscRate rate;
  rate.start(sample_at(0, 0));
  rate.add(sample_at(8'000'000'000, 8'000'000'000));
  EXPECT_EQ(rate.multiplier(), kOneNsPerTick);
  rate.add(sample_at(9'000'900'000, 9'000'000'000));  // A second is no window any more.
  EXPECT_EQ(rate.multiplier(), kOneNsPerTick);
  rate.add(sample_at(16'000'800'000, 16'000'000'000));
  EXPECT_NEAR(static_cast<double>(rate.multiplier()) / static_cast<double>(kOneNsPerTick), 0.9999, 1e-6);
}

TEST(TscRate, believes_a_jump_only_when_the_next_window_confirms_it) {
  TscRate rate;
  rate.start(sample_at(0, 0));
  rate.add(sample_at(8'000'000'000, 8'000'000'000));
  rate.add(sample_at(48'000'000'000, 16'000'000'000));  // As if the machine had slept for 32 s.
  EXPECT_EQ(rate.multiplier(), kOneNsPerTick);
  rate.add(sample_at(56'000'000'000, 24'000'000'000));
  EXPECT_EQ(rate.multiplier(), kOneNsPerTick);
  rate.add(sample_at(72'000'000'000, 32'000'000'000));  // A counter of twice the speed, from now on.
  EXPECT_EQ(rate.multiplier(), kOneNsPerTick);
  rate.add(sample_at(88'000'000'000, 40'000'000'000));
  EXPECT_EQ(rate.multiplier(), kOneNsPerTick / 2);
}

TEST(TscRate, starts_over_when_the_counter_was_reset) {
  TscRate rate;
  rate.start(sample_at(5'000'000'000, 0));
  rate.add(sample_at(13'000'000'000, 8'000'000'000));
  rate.add(sample_at(100, 17'000'000'000));
  EXPECT_EQ(rate.multiplier(), kOneNsPerTick);
  rate.add(sample_at(8'000'000'100, 25'000'000'000));
  EXPECT_EQ(rate.multiplier(), kOneNsPerTick);
}

TEST(SharedTscAnchor, is_never_read_half_replaced) {
  SharedTscAnchor shared;
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (std::uint64_t n = 1; !stop.load(std::memory_order_relaxed); ++n) {
      shared.store({n, static_cast<std::int64_t>(n), n, n});
    }
  });
  // Until a few thousand whole anchors were read, the first ones perhaps before the writer began.
  for (int whole = 0; whole < 20'000;) {
    const std::optional<TscAnchor> anchor = shared.load();
    if (!anchor.has_value()) {
      std::this_thread::yield();
      continue;
    }
    ++whole;
    EXPECT_EQ(anchor->tsc, anchor->multiplier);
    EXPECT_EQ(anchor->tsc, anchor->valid_ticks);
    EXPECT_EQ(anchor->tsc, static_cast<std::uint64_t>(anchor->ns));
  }
  stop.store(true, std::memory_order_relaxed);
  writer.join();
}

}  // namespace
}  // namespace sluice
