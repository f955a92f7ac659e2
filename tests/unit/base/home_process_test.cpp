#include "base/home_process.hpp"

#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::platform {
namespace {

TEST(HomeProcess, is_here_in_the_process_that_made_it) {
  const HomeProcess home;
  EXPECT_TRUE(home.is_here());
  EXPECT_TRUE(home.check("the lamp"));
}

TEST(HomeProcess, is_elsewhere_in_a_child_and_both_are_named) {
  const HomeProcess home;
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    const auto refused = home.check("the lamp");
    const std::string begin = "the lamp belongs to process " + std::to_string(parent) +
                              ", and this is process " + std::to_string(::getpid()) + ",";
    const bool right = !home.is_here() && HomeProcess().is_here() && !refused &&
                       refused.error().code == ErrorCode::forked &&
                       refused.error().message.starts_with(begin);
    ::_exit(right ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace sluice::platform
