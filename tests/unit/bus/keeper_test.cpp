// Notices: what the bus's own thread tells its owner.
#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "unit/bus/support.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr auto kThrow = [](const EventView&) { throw std::runtime_error("bad"); };

TEST(Notices, come_on_a_thread_that_is_named_after_the_bus) {
  std::thread::id notified;
  test::Door told;
  char state = '?';
  Bus bus = test::open_bus({.on_notice =
                                [&](const Notice&) {
                                  notified = std::this_thread::get_id();
                                  state = test::thread_state("feed.keep");
                                  told.open();
                                },
                            .name = "feed"});
  Subscription all = bus.subscribe({}).value();
  Runner runner = bus.run(all, kThrow).value();
  ASSERT_TRUE(bus.publish("a", "x"));
  told.pass();
  EXPECT_NE(notified, std::this_thread::get_id());
  EXPECT_NE(state, '?') << "no thread of that name";
}

TEST(Notices, a_bus_that_has_none_to_give_starts_no_thread_for_them) {
  Bus bus = test::open_bus({.on_notice = [](const Notice&) {}, .name = "quiet"});
  Subscription all = bus.subscribe({}).value();
  ASSERT_TRUE(bus.publish("a", "x"));
  EXPECT_EQ(test::thread_state("quiet.keep"), '?');
}

TEST(Notices, come_in_order_and_may_use_the_bus) {
  test::Notices notices;
  std::optional<Bus> bus;
  std::atomic<int> published{0};
  bus = test::open_bus({.on_notice = [&, collect = notices.collector()](const Notice& notice) {
    EXPECT_TRUE(bus->publish("notices", notice.message));
    EXPECT_FALSE(bus->metrics().subscriptions.empty());
    ++published;
    collect(notice);
  }});
  Subscription all = bus->subscribe({.topic = "in"}).value();
  Subscription told = bus->subscribe({.topic = "notices"}).value();
  Runner runner =
      bus->run(all, [](const EventView& event) { throw std::runtime_error(std::string(event.text())); })
          .value();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(bus->publish("in", "number " + std::to_string(i)));
  const std::vector<Notice> seen = notices.await_count(5);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_NE(seen[i].message.find("number " + std::to_string(i)), std::string::npos) << seen[i].message;
  }
  EXPECT_EQ(test::texts(told).size(), 5U);
  bus.reset();
}

TEST(Notices, without_anybody_to_tell_things_go_on) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  Runner runner = bus.run(all, kThrow).value();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(bus.publish("a", "x"));
  EXPECT_TRUE(bus.drain(1h).drained);
  EXPECT_EQ(runner.exceptions(), 5U);
}

TEST(Notices, what_was_to_be_told_is_told_before_the_bus_is_gone) {
  const test::Notices notices;
  {
    Bus bus = test::open_bus({.on_notice = notices.collector()});
    Subscription all = bus.subscribe({}).value();
    Runner runner = bus.run(all, kThrow).value();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(bus.publish("a", "x"));
    EXPECT_TRUE(bus.drain(1h).drained);
  }
  EXPECT_EQ(notices.all().size(), 3U);
}

TEST(Notices, the_bus_may_be_destroyed_by_one) {
  std::optional<Bus> bus;
  test::Door gone;
  bus = test::open_bus({.on_notice = [&](const Notice&) {
    bus.reset();
    gone.open();
  }});
  Subscription all = bus->subscribe({}).value();
  Runner runner = bus->run(all, kThrow).value();
  ASSERT_TRUE(bus->publish("a", "x"));
  gone.pass();
  runner.join();
  EXPECT_TRUE(all.poll([](const EventView&) {}).ended());
}

TEST(Notices, a_callback_that_throws_ends_nothing) {
  std::atomic<int> told{0};
  Bus bus = test::open_bus({.on_notice = [&](const Notice&) {
    ++told;
    throw std::runtime_error("from the callback");
  }});
  Subscription all = bus.subscribe({}).value();
  Runner runner = bus.run(all, kThrow).value();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(bus.publish("a", "x"));
  test::await([&] { return told == 3; });
}

}  // namespace
}  // namespace sluice
