#include "sluice/bus/runner.hpp"

#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>

#include "unit/bus/support.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using test::expect_error;

constexpr auto kIgnore = [](const EventView&) {};

std::string this_threads_name() {
  char name[16] = {};
  ::pthread_getname_np(::pthread_self(), name, sizeof name);
  return name;
}

TEST(Runner, calls_the_handler_on_a_thread_of_its_own_in_order) {
  Bus bus = test::open_bus();
  const test::NoRescues no_rescues(bus);
  Subscription all = bus.subscribe({}).value();
  std::vector<int> seen;
  const auto here = std::this_thread::get_id();
  Runner runner = bus.run(all,
                          [&](const EventView& event) {
                            EXPECT_NE(std::this_thread::get_id(), here);
                            seen.push_back(event.as<int>());
                          })
                      .value();
  auto publisher = bus.publisher<int>("a").value();
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(publisher.publish(i));
  EXPECT_TRUE(bus.drain(1h).drained);
  runner.stop();
  runner.join();
  ASSERT_EQ(seen.size(), 1'000U);
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(seen[static_cast<std::size_t>(i)], i);
}

TEST(Runner, its_thread_has_the_name_that_was_given_or_the_subscriptions_cut_short) {
  Bus bus = test::open_bus();
  for (const auto& [given, subscription, expected] :
       {std::tuple{"own.name", "whatever", "own.name"},
        {"", "a_very_long_subscription_name", "a_very_long_sub"}}) {
    Subscription all = bus.subscribe({.name = subscription}).value();
    std::string name;
    Runner runner =
        bus.run(all, [&](const EventView&) { name = this_threads_name(); }, {.name = given}).value();
    ASSERT_TRUE(bus.publish("a", "x"));
    ASSERT_TRUE(bus.drain(1h).drained);
    runner.stop();
    runner.join();
    EXPECT_EQ(name, expected);
  }
}

TEST(Runner, is_pinned_to_the_core_that_was_asked_for) {
  cpu_set_t allowed;
  ASSERT_EQ(::sched_getaffinity(0, sizeof allowed, &allowed), 0);
  unsigned cpu = 0;
  while (!CPU_ISSET(cpu, &allowed)) ++cpu;
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  std::atomic<int> count{0};
  Runner runner = bus.run(all,
                          [&](const EventView&) {
                            cpu_set_t mine;
                            ASSERT_EQ(::sched_getaffinity(0, sizeof mine, &mine), 0);
                            count = CPU_COUNT(&mine);
                          },
                          {.cpu = cpu})
                      .value();
  ASSERT_TRUE(bus.publish("a", "x"));
  ASSERT_TRUE(bus.drain(1h).drained);
  EXPECT_EQ(count, 1);
}

TEST(Runner, a_core_that_does_not_exist_is_an_error_and_the_subscription_may_be_run_again) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  expect_error(bus.run(all, kIgnore, {.cpu = 100'000}), ErrorCode::system_error, {"100000"});
  EXPECT_TRUE(bus.run(all, kIgnore));
}

TEST(Runner, a_subscription_has_one_at_a_time_and_nobody_else_polls_it_meanwhile) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({.name = "mine"}).value();
  Runner runner = bus.run(all, kIgnore).value();
  expect_error(bus.run(all, kIgnore), ErrorCode::busy, {"mine", "stop that runner"});
  EXPECT_EQ(all.poll(kIgnore).status, PollStatus::busy);
  expect_error(all.next(0ns), ErrorCode::busy, {"mine", "a bus thread runs it"});
}

TEST(Runner, stopped_it_leaves_the_subscription_to_be_polled_or_run_again) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  Runner runner = bus.run(all, kIgnore).value();
  EXPECT_TRUE(runner.running());
  runner.stop();
  runner.join();
  EXPECT_FALSE(runner.running());
  runner.join();
  ASSERT_TRUE(bus.publish("a", "x"));
  EXPECT_EQ(test::texts(all), std::vector<std::string>{"x"});
  std::atomic<int> seen{0};
  runner = bus.run(all, [&](const EventView&) { ++seen; }).value();
  ASSERT_TRUE(bus.publish("a", "y"));
  ASSERT_TRUE(bus.drain(1h).drained);
  EXPECT_EQ(seen, 1);
}

TEST(Runner, join_returns_when_the_subscription_ends) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  Runner runner = bus.run(all, kIgnore).value();
  all.cancel();
  runner.join();
  EXPECT_FALSE(runner.running());
}

TEST(Runner, outlives_its_subscriptions_handle) {
  Bus bus = test::open_bus();
  std::optional<Subscription> all = bus.subscribe({}).value();
  Runner runner = bus.run(*all, kIgnore).value();
  all.reset();
  runner.join();
  EXPECT_FALSE(runner.running());
}

TEST(Runner, may_be_stopped_joined_and_destroyed_by_its_own_handler) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  std::optional<Runner> runner;
  test::Door made;
  test::Door gone;
  std::atomic<int> handled{0};
  runner = bus.run(all,
                   [&](const EventView&) {
                     ++handled;
                     made.pass();
                     runner->stop();
                     runner->join();  // at once, on the thread itself
                     runner.reset();
                     gone.open();
                   })
               .value();
  made.open();
  ASSERT_TRUE(bus.publish("a", "1"));
  gone.pass();
  EXPECT_EQ(handled, 1);
  // The thread ends by itself, and then somebody else may poll.
  ASSERT_TRUE(bus.publish("a", "2"));
  test::await([&] { return all.poll(kIgnore).status == PollStatus::ok; });
}

TEST(Runner, counts_and_reports_what_its_handler_throws_and_never_dies) {
  const test::Notices notices;
  Bus bus = test::open_bus({.on_notice = notices.collector()});
  const test::NoRescues no_rescues(bus);
  Subscription all = bus.subscribe({.name = "mine"}).value();
  std::atomic<int> fine{0};
  Runner runner = bus.run(all,
                          [&](const EventView& event) {
                            if (event.text() == "bad") throw std::runtime_error("it was bad");
                            if (event.text() == "odd") throw 42;
                            ++fine;
                          })
                      .value();
  for (const std::string text : {"x", "bad", "x", "odd", "x"}) ASSERT_TRUE(bus.publish("a", text));
  ASSERT_TRUE(bus.drain(1h).drained);
  EXPECT_EQ(fine, 3) << "each event was consumed once, the bad ones too";
  EXPECT_EQ(runner.exceptions(), 2U);
  EXPECT_EQ(test::metrics_of(bus, "mine").exceptions, 2U);
  EXPECT_EQ(test::metrics_of(bus, "mine").received, 5U);
  const std::vector<Notice> told = notices.await_count(2);
  EXPECT_EQ(told[0].subscription, "mine");
  EXPECT_NE(told[0].message.find("it was bad"), std::string::npos) << told[0].message;
  EXPECT_NE(told[1].message.find("not a std::exception"), std::string::npos) << told[1].message;
  EXPECT_TRUE(runner.running());
}

TEST(Runner, a_batch_of_one_is_enough) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  std::atomic<int> seen{0};
  Runner runner =
      bus.run(all, [&](const EventView&) { ++seen; }, {.wait = WaitStrategy::busy(), .batch = 1}).value();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(bus.publish("a", "x"));
  ASSERT_TRUE(bus.drain(1h).drained);
  EXPECT_EQ(seen, 100);
}

TEST(Runner, an_ended_subscription_ends_it_at_once) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  all.cancel();
  Runner runner = bus.run(all, kIgnore).value();
  runner.join();
  EXPECT_FALSE(runner.running());
}

}  // namespace
}  // namespace sluice
