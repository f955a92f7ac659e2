#include "sluice/base/counter.hpp"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Counter, counts_what_its_writer_adds) {
  Counter counter;
  EXPECT_EQ(counter.read(), 0U);
  counter.add();
  counter.add(41);
  EXPECT_EQ(counter.read(), 42U);
}

TEST(Counter, may_be_read_by_another_thread_and_never_goes_back) {
  constexpr std::uint64_t kTotal = 50'000;
  Counter counter;
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < kTotal; ++i) counter.add();
  });
  std::uint64_t last = 0;
  while (last < kTotal) {
    const std::uint64_t now = counter.read();
    ASSERT_GE(now, last);
    ASSERT_LE(now, kTotal);
    last = now;
  }
  writer.join();
}

TEST(SharedCounter, loses_nothing_that_many_threads_add) {
  // More threads than stripes, so that some share one.
  constexpr std::uint64_t kThreads = 12;
  constexpr std::uint64_t kEach = 5'000;
  SharedCounter counter;
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (std::uint64_t n = 0; n < kEach; ++n) counter.add(3);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.read(), kThreads * kEach * 3);
}

TEST(SharedCounter, knows_at_once_what_this_thread_added) {
  SharedCounter counter;
  for (std::uint64_t n = 1; n <= 100; ++n) {
    counter.add();
    ASSERT_EQ(counter.read(), n);
  }
}

}  // namespace
}  // namespace sluice
