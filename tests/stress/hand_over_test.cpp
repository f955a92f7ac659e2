// What one member of a queue group leaves to another, step by step on one thread.
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/bus/bus.hpp"

namespace sluice {
namespace {

constexpr int kEvents = 10;

/// A group of two, and ten events that the first member takes in one span.
class HandOver : public ::testing::TestWithParam<Overload> {
 protected:
  Subscription member() {
    return bus_.subscribe({.group = "group", .overload = GetParam(), .evict_after = std::chrono::minutes(10)})
        .value();
  }
  void publish() {
    for (int i = 0; i < kEvents; ++i) ASSERT_TRUE(bus_.publish("a", std::to_string(i)).has_value());
  }
  void note(const EventView& event) { seen_.push_back(std::string(event.text())); }
  /// As the first event of the span is handled, its member leaves.
  void leave_amidst(Subscription& subscription) {
    (void)subscription.poll([&](const EventView& event) {
      note(event);
      subscription.cancel();
    });
  }
  void expect_each_once() const {
    std::vector<std::string> each;
    for (int i = 0; i < kEvents; ++i) each.push_back(std::to_string(i));
    EXPECT_EQ(seen_, each);
  }

  Bus bus_ = Bus::open().value();
  std::vector<std::string> seen_;
};

TEST_P(HandOver, reaches_a_member_that_polls_for_one_event_at_a_time) {
  Subscription first = member();
  Subscription second = member();
  publish();
  leave_amidst(first);
  for (int i = 0; i < kEvents + 2; ++i) {
    EXPECT_LE(second.poll([&](const EventView& event) { note(event); }, 1).events, 1U);
  }
  expect_each_once();
}

TEST_P(HandOver, reaches_a_member_that_asks_for_the_next_event) {
  Subscription first = member();
  Subscription second = member();
  publish();
  leave_amidst(first);
  for (auto event = second.next(std::chrono::nanoseconds(0)); event;
       event = second.next(std::chrono::nanoseconds(0))) {
    seen_.push_back(std::string(event->text()));
  }
  expect_each_once();
}

TEST_P(HandOver, is_not_needed_after_a_handler_that_throws) {
  Subscription only = member();
  publish();
  EXPECT_THROW((void)only.poll([&](const EventView& event) {
    note(event);
    throw std::runtime_error("its event counts as handled");
  }),
               std::runtime_error);
  for (auto event = only.next(std::chrono::nanoseconds(0)); event;
       event = only.next(std::chrono::nanoseconds(0))) {
    seen_.push_back(std::string(event->text()));
  }
  expect_each_once();
}

INSTANTIATE_TEST_SUITE_P(Policy, HandOver, ::testing::Values(Overload::block, Overload::evict),
                         [](const auto& policy) { return std::string(to_string(policy.param)); });

}  // namespace
}  // namespace sluice
