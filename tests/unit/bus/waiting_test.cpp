// Waiting and waking: sleeps, filters, eventfds, and what idleness costs.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>

#include "unit/bus/support.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using test::expect_error;

constexpr auto kIgnore = [](const EventView&) {};

/// True when the descriptor is readable now.
bool readable(int fd) {
  pollfd look{fd, POLLIN, 0};
  return ::poll(&look, 1, 0) == 1;
}
/// Waits in the kernel, as an epoll loop does, until it is.
void await_readable(int fd) {
  pollfd look{fd, POLLIN, 0};
  ASSERT_EQ(::poll(&look, 1, -1), 1);
}

TEST(Wait, says_whether_poll_would_find_something) {
  Bus bus = test::open_bus();
  Subscription mine = bus.subscribe({.topic = "mine"}).value();
  EXPECT_FALSE(mine.wait(0ns));
  EXPECT_FALSE(mine.wait(1ms));
  ASSERT_TRUE(bus.publish("mine", "x"));
  EXPECT_TRUE(mine.wait(0ns));
  EXPECT_TRUE(mine.wait(-1ns)) << "until it is polled";
  EXPECT_EQ(mine.poll(kIgnore).events, 1U);
  EXPECT_FALSE(mine.wait(0ns));
}

struct WakeCase {
  std::string name;
  Overload overload;
  std::string group;
  WaitStrategy wait;
};
class Wake : public testing::TestWithParam<WakeCase> {
 protected:
  /// Starts a thread that waits, runs `cause` once it is about to sleep or sleeping, and joins.
  template <class Cause>
  void wakes(Bus& bus, Cause cause) {
    const test::NoRescues no_rescues(bus);
    Subscription waiter = bus.subscribe({.topic = "mine.*",
                                         .group = GetParam().group,
                                         .overload = GetParam().overload,
                                         .wait = GetParam().wait})
                              .value();
    std::thread thread([&] {
      platform::name_this_thread("waiter");
      EXPECT_TRUE(waiter.wait(-1ns));
    });
    if (GetParam().wait.park) test::await([] { return test::thread_state("waiter") == 'S'; });
    cause(waiter);
    thread.join();
  }
};
INSTANTIATE_TEST_SUITE_P(
    Policies, Wake,
    testing::Values(WakeCase{"block", Overload::block, "", WaitStrategy::sleepy()},
                    WakeCase{"drop_oldest", Overload::drop_oldest, "", WaitStrategy::sleepy()},
                    WakeCase{"evict", Overload::evict, "", WaitStrategy::sleepy()},
                    WakeCase{"block_in_a_group", Overload::block, "g", WaitStrategy::sleepy()},
                    WakeCase{"evict_in_a_group", Overload::evict, "g", WaitStrategy::sleepy()},
                    WakeCase{"default_strategy", Overload::block, "", WaitStrategy{}},
                    WakeCase{"busy", Overload::block, "", WaitStrategy::busy()}),
    [](const auto& tested) { return tested.param.name; });

TEST_P(Wake, by_an_event_that_it_wants) {
  Bus bus = test::open_bus();
  wakes(bus, [&](Subscription&) { ASSERT_TRUE(bus.publish("mine.a", "x")); });
}
TEST_P(Wake, by_a_claim_that_is_committed) {
  Bus bus = test::open_bus();
  Publisher publisher = bus.publisher("mine.a").value();
  wakes(bus, [&](Subscription&) {
    Claim claim = publisher.claim(8).value();
    EXPECT_TRUE(claim.commit());
  });
}
TEST_P(Wake, by_a_batch) {
  Bus bus = test::open_bus();
  auto publisher = bus.publisher<int>("mine.a").value();
  wakes(bus, [&](Subscription&) { EXPECT_TRUE(publisher.publish_batch(std::vector{1, 2, 3})); });
}
TEST_P(Wake, by_an_event_behind_a_claim_that_was_open_and_is_aborted) {
  Bus bus = test::open_bus();
  Publisher other = bus.publisher("other").value();
  std::optional<Claim> claim;
  wakes(bus, [&](Subscription&) {
    claim.emplace(other.claim(8).value());
    ASSERT_TRUE(bus.publish("mine.a", "x"));
    claim.reset();
  });
}
TEST_P(Wake, by_cancel) {
  Bus bus = test::open_bus();
  wakes(bus, [](Subscription& waiter) { waiter.cancel(); });
}
TEST_P(Wake, by_close) {
  Bus bus = test::open_bus();
  wakes(bus, [&](Subscription&) { bus.close(); });
}
TEST_P(Wake, by_the_end_of_the_bus) {
  std::optional<Bus> bus = test::open_bus();
  Subscription waiter = bus->subscribe({.overload = GetParam().overload, .wait = GetParam().wait}).value();
  std::thread thread([&] { EXPECT_TRUE(waiter.wait(-1ns)); });
  bus.reset();
  thread.join();
}

