#include "trading_server/stop_signal.hpp"

#include <csignal>
#include <cstdlib>

#include <gtest/gtest.h>

namespace trading {
namespace {

// In processes of their own: a wish to stop can't be taken back.

int status_after(int signal) {
  watch_stop_signals();
  if (stop_requested()) return 2;
  std::raise(signal);
  return stop_requested() ? 0 : 1;
}

TEST(StopSignalDeathTest, turns_the_first_signal_into_a_wish) {
  EXPECT_EXIT(std::_Exit(status_after(SIGINT)), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(std::_Exit(status_after(SIGTERM)), testing::ExitedWithCode(0), "");
}

TEST(StopSignalDeathTest, lets_the_second_signal_end_the_process) {
  EXPECT_EXIT(
      {
        status_after(SIGINT);
        std::raise(SIGINT);
      },
      testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace trading
