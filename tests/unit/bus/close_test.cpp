// Close: no publish succeeds any more, and what was published is delivered or counted.
#include <atomic>
#include <chrono>
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

TEST(Close, after_it_nobody_publishes_or_joins) {
  Bus bus = test::open_bus();
  bus.close();
  expect_error(bus.publish("a", "x"), ErrorCode::closed, {"\"a\"", "closed"});
  expect_error(bus.publisher("a"), ErrorCode::closed, {"\"a\"", "closed"});
  expect_error(bus.publisher<int>("a"), ErrorCode::closed, {"closed"});
  expect_error(bus.subscribe({}), ErrorCode::closed, {"closed"});
}

TEST(Close, is_idempotent_and_gives_the_same_report) {
  Bus bus = test::open_bus();
  ASSERT_TRUE(bus.publish("a", "x"));
  const CloseReport first = bus.close();
  const CloseReport second = bus.close();
  EXPECT_EQ(first.published, 1U);
  EXPECT_EQ(second.published, 1U);
  EXPECT_EQ(second.unfinished, 0U);
  EXPECT_TRUE(second.cut_short.empty());
}

TEST(Close, bus_threads_deliver_all_that_was_published_and_end) {
  Bus bus = test::open_bus();
  const test::NoRescues no_rescues(bus);
  std::vector<Subscription> all;
  std::vector<Runner> runners;
  std::atomic<int> handled{0};
  for (const Overload overload : {Overload::block, Overload::drop_oldest, Overload::evict}) {
    for (const std::string group : {"", "g"}) {
      all.push_back(bus.subscribe({.group = group.empty() ? "" : group + std::string(to_string(overload)),
                                   .overload = overload})
                        .value());
      runners.push_back(bus.run(all.back(), [&](const EventView&) { ++handled; }).value());
    }
  }
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(bus.publish("a", "x"));
  const CloseReport report = bus.close(1h);
  EXPECT_EQ(handled, 200 * 6);
  EXPECT_EQ(report.published, 200U);
  EXPECT_EQ(report.unfinished, 0U);
  EXPECT_TRUE(report.cut_short.empty());
  for (const Runner& runner : runners) EXPECT_FALSE(runner.running());
}

TEST(Close, others_may_poll_to_the_end_and_then_are_told) {
  for (const Overload overload : {Overload::block, Overload::drop_oldest, Overload::evict}) {
    for (const std::string group : {"", "g"}) {
      Bus bus = test::open_bus();
      Subscription all = bus.subscribe({.group = group, .overload = overload, .name = "mine"}).value();
      for (int i = 0; i < 3; ++i) ASSERT_TRUE(bus.publish("a", std::to_string(i)));
      bus.close();
      EXPECT_EQ(all.next(0ns).value().text(), "0");
      EXPECT_EQ(test::texts(all), (Texts{"1", "2"}));
      EXPECT_EQ(all.poll(kIgnore).status, PollStatus::closed);
      expect_error(all.next(-1ns), ErrorCode::closed, {"mine", "every event has been seen"});
    }
  }
}

TEST(Close, every_publish_that_returned_ok_is_delivered) {
  for (const Producers producers : {Producers::multi, Producers::single}) {
    Bus bus = test::open_bus({.shards = 0, .pinned = {{.pattern = ">", .producers = producers}}});
    const test::NoRescues no_rescues(bus);
    Subscription all = bus.subscribe({}).value();
    std::atomic<std::uint64_t> handled{0};
    std::atomic<std::uint64_t> published{0};
    Runner runner = bus.run(all, [&](const EventView&) { ++handled; }).value();
    std::vector<std::thread> threads;
    for (int i = 0; i < (producers == Producers::multi ? 2 : 1); ++i) {
      threads.emplace_back([&, publisher = bus.publisher("a").value()]() mutable {
        PublishResult result;
        while ((result = publisher.publish("x"))) ++published;
        EXPECT_EQ(result.status, PublishStatus::closed);
      });
    }
    test::await([&] { return handled > 100; });
    const CloseReport report = bus.close(1h);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(handled, published);
    EXPECT_TRUE(report.cut_short.empty());
  }
}

