#include "sluice/log/sleep.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "unit/log/ring_bench.hpp"

namespace sluice::log {
namespace {

constexpr std::uint32_t kSlot = 3;

/// A ring and its lot, read by somebody who wants topic 1.
class Shore {
 public:
  [[nodiscard]] ParkingLot<Machine>& lot() noexcept { return lot_; }
  [[nodiscard]] std::uint64_t tail() const noexcept { return bench_.ring.tail(); }
  [[nodiscard]] std::uint64_t position() const noexcept { return at_; }
  /// Steps over committed records of other topics.
  [[nodiscard]] bool ready() noexcept {
    for (;;) {
      const CommitWord word = bench_.ring.word(at_);
      if (!word.is_committed()) return false;
      if (word.is_data() && bench_.ring.topic_at(at_) == 1) return true;
      at_ += word.stride();
    }
  }

  void publish(std::uint32_t topic) {
    (void)bench_.publish(32, topic);
    notify(topic);
  }
  [[nodiscard]] Reservation claim() { return bench_.ring.try_reserve(bench_.cache, 32); }
  void commit(const Reservation& space, std::uint32_t topic) {
    bench_.write_topic(space.position, topic);
    bench_.ring.commit(space, CommitWord::committed(RecordKind::data, 32));
    notify(topic);
  }

  [[nodiscard]] Waiter<Machine>& waiter() noexcept { return waiters_[kSlot]; }

 private:
  void notify(std::uint32_t topic) {
    lot_.notify([topic](std::uint32_t) { return topic == 1 ? std::uint64_t{1} << kSlot : 0; });
  }

  RingBench bench_;
  std::unique_ptr<Waiter<Machine>[]> waiters_ = std::make_unique<Waiter<Machine>[]>(8);
  ParkingLot<Machine> lot_{waiters_.get(), 8};
  std::uint64_t at_ = 0;
};

class Sleeping : public ::testing::Test {
 protected:
  Sleeping() { platform::register_asymmetric_fence(); }

  [[nodiscard]] bool fall_asleep() { return log::fall_asleep<Machine>(shores_, kSlot); }
  [[nodiscard]] std::uint32_t wakes() { return shore_.waiter().word.load(); }

  std::vector<Shore> shores_ = std::vector<Shore>(1);
  Shore& shore_ = shores_.front();
};

TEST_F(Sleeping, stays_awake_when_something_wanted_is_there) {
  shore_.publish(1);
  EXPECT_FALSE(fall_asleep());
}

TEST_F(Sleeping, sleeps_through_what_it_does_not_want) {
  shore_.publish(2);
  ASSERT_TRUE(fall_asleep());
  shore_.publish(2);
  EXPECT_EQ(wakes(), 0U);
  shore_.publish(1);
  EXPECT_EQ(wakes(), 1U);
}

TEST_F(Sleeping, is_woken_behind_an_open_claim_by_any_commit) {
  const Reservation open = shore_.claim();
  shore_.publish(1);  // cannot be read yet
  ASSERT_TRUE(fall_asleep());
  shore_.commit(open, 2);
  EXPECT_EQ(wakes(), 1U);
  EXPECT_FALSE(fall_asleep());
}

TEST_F(Sleeping, leaves_no_bit_behind_when_it_rises) {
  const Reservation open = shore_.claim();
  ASSERT_TRUE(fall_asleep());
  const std::vector<std::reference_wrapper<ParkingLot<Machine>>> lots{shore_.lot()};
  for (ParkingLot<Machine>& lot : lots) EXPECT_TRUE(lot.is_asleep(kSlot));
  (void)shore_.lot().rise(kSlot);
  EXPECT_FALSE(shore_.lot().is_asleep(kSlot));
  shore_.commit(open, 1);
  EXPECT_EQ(wakes(), 0U);
}

TEST_F(Sleeping, for_any_is_woken_by_what_nobody_wants) {
  std::vector<std::reference_wrapper<ParkingLot<Machine>>> lots{shore_.lot()};
  EXPECT_FALSE(fall_asleep_for_any<Machine>(lots, kSlot, [] { return true; }));
  ASSERT_TRUE(fall_asleep_for_any<Machine>(lots, kSlot, [] { return false; }));
  shore_.publish(2);
  EXPECT_EQ(wakes(), 1U);
}

TEST_F(Sleeping, a_nap_ends_at_once_when_the_wake_came_before_it) {
  Nap<Machine> nap(shore_.waiter());
  EXPECT_FALSE(nap.was_woken());
  shore_.waiter().wake();
  EXPECT_TRUE(nap.was_woken());
  nap.sleep(std::chrono::nanoseconds(-1));  // would never return
  EXPECT_FALSE(Nap<Machine>(shore_.waiter()).was_woken());
}

}  // namespace
}  // namespace sluice::log