TEST(Sleep, behind_another_topics_open_claim_its_own_event_is_not_missed) {
  Bus bus = test::open_bus();
  const test::NoRescues no_rescues(bus);
  Publisher other = bus.publisher("other").value();
  Claim claim = other.claim(8).value();
  Subscription mine = bus.subscribe({.topic = "mine", .wait = WaitStrategy::sleepy()}).value();
  std::thread thread([&] {
    platform::name_this_thread("waiter");
    EXPECT_EQ(mine.next(-1ns).value().text(), "x");
  });
  test::await([] { return test::thread_state("waiter") == 'S'; });
  ASSERT_TRUE(bus.publish("mine", "x"));
  EXPECT_TRUE(claim.commit());
  thread.join();
}

TEST(Sleep, is_not_disturbed_by_events_that_nobody_there_wants) {
  Bus bus = test::open_bus();
  const test::NoRescues no_rescues(bus);
  Subscription fx = bus.subscribe({.topic = "fx.*", .name = "fx", .wait = WaitStrategy::sleepy()}).value();
  Runner runner = bus.run(fx, kIgnore).value();
  test::await([] { return test::thread_state("fx") == 'S'; });
  Publisher md = bus.publisher("md.a").value();
  const std::uint64_t before = test::metrics_of(bus, "fx").wakes;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(md.publish("x"));
  EXPECT_EQ(test::metrics_of(bus, "fx").wakes, before);
  ASSERT_TRUE(bus.publish("fx.a", "x"));
  test::await([&] { return fx.received() == 1; });
  EXPECT_GT(test::metrics_of(bus, "fx").wakes, before);
}

