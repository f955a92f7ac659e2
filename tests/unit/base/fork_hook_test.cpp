#include "base/fork_hook.hpp"

#include <atomic>
#include <optional>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::platform {
namespace {

/// What hooks have done in this process: the numbers of those that were called, in order, as digits.
int called = 0;

template <int kNumber>
void note(void* context) noexcept {
  called = called * 10 + kNumber;
  if (context != nullptr) ++*static_cast<int*>(context);
}

/// What `called` is in a child.
int called_in_child() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(called);
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(ForkHook, is_called_in_a_child_and_not_in_its_parent) {
  EXPECT_EQ(called_in_child(), 0);
  const ForkHook hook(note<1>, nullptr);
  EXPECT_EQ(called_in_child(), 1);
  EXPECT_EQ(called, 0);
}

TEST(ForkHook, is_given_what_it_was_made_with) {
  int calls = 0;
  const ForkHook hook(note<1>, &calls);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(calls);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

TEST(ForkHook, comes_in_the_order_of_making_and_goes_wherever_it_stands) {
  std::optional<ForkHook> first(std::in_place, note<1>, nullptr);
  std::optional<ForkHook> second(std::in_place, note<2>, nullptr);
  std::optional<ForkHook> third(std::in_place, note<3>, nullptr);
  EXPECT_EQ(called_in_child(), 123);
  second.reset();
  EXPECT_EQ(called_in_child(), 13);
  first.reset();
  EXPECT_EQ(called_in_child(), 3);
  second.emplace(note<2>, nullptr);
  third.reset();
  EXPECT_EQ(called_in_child(), 2);
  second.reset();
  EXPECT_EQ(called_in_child(), 0);
}

TEST(ForkHook, may_be_made_and_destroyed_in_a_child_while_the_parents_threads_make_their_own) {
  std::atomic<bool> done{false};
  std::thread busy([&] {
    while (!done) const ForkHook hook(note<1>, nullptr);
  });
  for (int i = 0; i < 100; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(60);  // one that waits for a lock that nobody has would hang
      { const ForkHook hook(note<2>, nullptr); }
      ::_exit(0);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
  }
  done = true;
  busy.join();
}

}  // namespace
}  // namespace sluice::platform
