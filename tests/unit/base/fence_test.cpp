#include "sluice/base/fence.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>
#include <sched.h>

#include "sluice/base/thread.hpp"

namespace sluice::platform {
namespace {

/// Two CPUs that this process may use; one of them twice where there is no second.
std::array<unsigned, 2> two_cpus() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  ::sched_getaffinity(0, sizeof allowed, &allowed);
  std::array<unsigned, 2> found{};
  std::size_t count = 0;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE && count < 2; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) found[count++] = cpu;
  }
  if (count == 1) found[1] = found[0];
  return found;
}

/// Waits until `word` is no longer `old`, and returns what it is. Without giving the core away at first: the
/// two threads must meet within nanoseconds to prove anything.
int await_change(const std::atomic<int>& word, int old) {
  for (int spins = 0;; ++spins) {
    if (const int value = word.load(std::memory_order_acquire); value != old) return value;
    if (spins < 2000) {
      cpu_relax();
    } else {
      std::this_thread::yield();
    }
  }
}

/// Store, fence, load the other's flag: with fences on both sides at least one of the two sees the other.
/// A smoke test: a missing fence may well survive it, the model checker is what proves the protocols.
template <class MyFence, class TheirFence>
int rounds_in_which_nobody_saw_the_other(MyFence my_fence, TheirFence their_fence) {
  // Time bounds the effort and not the verdict: on a busy machine there are fewer rounds.
  constexpr int kMostRounds = 100'000;
  constexpr std::chrono::milliseconds kLongest{150};
  constexpr int kStop = -1;
  // Apart, so that neither side's stores wait for a line that the other one spins on.
  struct alignas(kDestructiveBytes) Word {
    std::atomic<int> value{0};
  };
  Word mine;
  Word theirs;
  Word i_am_ready;
  Word done;
  std::atomic<bool> they_saw{false};

  // On CPUs of their own, or the scheduler may run them in turns. Where it refuses they run where they may.
  const std::array<unsigned, 2> cpus = two_cpus();
  std::thread other([&] {
    (void)pin_this_thread(cpus[0]);
    for (int round = 1; await_change(i_am_ready.value, round - 1) != kStop; ++round) {
      theirs.value.store(round, std::memory_order_relaxed);
      their_fence();
      they_saw.store(mine.value.load(std::memory_order_relaxed) == round, std::memory_order_relaxed);
      done.value.store(round, std::memory_order_release);
    }
  });
  int missed = 0;
  std::thread me([&] {
    (void)pin_this_thread(cpus[1]);
    const auto end = std::chrono::steady_clock::now() + kLongest;
    for (int round = 1; round <= kMostRounds && std::chrono::steady_clock::now() < end; ++round) {
      i_am_ready.value.store(round, std::memory_order_release);
      // The other side takes a while to notice: try several distances.
      for (int pause = round % 16; pause > 0; --pause) cpu_relax();
      mine.value.store(round, std::memory_order_relaxed);
      my_fence();
      const bool i_saw = theirs.value.load(std::memory_order_relaxed) == round;
      await_change(done.value, round - 1);
      if (!i_saw && !they_saw.load(std::memory_order_relaxed)) ++missed;
    }
    i_am_ready.value.store(kStop, std::memory_order_release);
  });
  me.join();
  other.join();
  return missed;
}

TEST(Fence, full_fences_on_both_sides_let_one_side_see_the_other) {
  EXPECT_EQ(rounds_in_which_nobody_saw_the_other(full_fence, full_fence), 0);
}

TEST(Fence, a_light_and_a_heavy_fence_let_one_side_see_the_other) {
  register_asymmetric_fence();
  EXPECT_EQ(rounds_in_which_nobody_saw_the_other(light_fence, heavy_fence), 0);
}

TEST(Fence, the_pair_still_orders_when_it_is_made_of_full_fences) {
  const SymmetricFencesForTest symmetric;
  EXPECT_EQ(rounds_in_which_nobody_saw_the_other(light_fence, heavy_fence), 0);
}

TEST(Fence, registering_twice_gives_the_same_answer) {
  const bool first = register_asymmetric_fence();
  EXPECT_EQ(register_asymmetric_fence(), first);
  EXPECT_EQ(asymmetric_fence_available(), first);
}

TEST(Fence, forcing_symmetric_fences_outlasts_a_registration_and_ends_with_the_object) {
  const bool before = register_asymmetric_fence();
  {
    const SymmetricFencesForTest symmetric;
    EXPECT_FALSE(asymmetric_fence_available());
    EXPECT_FALSE(register_asymmetric_fence());
    EXPECT_FALSE(asymmetric_fence_available());
  }
  EXPECT_EQ(asymmetric_fence_available(), before);
}

}  // namespace
}  // namespace sluice::platform
