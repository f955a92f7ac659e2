#include "sluice/log/parking.hpp"

#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include "sluice/base/event_fd.hpp"
#include "sluice/log/machine.hpp"

namespace sluice::log {
namespace {

constexpr std::uint32_t kSlots = 128;
constexpr std::chrono::nanoseconds kForEver{-1};

/// A lot with two words of slots, and no threads: a wake shows in the waiter's word.
class AParkingLot : public ::testing::Test {
 protected:
  AParkingLot() { platform::register_asymmetric_fence(); }

  [[nodiscard]] std::uint32_t wakes(std::uint32_t slot) const { return waiters_[slot].word.load(); }
  /// A commit of an event that only `slot` wants.
  void notify_of(std::uint32_t slot) {
    lot_.notify(
        [slot](std::uint32_t word) { return word == slot / 64 ? std::uint64_t{1} << (slot % 64) : 0; });
  }
  void notify_of_nothing() {
    lot_.notify([](std::uint32_t) { return std::uint64_t{0}; });
  }

  std::unique_ptr<Waiter<Machine>[]> waiters_ = std::make_unique<Waiter<Machine>[]>(kSlots);
  ParkingLot<Machine> lot_{waiters_.get(), kSlots};
};

TEST_F(AParkingLot, wakes_nobody_who_is_up) {
  notify_of(3);
  lot_.wake_all();
  EXPECT_EQ(wakes(3), 0U);
}

TEST_F(AParkingLot, wakes_a_filtered_sleeper_by_what_it_wants_only) {
  lot_.sleep_filtered(100);
  notify_of(36);  // the same bit of the other word
  notify_of_nothing();
  EXPECT_EQ(wakes(100), 0U);
  EXPECT_TRUE(lot_.is_asleep(100));
  notify_of(100);
  EXPECT_EQ(wakes(100), 1U);
  EXPECT_FALSE(lot_.is_asleep(100));
}

TEST_F(AParkingLot, wakes_one_that_sleeps_for_any_commit_by_any_commit) {
  lot_.sleep_for_any(7);
  notify_of_nothing();
  EXPECT_EQ(wakes(7), 1U);
}

TEST_F(AParkingLot, wakes_a_sleeper_once_however_many_commits_there_are) {
  lot_.sleep_filtered(7);
  lot_.sleep_for_any(7);
  notify_of(7);
  notify_of(7);
  lot_.wake_all();
  EXPECT_EQ(wakes(7), 1U);
}

TEST_F(AParkingLot, wakes_everybody_when_asked_to) {
  lot_.sleep_filtered(0);
  lot_.sleep_for_any(63);
  lot_.sleep_filtered(64);
  lot_.wake_all();
  for (const std::uint32_t slot : {0U, 63U, 64U}) EXPECT_EQ(wakes(slot), 1U);
}

TEST_F(AParkingLot, tells_who_rises_whether_somebody_had_begun_to_wake_it) {
  lot_.sleep_filtered(5);
  EXPECT_TRUE(lot_.rise(5));
  EXPECT_FALSE(lot_.rise(5));
  lot_.sleep_for_any(5);
  notify_of_nothing();
  EXPECT_FALSE(lot_.rise(5));
}

TEST_F(AParkingLot, leaves_others_asleep_when_one_rises) {
  lot_.sleep_filtered(5);
  lot_.sleep_filtered(6);
  (void)lot_.rise(5);
  EXPECT_FALSE(lot_.is_asleep(5));
  EXPECT_TRUE(lot_.is_asleep(6));
}

TEST_F(AParkingLot, signals_the_eventfd_of_a_sleeper_that_has_one) {
  auto event_fd = platform::EventFd::create().value();
  waiters_[9].event_fd.store(event_fd.fd());
  lot_.sleep_filtered(9);
  notify_of(9);
  EXPECT_EQ(waiters_[9].wakes.load(), 1U);
  event_fd.clear();
}

TEST_F(AParkingLot, releases_space_to_who_wants_it_and_to_nobody_else) {
  lot_.space_freed();
  EXPECT_FALSE(lot_.space_wanted());
  const std::uint32_t ticket = lot_.want_space();
  EXPECT_TRUE(lot_.space_wanted());
  EXPECT_TRUE(lot_.space_unreleased(ticket));
  lot_.space_freed();
  EXPECT_FALSE(lot_.space_wanted());
  EXPECT_FALSE(lot_.space_unreleased(ticket));
  lot_.await_space(ticket, kForEver);  // the ticket is spent: at once
}

TEST_F(AParkingLot, releases_space_by_a_commit_too) {
  const std::uint32_t ticket = lot_.want_space();
  notify_of_nothing();
  EXPECT_FALSE(lot_.space_unreleased(ticket));
}

TEST_F(AParkingLot, wakes_a_thread_that_waits_for_space) {
  std::atomic<bool> wants{false};
  std::thread publisher([&] {
    const std::uint32_t ticket = lot_.want_space();
    wants.store(true);
    while (lot_.space_unreleased(ticket)) lot_.await_space(ticket, kForEver);
  });
  while (!wants.load()) platform::yield_thread();
  lot_.space_freed();
  publisher.join();
  EXPECT_FALSE(lot_.space_wanted());
}

TEST_F(AParkingLot, wakes_a_thread_that_sleeps_on_its_waiter) {
  std::atomic<bool> asleep{false};
  std::thread sleeper([&] {
    const std::uint32_t ticket = waiters_[1].word.load();
    lot_.sleep_filtered(1);
    asleep.store(true);
    while (waiters_[1].word.load() == ticket) Machine::futex_wait(waiters_[1].word, ticket, kForEver);
  });
  while (!asleep.load()) platform::yield_thread();
  notify_of(1);
  sleeper.join();
  EXPECT_EQ(wakes(1), 1U);
}

}  // namespace
}  // namespace sluice::log
