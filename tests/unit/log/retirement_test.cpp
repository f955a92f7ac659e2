#include "sluice/log/retirement.hpp"

#include <thread>

#include <gtest/gtest.h>

#include "sluice/log/machine.hpp"

namespace sluice::log {
namespace {

using namespace std::chrono_literals;

struct Handler {};

class ARetirement : public ::testing::Test {
 protected:
  ARetirement() { platform::register_asymmetric_fence(); }

  void retire() {
    retirement_.note_retired();
    retirement_.fence_off();
  }

  Retirement<Machine, Handler> retirement_;
  Handler handler_;
  Handler other_;
};

TEST_F(ARetirement, frees_at_once_while_nobody_polls) {
  retire();
  EXPECT_TRUE(retirement_.take_note_if_unreachable());
  retirement_.enter_poll();
  EXPECT_FALSE(retirement_.leave_poll());
}

TEST_F(ARetirement, leaves_to_a_poll_what_it_may_have_in_hand) {
  retirement_.enter_poll();
  retire();
  EXPECT_FALSE(retirement_.take_note_if_unreachable());
  EXPECT_TRUE(retirement_.leave_poll());
  retirement_.fence_off();
  EXPECT_TRUE(retirement_.take_note_if_unreachable());
}

TEST_F(ARetirement, waits_for_the_last_of_several_polls) {
  retirement_.enter_poll();
  retirement_.enter_poll();
  retire();
  EXPECT_FALSE(retirement_.leave_poll());
  EXPECT_FALSE(retirement_.take_note_if_unreachable());
  EXPECT_TRUE(retirement_.leave_poll());
}

TEST_F(ARetirement, says_which_handler_is_running) {
  EXPECT_FALSE(retirement_.is_running(handler_));
  retirement_.begin_call(handler_);
  EXPECT_TRUE(retirement_.is_running(handler_));
  EXPECT_FALSE(retirement_.is_running(other_));
  retirement_.end_call();
  EXPECT_FALSE(retirement_.is_running(handler_));
}

TEST_F(ARetirement, does_not_wait_for_a_handler_that_is_not_running) {
  retirement_.begin_call(other_);
  retirement_.await(handler_, -1ns);
  retirement_.end_call();
}

TEST_F(ARetirement, waits_until_the_call_has_ended) {
  int calls = 0;
  retirement_.begin_call(handler_);
  std::thread waiter([&] {
    retirement_.await(handler_, -1ns);
    EXPECT_EQ(calls, 1);
  });
  ++calls;
  retirement_.end_call();
  waiter.join();
}

}  // namespace
}  // namespace sluice::log
