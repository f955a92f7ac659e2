#include "sluice/base/futex.hpp"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::platform {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds kForever{-1};

void sleep_until_set(std::atomic<std::uint32_t>& word, std::atomic<int>& awake) {
  while (word.load(std::memory_order_acquire) == 0) futex_wait(word, 0, kForever);
  awake.fetch_add(1, std::memory_order_relaxed);
}

TEST(Futex, returns_at_once_when_the_word_holds_another_value) {
  std::atomic<std::uint32_t> word{7};
  EXPECT_TRUE(futex_wait(word, 6, kForever));
}

TEST(Futex, reports_a_timeout_when_nobody_wakes_it) {
  std::atomic<std::uint32_t> word{0};
  // A signal may end a wait early, so ask until the answer is the one that only a time-out gives.
  while (futex_wait(word, 0, 1ms)) {
  }
  while (futex_wait(word, 0, 0ns)) {
  }
  SUCCEED();
}

TEST(Futex, wake_one_ends_a_wait_without_end) {
  std::atomic<std::uint32_t> word{0};
  std::atomic<int> awake{0};
  std::thread sleeper([&] { sleep_until_set(word, awake); });
  word.store(1, std::memory_order_release);
  futex_wake_one(word);
  sleeper.join();
  EXPECT_EQ(awake.load(), 1);
}

TEST(Futex, wake_all_ends_every_wait) {
  std::atomic<std::uint32_t> word{0};
  std::atomic<int> awake{0};
  std::vector<std::thread> sleepers;
  for (int i = 0; i < 4; ++i) sleepers.emplace_back([&] { sleep_until_set(word, awake); });
  word.store(1, std::memory_order_release);
  futex_wake_all(word);
  for (std::thread& sleeper : sleepers) sleeper.join();
  EXPECT_EQ(awake.load(), 4);
}

TEST(Futex, a_thread_that_is_asleep_for_certain_is_woken) {
  // The sleeper never looks at the word between its waits, so only a wake that finds it asleep ends the test.
  std::atomic<std::uint32_t> word{0};
  std::atomic<bool> woken{false};
  std::thread sleeper([&] {
    while (!futex_wait(word, 0, 10s)) {
    }
    woken.store(true, std::memory_order_release);
  });
  while (!woken.load(std::memory_order_acquire)) {
    futex_wake_one(word);
    std::this_thread::yield();
  }
  sleeper.join();
}

}  // namespace
}  // namespace sluice::platform
