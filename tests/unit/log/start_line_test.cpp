#include "sluice/log/start_line.hpp"

#include <array>

#include <gtest/gtest.h>

#include "sluice/log/machine.hpp"

namespace sluice::log {
namespace {

using Start = Machine::Atomic<std::uint64_t>;

const auto kNobodyAsks = [] {
  ADD_FAILURE() << "the log's end was read";
  return std::uint64_t{0};
};

TEST(StartLine, lets_nothing_pass_while_routes_are_being_hooked) {
  Start start{kHooking};
  EXPECT_FALSE(has_started(start, 96, kNobodyAsks));
  EXPECT_EQ(start.load(), kHooking);
}

TEST(StartLine, starts_at_the_end_that_the_adder_read) {
  platform::register_asymmetric_fence();
  std::array<Start, 2> starts{kHooking, kHooking};
  begin_deciding<Machine>(starts);
  EXPECT_EQ(starts[1].load(), kDeciding);
  EXPECT_EQ(decide_start(starts[0], 64), 64U);
  EXPECT_FALSE(has_started(starts[0], 32, kNobodyAsks));
  EXPECT_TRUE(has_started(starts[0], 64, kNobodyAsks));
}

TEST(StartLine, is_decided_by_whoever_comes_first) {
  Start start{kDeciding};
  EXPECT_FALSE(has_started(start, 64, [] { return std::uint64_t{96}; }));
  EXPECT_EQ(decide_start(start, 160), 96U);
  EXPECT_TRUE(has_started(start, 96, kNobodyAsks));
}

TEST(StartLine, holds_to_an_adders_decision_that_came_meanwhile) {
  Start start{kDeciding};
  EXPECT_TRUE(has_started(start, 64, [&] {
    (void)decide_start(start, 64);
    return std::uint64_t{96};
  }));
  EXPECT_EQ(start.load(), 64U);
}

TEST(StartLine, lets_nothing_pass_once_it_is_removed) {
  std::array<Start, 1> starts{0};
  EXPECT_TRUE(has_started(starts[0], 0, kNobodyAsks));
  remove_starts(starts);
  EXPECT_FALSE(has_started(starts[0], 0, kNobodyAsks));
  EXPECT_EQ(decide_start(starts[0], 32), kRemoved);
}

}  // namespace
}  // namespace sluice::log
