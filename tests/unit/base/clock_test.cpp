#include "sluice/base/clock.hpp"

#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace sluice {
namespace {

/// Runs `read` between two readings of the system clock until these lie less than 50 us apart, so that
/// neither a busy machine nor a preempted thread decides the test, and returns how far outside of them its
/// answer was.
template <class Read>
std::int64_t distance_from_system_clock(Read read) {
  const SystemClock system;
  for (;;) {
    const std::int64_t before = system.now_ns();
    const std::int64_t answer = read();
    const std::int64_t after = system.now_ns();
    if (after < before || after - before > 50'000) continue;
    if (answer < before) return before - answer;
    return answer > after ? answer - after : 0;
  }
}

/// Generous: what is tested is that the clock tells the same time, not how well the machine keeps it.
constexpr std::int64_t kToleranceNs = 5'000'000;

TEST(SystemClock, tells_the_time_of_this_century) {
  constexpr std::int64_t kYear2020 = 1'577'836'800'000'000'000;
  constexpr std::int64_t kYear2120 = 4'733'510'400'000'000'000;
  EXPECT_GT(SystemClock().now_ns(), kYear2020);
  EXPECT_LT(SystemClock().now_ns(), kYear2120);
}

TEST(ManualClock, stands_still_until_it_is_told_otherwise) {
  ManualClock clock(100);
  EXPECT_EQ(clock.now_ns(), 100);
  EXPECT_EQ(clock.now_ns(), 100);
  clock.advance(11);
  EXPECT_EQ(clock.now_ns(), 111);
  clock.set(-5);
  EXPECT_EQ(clock.now_ns(), -5);
}

TEST(ManualClock, loses_no_advance_of_several_threads) {
  ManualClock clock;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) clock.advance(2);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(clock.now_ns(), 6000);
}

TEST(TscClock, agrees_with_the_system_clock) {
  const TscClock clock;
  EXPECT_LT(distance_from_system_clock([&] { return clock.now_ns(); }), kToleranceNs);
}

TEST(TscClock, still_agrees_after_its_anchor_was_replaced_a_few_times) {
  const TscClock clock;
  const std::int64_t end = monotonic_ns() + 250'000'000;
  while (monotonic_ns() < end) (void)clock.now_ns();
  EXPECT_LT(distance_from_system_clock([&] { return clock.now_ns(); }), kToleranceNs);
}

TEST(TscClock, agrees_with_the_system_clock_while_threads_replace_its_anchor) {
  const TscClock clock;
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (!stop.load(std::memory_order_relaxed)) (void)clock.fresh_anchor();
    });
  }
  for (int i = 0; i < 2000; ++i) {
    ASSERT_LT(distance_from_system_clock([&] { return clock.now_ns(); }), kToleranceNs);
  }
  stop.store(true, std::memory_order_relaxed);
  for (std::thread& thread : threads) thread.join();
}

TEST(DefaultClock, is_one_for_the_whole_process) {
  EXPECT_EQ(&default_clock(), &default_clock());
  EXPECT_LT(distance_from_system_clock([] { return default_clock().now_ns(); }), kToleranceNs);
}

TEST(ClockReader, agrees_with_the_system_clock) {
  ClockReader by_default;
  EXPECT_LT(distance_from_system_clock([&] { return by_default.now_ns(); }), kToleranceNs);
  const SystemClock system;
  ClockReader by_system(&system);
  EXPECT_EQ(distance_from_system_clock([&] { return by_system.now_ns(); }), 0);
}

TEST(ClockReader, never_steps_backwards_also_where_it_takes_a_new_anchor) {
  ClockReader reader;
  std::int64_t last = reader.now_ns();
  const std::int64_t end = monotonic_ns() + 250'000'000;
  while (monotonic_ns() < end) {
    const std::int64_t now = reader.now_ns();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(ClockReader, tells_what_any_other_clock_says) {
  ManualClock clock(5);
  ClockReader reader(&clock);
  EXPECT_EQ(reader.now_ns(), 5);
  clock.set(3);
  EXPECT_EQ(reader.now_ns(), 3);
}

TEST(MonotonicTime, never_steps_backwards) {
  std::int64_t last = monotonic_ns();
  for (int i = 0; i < 10'000; ++i) {
    const std::int64_t now = monotonic_ns();
    ASSERT_GE(now, last);
    last = now;
  }
}

}  // namespace
}  // namespace sluice