TEST(Close, a_publisher_that_waits_for_room_is_told) {
  Bus bus = test::open_small_bus({.publish_deadline = 1h});
  const test::NoRescues no_rescues(bus);
  Subscription slow = bus.subscribe({}).value();
  Publisher publisher = bus.publisher("a").value();
  test::fill(publisher);
  std::thread waiting([&] { EXPECT_EQ(publisher.publish("x").status, PublishStatus::closed); });
  bus.close();
  waiting.join();
  EXPECT_EQ(test::texts(slow).size(), test::kSmallRingEvents);
}

TEST(Close, a_claim_that_was_open_may_still_be_committed_and_is_delivered) {
  for (const Producers producers : {Producers::multi, Producers::single}) {
    Bus bus = test::open_bus({.shards = 0, .pinned = {{.pattern = ">", .producers = producers}}});
    Subscription all = bus.subscribe({}).value();
    Publisher publisher = bus.publisher("a").value();
    Claim claim = publisher.claim(1).value();
    bus.close(0ns);
    EXPECT_EQ(all.poll(kIgnore).status, PollStatus::ok) << "not at its end: a claim is open below it";
    claim.payload()[0] = std::byte{'x'};
    EXPECT_TRUE(claim.commit());
    EXPECT_EQ(test::texts(all), Texts{"x"});
    EXPECT_EQ(all.poll(kIgnore).status, PollStatus::closed);
  }
}

TEST(Close, a_handler_that_does_not_return_is_cut_short_by_name_and_its_unread_events_are_counted) {
  Bus bus = test::open_bus();
  test::Door inside;
  test::Door go_on;
  Subscription stuck = bus.subscribe({.name = "stuck"}).value();
  std::atomic<int> handled{0};
  Runner runner = bus.run(stuck,
                          [&](const EventView&) {
                            ++handled;
                            inside.open();
                            go_on.pass();
                          })
                      .value();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(bus.publish("a", "x"));
  inside.pass();
  const CloseReport report = bus.close(1ms);
  EXPECT_EQ(report.cut_short, Texts{"stuck"});
  go_on.open();
  runner.join();
  EXPECT_EQ(handled, 1);
  EXPECT_EQ(stuck.unfinished(), 4U);
  EXPECT_EQ(report.unfinished, 4U) << "what it left unread is counted in the report, too";
}

TEST(Close, from_inside_a_handler_that_handler_goes_on_to_the_end) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  std::atomic<int> handled{0};
  Runner runner = bus.run(all,
                          [&](const EventView&) {
                            if (handled++ == 0) {
                              EXPECT_TRUE(bus.close(1h).cut_short.empty());
                            }
                          })
                      .value();
  Publisher publisher = bus.publisher("a").value();
  ASSERT_TRUE(publisher.publish_batch(std::vector<std::span<const std::byte>>(3)));
  runner.join();
  EXPECT_EQ(handled, 3);
}

TEST(Close, two_handlers_may_call_it_at_the_same_time_and_neither_is_cut_short) {
  Bus bus = test::open_bus();
  const auto deadline = 2s;  // what a close that waits for the other would take
  std::vector<Subscription> all;
  std::vector<Runner> runners;
  std::atomic<int> inside{0};
  std::atomic<int> cut{0};
  for (int i = 0; i < 2; ++i) {
    all.push_back(bus.subscribe({}).value());
    runners.push_back(bus.run(all.back(),
                              [&](const EventView&) {
                                ++inside;
                                test::await([&] { return inside == 2; });
                                cut += static_cast<int>(bus.close(deadline).cut_short.size());
                              })
                          .value());
  }
  ASSERT_TRUE(bus.publish("a", "x"));
  for (Runner& runner : runners) runner.join();
  EXPECT_EQ(cut, 0);
}

TEST(Close, of_a_single_producer_shard_refuses_every_publish_and_uses_up_one_record_at_most) {
  Bus bus = test::open_small_bus({.pinned = {{.pattern = "solo", .producers = Producers::single}}});
  Publisher publisher = bus.publisher("solo").value();
  const Subscription held_up = bus.subscribe({}).value();
  ASSERT_TRUE(publisher.publish("x"));
  bus.close();
  const std::uint64_t tail = bus.metrics().shards[1].tail;
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(publisher.publish("y").status, PublishStatus::closed);
  EXPECT_LE(bus.metrics().shards[1].tail, tail + 32);
}

}  // namespace
}  // namespace sluice
