// Drain, cancel, and destruction in any order.
#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "unit/bus/support.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using test::expect_error;
using Texts = std::vector<std::string>;

constexpr auto kIgnore = [](const EventView&) {};

TEST(Drain, an_idle_bus_is_drained_at_once) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  Runner runner = bus.run(all, kIgnore).value();
  const DrainReport report = bus.drain(0ns);
  EXPECT_TRUE(report.drained);
  EXPECT_TRUE(report.pending.empty());
}

TEST(Drain, everything_that_was_published_before_has_been_handled) {
  Bus bus = test::open_small_bus();
  const test::NoRescues no_rescues(bus);
  std::vector<Subscription> subscriptions;
  std::vector<Runner> runners;
  std::atomic<int> handled{0};
  for (const Overload overload : {Overload::block, Overload::evict}) {
    for (const std::string group : {"", "g1", "g2"}) {
      subscriptions.push_back(
          bus.subscribe({.group = group.empty() ? "" : group + std::string(to_string(overload)),
                         .overload = overload,
                         .evict_after = 1h})
              .value());
      runners.push_back(bus.run(subscriptions.back(), [&](const EventView&) { ++handled; }).value());
    }
  }
  for (int round = 1; round <= 20; ++round) {
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(bus.publish("a", "x"));
    ASSERT_TRUE(bus.drain(1h).drained);
    ASSERT_EQ(handled, round * 50 * 6);
  }
}

TEST(Drain, a_handler_that_does_not_return_is_reported_as_pending) {
  Bus bus = test::open_bus();
  test::Door inside;
  test::Door go_on;
  Subscription stuck = bus.subscribe({.name = "stuck"}).value();
  Subscription fine = bus.subscribe({.name = "fine"}).value();
  Runner run_stuck = bus.run(stuck,
                             [&](const EventView&) {
                               inside.open();
                               go_on.pass();
                             })
                         .value();
  Runner run_fine = bus.run(fine, kIgnore).value();
  ASSERT_TRUE(bus.publish("a", "x"));
  inside.pass();
  test::await([&] { return fine.received() == 1; });
  DrainReport report = bus.drain(1ms);
  EXPECT_FALSE(report.drained);
  EXPECT_EQ(report.pending, Texts{"stuck"});
  EXPECT_TRUE(bus.publish("a", "y")) << "publishing goes on";
  go_on.open();
  report = bus.drain(1h);
  EXPECT_TRUE(report.drained);
  EXPECT_TRUE(report.pending.empty());
}

TEST(Drain, does_not_wait_for_who_polls_for_himself_but_names_him) {
  Bus bus = test::open_bus();
  Subscription own = bus.subscribe({.name = "own"}).value();
  ASSERT_TRUE(bus.publish("a", "x"));
  DrainReport report = bus.drain(1h);
  EXPECT_TRUE(report.drained);
  EXPECT_EQ(report.not_waited_for, Texts{"own"});
  EXPECT_TRUE(report.pending.empty());
  own.poll(kIgnore);
  EXPECT_TRUE(bus.drain(1h).pending.empty());
}

TEST(Drain, leaves_out_the_handler_that_calls_it) {
  Bus bus = test::open_bus();
  const test::NoRescues no_rescues(bus);
  Subscription mine = bus.subscribe({.name = "mine"}).value();
  Subscription other = bus.subscribe({.name = "other"}).value();
  std::atomic<int> others{0};
  test::Door done;
  Runner run_other = bus.run(other, [&](const EventView&) { ++others; }).value();
  Runner run_mine = bus.run(mine,
                            [&](const EventView&) {
                              const DrainReport report = bus.drain(1h);
                              EXPECT_TRUE(report.drained);
                              EXPECT_EQ(others, 1) << "the others have handled it";
                              done.open();
                            })
                        .value();
  ASSERT_TRUE(bus.publish("a", "x"));
  done.pass();
}

TEST(Drain, names_open_claims) {
  Bus bus = test::open_bus();
  Publisher publisher = bus.publisher("a", {.name = "claimer"}).value();
  Claim claim = publisher.claim(8).value();
  DrainReport report = bus.drain(0ns);
  EXPECT_FALSE(report.drained);
  EXPECT_EQ(report.pending, Texts{"an open claim of publisher \"claimer\""});
  claim.abort();
  EXPECT_TRUE(bus.drain(0ns).drained);
}

TEST(Drain, passes_over_events_that_nobody_there_wants) {
  Bus bus = test::open_bus();
  Subscription fx = bus.subscribe({.topic = "fx.*", .wait = WaitStrategy::sleepy()}).value();
  Runner runner = bus.run(fx, kIgnore).value();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(bus.publish("md.a", "x"));
  EXPECT_TRUE(bus.drain(1h).drained);
}

