// What a dispatcher does with events: order, limits, exceptions, ends, bus threads.
#include "sluice/bus/dispatcher.hpp"

#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/sluice.hpp"

#include "unit/bus/support.hpp"

namespace sluice {
namespace {

using std::chrono::seconds;

void publish(Bus& bus, std::string_view topic, std::string_view text = "") {
  bus.publish(topic, text).value();
}

/// Writes down what it is called with, as `who:text`.
auto note(std::vector<std::string>& calls, std::string who) {
  return [&calls, who](const EventView& event) { calls.push_back(who + ":" + std::string(event.text())); };
}

using Calls = std::vector<std::string>;

TEST(Dispatcher, gives_each_event_to_the_handlers_of_its_topic_in_the_order_of_adding) {
  Bus bus = Bus::open().value();
  auto dispatcher = bus.dispatcher().value();
  Calls calls;
  const auto b = dispatcher.add("b", note(calls, "b")).value();
  const auto all = dispatcher.add(">", note(calls, "all")).value();
  const auto a = dispatcher.add("a", note(calls, "a")).value();
  const auto b_again = dispatcher.add("b", note(calls, "b2")).value();

  publish(bus, "a", "1");
  publish(bus, "b", "2");
  publish(bus, "c", "3");
  const PollResult result = dispatcher.poll();

  EXPECT_EQ(result.status, PollStatus::ok);
  EXPECT_EQ(result.events, 3u);
  EXPECT_EQ(calls, (Calls{"all:1", "a:1", "b:2", "all:2", "b2:2", "all:3"}));
  EXPECT_EQ(dispatcher.received(), 3u);
}

TEST(Dispatcher, looks_at_no_more_events_than_its_limit_whether_or_not_anybody_wants_them) {
  Bus bus = Bus::open().value();
  auto dispatcher = bus.dispatcher().value();
  Calls calls;
  const auto a = dispatcher.add("a", note(calls, "a")).value();
  for (const char* topic : {"a", "b", "a", "b", "a"}) publish(bus, topic, topic);

  EXPECT_EQ(dispatcher.poll(0).events, 0u);
  EXPECT_EQ(dispatcher.poll(2).events, 2u);
  EXPECT_EQ(calls.size(), 1u);
  EXPECT_EQ(dispatcher.poll(10).events, 3u);
  EXPECT_EQ(calls.size(), 3u);
  EXPECT_EQ(dispatcher.poll(10).events, 0u);
}

TEST(Dispatcher, sees_only_its_own_topic_and_says_so_to_handlers_that_ask_for_something_else) {
  Bus bus = Bus::open().value();
  auto dispatcher = bus.dispatcher({.topic = "md.*.eu", .name = "ticks"}).value();
  Calls calls;
  const auto any = dispatcher.add(">", note(calls, "any")).value();
  const auto some = dispatcher.add("md.fx.*", note(calls, "fx")).value();
  publish(bus, "md.fx.eu", "1");
  publish(bus, "md.fx.us", "2");
  dispatcher.poll();
  EXPECT_EQ(calls, (Calls{"any:1", "fx:1"}));

  for (const char* outside : {"orders.>", "md.fx", "md.fx.us", "md.*", "*.*.us", "md.*.eu.>"}) {
    const auto refused = dispatcher.add(outside, note(calls, "never"));
    ASSERT_FALSE(refused) << outside;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_option);
    EXPECT_NE(refused.error().message.find(outside), std::string::npos) << refused.error().message;
    EXPECT_NE(refused.error().message.find("ticks"), std::string::npos) << refused.error().message;
  }
}

TEST(Dispatcher, refuses_a_pattern_that_breaks_the_rules_and_a_topic_beyond_the_tables_size) {
  BusOptions options;
  options.max_topics = 1;
  Bus bus = Bus::open(options).value();
  auto dispatcher = bus.dispatcher().value();
  Calls calls;
  EXPECT_EQ(dispatcher.add("a..b", note(calls, "")).error().code, ErrorCode::invalid_pattern);
  const auto first = dispatcher.add("first", note(calls, "first")).value();
  EXPECT_EQ(dispatcher.add("second", note(calls, "")).error().code, ErrorCode::too_many_topics);
  publish(bus, "first", "1");
  dispatcher.poll();
  EXPECT_EQ(calls, (Calls{"first:1"}));
}

TEST(Dispatcher, refuses_options_as_subscriptions_do) {
  Bus bus = Bus::open().value();
  const auto refused = bus.dispatcher({.overload = Overload::evict, .evict_after = seconds(0)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_option);
}

TEST(Dispatcher, passes_an_exception_on_after_the_other_handlers_have_had_the_event) {
  std::vector<std::string> notices;
  std::atomic<int> noticed{0};
  BusOptions options;
  options.on_notice = [&](const Notice& notice) {
    notices.push_back(notice.message);
    noticed.store(1);
    noticed.notify_all();
  };
  Bus bus = Bus::open(options).value();
  auto dispatcher = bus.dispatcher().value();
  Calls calls;
  const auto first = dispatcher.add("a", [](const EventView&) { throw std::runtime_error("first"); }).value();
  const auto second =
      dispatcher.add("a", [](const EventView&) { throw std::runtime_error("second"); }).value();
  const auto third = dispatcher.add("a", note(calls, "third")).value();
  const auto alone = dispatcher.add("b", [](const EventView&) { throw 7; }).value();
  publish(bus, "a", "1");
  publish(bus, "b", "2");

  try {
    dispatcher.poll();
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& thrown) {
    EXPECT_STREQ(thrown.what(), "first");
  }
  EXPECT_EQ(calls, (Calls{"third:1"}));
  EXPECT_THROW(dispatcher.poll(), int);
  EXPECT_EQ(dispatcher.poll().events, 0u) << "an event that was thrown at is consumed";
  EXPECT_EQ(dispatcher.exceptions(), 3u);
  noticed.wait(0);
  bus.close();
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_NE(notices[0].find("second"), std::string::npos) << notices[0];
}

TEST(Dispatcher, refuses_a_poll_from_inside_a_handler_as_reentrant) {
  Bus bus = Bus::open().value();
  auto dispatcher = bus.dispatcher().value();
  std::vector<PollStatus> inner;
  const auto a =
      dispatcher.add("a", [&](const EventView&) { inner.push_back(dispatcher.poll().status); }).value();
  publish(bus, "a");
  publish(bus, "a");
  EXPECT_EQ(dispatcher.poll().events, 2u);
  EXPECT_EQ(inner, (std::vector<PollStatus>{PollStatus::reentrant, PollStatus::reentrant}));
}

TEST(Dispatcher, calls_no_further_handler_of_the_event_once_it_is_cancelled) {
  Bus bus = Bus::open().value();
  auto dispatcher = bus.dispatcher().value();
  Calls calls;
  const auto ends = dispatcher.add("a", [&](const EventView&) { dispatcher.cancel(); }).value();
  const auto late = dispatcher.add("a", note(calls, "late")).value();
  publish(bus, "a");
  EXPECT_EQ(dispatcher.poll().status, PollStatus::cancelled);
  EXPECT_TRUE(calls.empty());
  EXPECT_EQ(dispatcher.add("b", note(calls, "")).error().code, ErrorCode::cancelled);
}

TEST(Dispatcher, hears_what_was_published_before_the_bus_closed_and_takes_no_handler_after) {
  Bus bus = Bus::open().value();
  auto dispatcher = bus.dispatcher().value();
  Calls calls;
  const auto a = dispatcher.add("a", note(calls, "a")).value();
  publish(bus, "a", "1");
  bus.close();
  EXPECT_EQ(dispatcher.add("a", note(calls, "")).error().code, ErrorCode::closed);
  while (!dispatcher.poll().ended()) {
  }
  EXPECT_EQ(calls, (Calls{"a:1"}));
}

TEST(Dispatcher, runs_on_a_bus_thread_which_reports_what_handlers_throw_and_goes_on) {
  std::atomic<int> notices{0};
  BusOptions options;
  options.on_notice = [&](const Notice&) { notices.fetch_add(1); };
  Bus bus = Bus::open(options).value();
  auto dispatcher = bus.dispatcher({.name = "world"}).value();
  std::thread::id thread;
  std::uint64_t sum = 0;
  const auto a = dispatcher
                     .add("a",
                          [&](const EventView& event) {
                            thread = std::this_thread::get_id();
                            if (event.text() == "throw") throw std::runtime_error("as asked");
                            sum += event.text().size();
                          })
                     .value();
  auto runner = bus.run(dispatcher).value();
  publish(bus, "a", "1");
  publish(bus, "a", "throw");
  publish(bus, "a", "12");
  EXPECT_TRUE(bus.drain(seconds(60)).drained);
  EXPECT_EQ(sum, 3u);
  EXPECT_NE(thread, std::this_thread::get_id());
  EXPECT_EQ(dispatcher.poll().status, PollStatus::busy);
  EXPECT_EQ(runner.exceptions(), 1u);
  EXPECT_EQ(dispatcher.exceptions(), 1u);
  EXPECT_EQ(bus.run(dispatcher).error().code, ErrorCode::busy);
  bus.close();
  runner.join();
  while (notices.load() == 0) std::this_thread::yield();  // it is told on another thread
  EXPECT_EQ(notices.load(), 1);
}

TEST(Dispatcher, lets_handlers_publish_to_each_other_through_a_ring_that_is_full) {
  Bus bus = test::open_small_bus();
  auto dispatcher = bus.dispatcher().value();
  int echoes = 0;
  int refused = 0;
  const auto ping = dispatcher
                        .add("ping",
                             [&](const EventView& event) {
                               // Either there is room by now, or this thread alone could make it.
                               const auto published = bus.publish("pong", event.text());
                               if (published) return;
                               EXPECT_EQ(published.error().code, ErrorCode::would_deadlock);
                               ++refused;
                             })
                        .value();
  const auto pong = dispatcher.add("pong", [&](const EventView&) { ++echoes; }).value();
  int pings = 0;
  PublishOptions at_once;
  at_once.deadline = seconds(0);
  while (bus.publish("ping", "x", at_once)) ++pings;
  while (dispatcher.poll().events > 0) {
  }
  EXPECT_GT(pings, 100);
  EXPECT_EQ(echoes + refused, pings);
  EXPECT_GT(echoes, 0);
}

TEST(Dispatcher, counts_what_it_lost_and_hands_out_the_rest_when_it_drops_the_oldest) {
  Bus bus = test::open_small_bus();
  auto dispatcher = bus.dispatcher({.overload = Overload::drop_oldest}).value();
  std::uint64_t seen = 0;
  const auto a = dispatcher.add("a", [&](const EventView&) { ++seen; }).value();
  for (int i = 0; i < 1000; ++i) publish(bus, "a", "x");
  while (dispatcher.poll().events > 0) {
  }
  EXPECT_GT(dispatcher.lost(), 0u);
  EXPECT_GT(seen, 0u);
  EXPECT_EQ(dispatcher.lost() + seen, 1000u);
}

TEST(Dispatcher, waits_until_there_is_something_to_poll) {
  Bus bus = Bus::open().value();
  auto dispatcher = bus.dispatcher({.topic = "a", .wait = WaitStrategy::sleepy()}).value();
  Calls calls;
  const auto a = dispatcher.add("a", note(calls, "a")).value();
  EXPECT_FALSE(dispatcher.wait(std::chrono::nanoseconds(0)));
  std::thread publisher([&] { publish(bus, "a", "1"); });
  while (calls.empty()) {
    EXPECT_TRUE(dispatcher.wait(seconds(60)));
    dispatcher.poll();
  }
  publisher.join();
  EXPECT_EQ(calls, (Calls{"a:1"}));
}

TEST(Dispatcher, can_be_destroyed_by_one_of_its_own_handlers) {
  Bus bus = Bus::open().value();
  std::optional<Dispatcher> dispatcher(bus.dispatcher().value());
  Calls calls;
  auto mark = std::make_shared<int>(0);
  dispatcher
      ->add("a",
            [&dispatcher, &calls, mark](const EventView& event) {
              dispatcher.reset();
              EXPECT_EQ(mark.use_count(), 2) << "the callable that runs must live";
              calls.push_back(std::string(event.text()));
            })
      .value()
      .detach();
  const auto after = dispatcher->add("a", note(calls, "after")).value();
  publish(bus, "a", "1");
  publish(bus, "a", "2");
  EXPECT_EQ(dispatcher->poll().status, PollStatus::cancelled);
  EXPECT_EQ(calls, (Calls{"1"}));
  EXPECT_EQ(mark.use_count(), 1);
}

TEST(Dispatcher, keeps_what_it_needs_when_it_is_moved) {
  Bus bus = Bus::open().value();
  auto first = bus.dispatcher().value();
  Calls calls;
  const auto a = first.add("a", note(calls, "a")).value();
  Dispatcher second = std::move(first);
  publish(bus, "a", "1");
  second.poll();
  second = bus.dispatcher().value();
  publish(bus, "a", "2");
  second.poll();
  EXPECT_EQ(calls, (Calls{"a:1"}));
}

}  // namespace
}  // namespace sluice