TEST(Sleep, ends_before_an_uninterested_sleeper_holds_a_producer_back) {
  Bus bus = test::open_small_bus({.publish_deadline = 1h});
  const test::NoRescues no_rescues(bus);
  Subscription fx = bus.subscribe({.topic = "fx.*", .name = "fx", .wait = WaitStrategy::sleepy()}).value();
  Runner runner = bus.run(fx, kIgnore).value();
  Publisher md = bus.publisher("md.a").value();
  for (int i = 0; i < 2'000; ++i) ASSERT_TRUE(md.publish("x")) << md.last_error();
  EXPECT_EQ(fx.received(), 0U);
}

TEST(Idle, four_parked_subscribers_sleep_in_the_kernel_and_are_not_woken) {
  Bus bus = test::open_bus();
  const test::NoRescues no_rescues(bus);
  std::vector<Subscription> all;
  std::vector<Runner> runners;
  for (int i = 0; i < 4; ++i) {
    all.push_back(bus.subscribe({.name = "idle." + std::to_string(i)}).value());
    runners.push_back(bus.run(all.back(), kIgnore).value());
  }
  ASSERT_TRUE(bus.publish("a", "x"));
  ASSERT_TRUE(bus.drain(1h).drained);
  const auto all_sleep = [] {
    for (int i = 0; i < 4; ++i) {
      if (test::thread_state("idle." + std::to_string(i)) != 'S') return false;
    }
    return true;
  };
  test::await(all_sleep);  // past spinning and yielding
  const auto wakes = [&] {
    std::uint64_t sum = 0;
    for (const SubscriptionMetrics& one : bus.metrics().subscriptions) sum += one.wakes;
    return sum;
  };
  const std::uint64_t before = wakes();
  // What all threads but this one use meanwhile. A busy machine only makes it less.
  const auto others_cpu_time = [] { return platform::process_cpu_time() - platform::thread_cpu_time(); };
  const auto used_before = others_cpu_time();
  constexpr std::chrono::nanoseconds kWatched = 200ms;
  const std::int64_t end_ns = monotonic_ns() + kWatched.count();
  test::await([&] { return monotonic_ns() >= end_ns; });
  EXPECT_LT((others_cpu_time() - used_before).count(), (kWatched / 10).count());
  EXPECT_EQ(wakes(), before);
}

class EventFd : public testing::TestWithParam<Overload> {
 protected:
  Bus bus_ = test::open_bus();
  test::NoRescues no_rescues_{bus_};
  Subscription mine_ = bus_.subscribe({.topic = "mine", .overload = GetParam()}).value();
};
INSTANTIATE_TEST_SUITE_P(Overload, EventFd,
                         testing::Values(Overload::block, Overload::drop_oldest, Overload::evict),
                         [](const auto& tested) { return std::string(to_string(tested.param)); });

TEST_P(EventFd, is_readable_when_poll_should_be_called_and_not_when_it_is_caught_up) {
  const int fd = mine_.event_fd().value();
  EXPECT_FALSE(readable(fd));
  ASSERT_TRUE(bus_.publish("mine", "1"));
  EXPECT_TRUE(readable(fd));
  EXPECT_TRUE(readable(fd)) << "until poll is called";
  EXPECT_EQ(mine_.poll(kIgnore).events, 1U);
  EXPECT_FALSE(readable(fd));
  ASSERT_TRUE(bus_.publish("mine", "2"));
  ASSERT_TRUE(bus_.publish("mine", "3"));
  EXPECT_TRUE(readable(fd)) << "armed again";
  EXPECT_EQ(mine_.poll(kIgnore).events, 2U);
  EXPECT_FALSE(readable(fd));
  EXPECT_EQ(mine_.poll(kIgnore).events, 0U) << "a poll for nothing";
  EXPECT_FALSE(readable(fd));
  ASSERT_TRUE(bus_.publish("mine", "4"));
  EXPECT_TRUE(readable(fd)) << "armed by that too";
  EXPECT_EQ(mine_.event_fd().value(), fd) << "made once";
}

TEST_P(EventFd, stays_readable_when_poll_stopped_for_its_limit) {
  const int fd = mine_.event_fd().value();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(bus_.publish("mine", "x"));
  EXPECT_EQ(mine_.poll(kIgnore, 2).events, 2U);
  EXPECT_TRUE(readable(fd));
  EXPECT_EQ(mine_.poll(kIgnore, 2).events, 1U);
  EXPECT_FALSE(readable(fd));
}

TEST_P(EventFd, asked_for_late_it_is_readable_at_once) {
  ASSERT_TRUE(bus_.publish("mine", "x"));
  EXPECT_TRUE(readable(mine_.event_fd().value()));
}

TEST_P(EventFd, an_event_of_another_topic_does_not_signal_it) {
  const int fd = mine_.event_fd().value();
  ASSERT_TRUE(bus_.publish("other", "x"));
  EXPECT_FALSE(readable(fd));
}

TEST_P(EventFd, a_handler_that_throws_leaves_it_usable) {
  const int fd = mine_.event_fd().value();
  ASSERT_TRUE(bus_.publish("mine", "1"));
  ASSERT_TRUE(bus_.publish("mine", "2"));
  EXPECT_THROW((void)mine_.poll([](const EventView&) { throw 1; }), int);
  EXPECT_TRUE(readable(fd)) << "an event is left, and nobody else will say so";
  EXPECT_EQ(mine_.poll(kIgnore).events, 1U);
}

TEST_P(EventFd, an_epoll_loop_on_it_misses_nothing) {
  const int fd = mine_.event_fd().value();
  constexpr std::size_t kEvents = 300;
  std::thread publishing([this] {
    for (std::size_t i = 0; i < kEvents; ++i) {
      ASSERT_TRUE(bus_.publish("other", "x"));
      ASSERT_TRUE(bus_.publish("mine", "x"));
    }
  });
  for (std::size_t seen = 0; seen < kEvents;) {
    await_readable(fd);
    seen += mine_.poll(kIgnore, 7).events;
  }
  publishing.join();
}

TEST_P(EventFd, cancel_makes_it_readable_so_that_the_loop_learns_of_the_end) {
  const int fd = mine_.event_fd().value();
  mine_.cancel();
  EXPECT_TRUE(readable(fd));
}

TEST_P(EventFd, close_makes_it_readable_so_that_the_loop_learns_of_the_end) {
  const int fd = mine_.event_fd().value();
  bus_.close();
  EXPECT_TRUE(readable(fd));
  EXPECT_EQ(mine_.poll(kIgnore).status, PollStatus::closed);
}

TEST_P(EventFd, an_ended_subscription_has_none_to_give) {
  mine_.cancel();
  expect_error(mine_.event_fd(), ErrorCode::cancelled, {mine_.name(), "cancelled"});
}

TEST_P(EventFd, a_later_subscription_in_the_same_place_is_not_confused_by_it) {
  (void)mine_.event_fd().value();
  ASSERT_TRUE(bus_.publish("mine", "x"));
  mine_ = bus_.subscribe({.topic = "mine", .overload = GetParam()}).value();
  Subscription fresh = bus_.subscribe({.topic = "mine", .overload = GetParam()}).value();
  EXPECT_FALSE(readable(mine_.event_fd().value()));
  EXPECT_FALSE(readable(fresh.event_fd().value()));
  ASSERT_TRUE(bus_.publish("mine", "x"));
  EXPECT_TRUE(readable(mine_.event_fd().value()));
  EXPECT_TRUE(readable(fresh.event_fd().value()));
}

TEST(EventFdOfTheEvicted, is_readable_so_that_the_loop_learns_of_it) {
  Bus bus = test::open_small_bus({.publish_deadline = 1h});
  Subscription lazy =
      bus.subscribe({.topic = "mine", .overload = Overload::evict, .evict_after = 1ms}).value();
  const int fd = lazy.event_fd().value();
  Publisher other = bus.publisher("other").value();
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(other.publish("x")) << "none that would signal it";
  test::await([&] { return bus.metrics().evictions == 1; });
  EXPECT_TRUE(readable(fd));
  EXPECT_EQ(lazy.poll(kIgnore).status, PollStatus::evicted);
}

TEST(WaitBesideAnEventFd, leaves_it_armed) {
  Bus bus = test::open_bus();
  Subscription subscription = bus.subscribe({.wait = WaitStrategy::sleepy()}).value();
  const int fd = subscription.event_fd().value();
  EXPECT_FALSE(subscription.wait(std::chrono::milliseconds(1)));
  EXPECT_FALSE(readable(fd));
  ASSERT_TRUE(bus.publish("a", "x"));
  EXPECT_TRUE(readable(fd));
}

}  // namespace
}  // namespace sluice
