#include "sluice/log/turnstile.hpp"

#include <gtest/gtest.h>

#include "sluice/log/machine.hpp"

namespace sluice::log {
namespace {

constexpr std::uint64_t kPoller = 7;
constexpr std::uint64_t kAsker = 8;
constexpr std::uint32_t kOne = 1;
constexpr std::uint32_t kOther = 4;

class ATurnstile : public ::testing::Test {
 protected:
  ATurnstile() { platform::register_asymmetric_fence(); }

  void carry_out_unless_busy(std::uint64_t thread) {
    turnstile_.carry_out_unless_busy(thread, [&] { ++carried_out_; });
  }
  void exit() {
    turnstile_.exit([&] { ++carried_out_; });
  }

  Turnstile<Machine> turnstile_;
  int carried_out_ = 0;
};

TEST_F(ATurnstile, lets_one_thread_in_and_names_it_to_others) {
  EXPECT_EQ(turnstile_.try_enter(kPoller), 0U);
  EXPECT_TRUE(turnstile_.is_inside(kPoller));
  EXPECT_EQ(turnstile_.try_enter(kAsker), kPoller);
  EXPECT_EQ(turnstile_.try_enter(kPoller), kPoller);
  exit();
  EXPECT_EQ(turnstile_.try_enter(kAsker), 0U);
  EXPECT_EQ(carried_out_, 0);
}

TEST_F(ATurnstile, carries_a_request_out_at_once_when_nobody_is_inside) {
  turnstile_.ask(kOne);
  carry_out_unless_busy(kAsker);
  EXPECT_EQ(carried_out_, 1);
  EXPECT_FALSE(turnstile_.is_inside(kAsker));
}

TEST_F(ATurnstile, leaves_a_request_to_whoever_is_inside) {
  ASSERT_EQ(turnstile_.try_enter(kPoller), 0U);
  turnstile_.ask(kOne);
  carry_out_unless_busy(kAsker);
  EXPECT_EQ(carried_out_, 0);
  exit();
  EXPECT_EQ(carried_out_, 1);
  EXPECT_FALSE(turnstile_.is_inside(kPoller));
}

TEST_F(ATurnstile, is_held_while_a_request_is_carried_out) {
  turnstile_.ask(kOne);
  turnstile_.carry_out_unless_busy(kAsker, [&] { EXPECT_EQ(turnstile_.try_enter(kPoller), kAsker); });
  EXPECT_EQ(turnstile_.try_enter(kPoller), 0U);
}

TEST_F(ATurnstile, keeps_all_that_was_ever_asked_for) {
  EXPECT_FALSE(turnstile_.is_asked());
  turnstile_.announce(kOther);
  turnstile_.ask(kOne);
  EXPECT_EQ(turnstile_.asked(), kOne | kOther);
}

}  // namespace
}  // namespace sluice::log