TEST(Cancel, ends_every_subscription_and_publishing_goes_on_to_nobody) {
  Bus bus = test::open_bus();
  Subscription polled = bus.subscribe({}).value();
  Subscription run = bus.subscribe({}).value();
  Runner runner = bus.run(run, kIgnore).value();
  bus.cancel();
  runner.join();
  EXPECT_EQ(polled.poll(kIgnore).status, PollStatus::cancelled);
  EXPECT_EQ(run.poll(kIgnore).status, PollStatus::cancelled);
  EXPECT_TRUE(bus.publish("a", "x"));
  Subscription fresh = bus.subscribe({}).value();
  EXPECT_TRUE(bus.publish("a", "y"));
  EXPECT_EQ(test::texts(fresh), Texts{"y"});
}

TEST(Destruction, the_bus_may_go_first_and_every_handle_answers_closed) {
  std::optional<Bus> bus = test::open_bus();
  Publisher publisher = bus->publisher("a").value();
  auto typed = bus->publisher<int>("b").value();
  Subscription polled = bus->subscribe({.name = "polled"}).value();
  Subscription run = bus->subscribe({}).value();
  Runner runner = bus->run(run, kIgnore).value();
  ASSERT_TRUE(publisher.publish("x"));
  bus.reset();
  EXPECT_FALSE(runner.running());
  EXPECT_EQ(publisher.publish("x").status, PublishStatus::closed);
  EXPECT_EQ(typed.publish(1).status, PublishStatus::closed);
  expect_error(publisher.claim(8), ErrorCode::closed, {"\"a\"", "closed"});
  EXPECT_TRUE(polled.poll(kIgnore).ended());
  EXPECT_FALSE(polled.next(-1ns));
  EXPECT_EQ(polled.name(), "polled");
  EXPECT_EQ(polled.unfinished(), 1U) << "what nobody read is counted";
}

TEST(Destruction, runners_may_go_last_and_subscriptions_first) {
  std::optional<Bus> bus = test::open_bus();
  std::optional<Subscription> all = bus->subscribe({}).value();
  std::optional<Runner> runner = bus->run(*all, kIgnore).value();
  std::optional<Publisher> publisher = bus->publisher("a").value();
  ASSERT_TRUE(publisher->publish("x"));
  all.reset();
  bus.reset();
  publisher.reset();
  runner.reset();
}

TEST(Destruction, an_open_claim_may_outlive_the_bus) {
  std::optional<Bus> bus = test::open_bus();
  Publisher publisher = bus->publisher("a").value();
  std::optional<Claim> claim = publisher.claim(8).value();
  Claim other = std::move(*claim);
  claim.reset();
  bus.reset();
  other.payload()[0] = std::byte{1};
  EXPECT_TRUE(other.commit());
}

TEST(Destruction, of_the_bus_waits_for_the_handler_that_is_running) {
  std::optional<Bus> bus = test::open_bus();
  Subscription all = bus->subscribe({}).value();
  test::Door inside;
  std::atomic<bool> returned{false};
  Runner runner = bus->run(all,
                           [&](const EventView&) {
                             inside.open();
                             for (int i = 0; i < 1'000; ++i) std::this_thread::yield();
                             returned = true;
                           })
                      .value();
  ASSERT_TRUE(bus->publish("a", "x"));
  inside.pass();
  bus.reset();
  EXPECT_TRUE(returned);
}

TEST(Destruction, of_the_bus_by_one_of_its_own_handlers) {
  std::optional<Bus> bus = test::open_bus();
  Subscription all = bus->subscribe({}).value();
  test::Door gone;
  Runner runner = bus->run(all,
                           [&](const EventView& event) {
                             bus.reset();
                             EXPECT_EQ(event.text(), "x") << "the event is still there";
                             gone.open();
                           })
                      .value();
  ASSERT_TRUE(bus->publish("a", "x"));
  gone.pass();
  runner.join();
  EXPECT_TRUE(all.poll(kIgnore).ended());
}

TEST(Destruction, assigning_over_a_bus_ends_it) {
  Bus bus = test::open_bus();
  Publisher old = bus.publisher("a").value();
  bus = test::open_bus();
  EXPECT_EQ(old.publish("x").status, PublishStatus::closed);
  EXPECT_TRUE(bus.publish("a", "x"));
}

TEST(Drain, may_meet_the_end_of_a_runner_whose_handler_owns_a_publisher) {
  Bus bus = test::open_bus();
  std::atomic<bool> over{false};
  std::thread drains([&] {
    while (!over.load(std::memory_order_acquire)) (void)bus.drain(0ns);
  });
  for (int round = 0; round < 200; ++round) {
    Subscription subscription = bus.subscribe({}).value();
    auto publisher = std::make_shared<Publisher>(bus.publisher("a").value());
    const Runner runner = bus.run(subscription, [publisher](const EventView&) {}).value();
  }
  over.store(true, std::memory_order_release);
  drains.join();
}

}  // namespace
}  // namespace sluice
