#include "sluice/bus/subscription.hpp"

#include <chrono>
#include <optional>
#include <stdexcept>
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

TEST(Subscription, an_exact_topic_sees_its_own_events_only) {
  Bus bus = test::open_bus();
  Subscription orders = bus.subscribe({.topic = "orders.new"}).value();
  for (const std::string topic : {"orders.new", "orders.old", "orders", "orders.new.eu", "orders.new"}) {
    ASSERT_TRUE(bus.publish(topic, topic));
  }
  EXPECT_EQ(test::texts(orders), (Texts{"orders.new", "orders.new"}));
}

TEST(Subscription, a_pattern_sees_topics_that_exist_and_topics_to_come) {
  Bus bus = test::open_bus();
  ASSERT_TRUE(bus.publish("md.fx", "too early"));
  Subscription tokens = bus.subscribe({.topic = "md.*"}).value();
  Subscription rest = bus.subscribe({.topic = "md.>"}).value();
  for (const std::string topic : {"md.fx", "md.eq", "md.eq.us", "news", "md"}) {
    ASSERT_TRUE(bus.publish(topic, topic));
  }
  EXPECT_EQ(test::texts(tokens), (Texts{"md.fx", "md.eq"}));
  EXPECT_EQ(test::texts(rest), (Texts{"md.fx", "md.eq", "md.eq.us"}));
}

TEST(Subscription, without_a_topic_it_is_the_firehose) {
  Bus bus = test::open_bus();
  Subscription none = bus.subscribe({}).value();
  Subscription rest = bus.subscribe({.topic = ">"}).value();
  for (const std::string topic : {"a", "b.c", "d.e.f"}) ASSERT_TRUE(bus.publish(topic, topic));
  EXPECT_EQ(test::texts(none), (Texts{"a", "b.c", "d.e.f"}));
  EXPECT_EQ(test::texts(rest), (Texts{"a", "b.c", "d.e.f"}));
}

TEST(Subscription, sees_what_was_published_after_it_joined) {
  Bus bus = test::open_bus();
  ASSERT_TRUE(bus.publish("a", "before"));
  Subscription all = bus.subscribe({}).value();
  ASSERT_TRUE(bus.publish("a", "after"));
  EXPECT_EQ(test::texts(all), Texts{"after"});
}

TEST(Subscription, one_that_joins_behind_an_open_claim_does_not_see_that_claims_event) {
  Bus bus = test::open_bus();
  Publisher publisher = bus.publisher("a").value();
  Claim claim = publisher.claim(1).value();
  Subscription all = bus.subscribe({}).value();
  claim.payload()[0] = std::byte{'x'};
  ASSERT_TRUE(claim.commit());
  ASSERT_TRUE(publisher.publish("after"));
  EXPECT_EQ(test::texts(all), Texts{"after"});
}

class EveryPolicy : public testing::TestWithParam<Overload> {
 protected:
  Subscription subscribe(Bus& bus, SubscribeOptions options = {}) {
    options.overload = GetParam();
    return bus.subscribe(std::move(options)).value();
  }
};
INSTANTIATE_TEST_SUITE_P(Overload, EveryPolicy,
                         testing::Values(Overload::block, Overload::drop_oldest, Overload::evict),
                         [](const auto& tested) { return std::string(to_string(tested.param)); });

TEST_P(EveryPolicy, events_come_in_order_many_times_around_the_ring) {
  Bus bus = test::open_small_bus();
  Subscription all = subscribe(bus);
  Publisher publisher = bus.publisher("a").value();
  Texts expected;
  Texts seen;
  for (int i = 0; i < 1000; ++i) {
    expected.push_back(std::to_string(i) + std::string(static_cast<std::size_t>(i % 200), 'x'));
    ASSERT_TRUE(publisher.publish(expected.back()));
    if (i % 3 == 0) all.poll([&](const EventView& event) { seen.emplace_back(event.text()); });
  }
  for (const std::string& text : test::texts(all)) seen.push_back(text);
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(all.received(), 1000U);
  EXPECT_EQ(all.lost(), 0U);
  EXPECT_EQ(all.lag_bytes(), 0U);
}

TEST_P(EveryPolicy, poll_handles_at_most_its_limit_and_goes_on_from_there) {
  Bus bus = test::open_bus();
  Subscription all = subscribe(bus);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(bus.publish("a", std::to_string(i)));
  Texts seen;
  const auto take = [&](const EventView& event) { seen.emplace_back(event.text()); };
  EXPECT_EQ(all.poll(take, 0).events, 0U);
  EXPECT_EQ(all.poll(take, 2).events, 2U);
  EXPECT_EQ(seen, (Texts{"0", "1"}));
  EXPECT_GT(all.lag_bytes(), 0U);
  EXPECT_EQ(all.poll(take, 100).events, 3U);
  EXPECT_EQ(all.poll(take).events, 0U);
  EXPECT_EQ(all.poll(take).status, PollStatus::ok);
  EXPECT_EQ(seen, (Texts{"0", "1", "2", "3", "4"}));
}

TEST_P(EveryPolicy, next_gives_events_one_by_one_and_times_out_when_there_are_none) {
  Bus bus = test::open_bus();
  const test::NoRescues no_rescues(bus);
  Subscription all = subscribe(bus, {.name = "mine"});
  expect_error(all.next(0ns), ErrorCode::timed_out, {"\"mine\"", "no event came in time"});
  expect_error(all.next(1ms), ErrorCode::timed_out, {"\"mine\""});
  ASSERT_TRUE(bus.publish("a", "1"));
  ASSERT_TRUE(bus.publish("a", "2"));
  EXPECT_EQ(all.next(0ns).value().text(), "1");
  EXPECT_EQ(all.next(-1ns).value().text(), "2");
}

TEST_P(EveryPolicy, next_wakes_when_an_event_comes) {
  Bus bus = test::open_bus();
  const test::NoRescues no_rescues(bus);
  Subscription all = subscribe(bus, {.wait = WaitStrategy::sleepy()});
  std::thread reader([&] { EXPECT_EQ(all.next(-1ns).value().text(), "x"); });
  ASSERT_TRUE(bus.publish("a", "x"));
  reader.join();
}

TEST_P(EveryPolicy, cancel_in_a_handler_takes_effect_when_it_returns) {
  Bus bus = test::open_bus();
  Subscription all = subscribe(bus, {.name = "mine"});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(bus.publish("a", "x"));
  int handled = 0;
  const PollResult result = all.poll([&](const EventView&) {
    ++handled;
    all.cancel();
  });
  EXPECT_EQ(handled, 1);
  EXPECT_EQ(result.status, PollStatus::cancelled);
  EXPECT_EQ(result.events, 1U);
  EXPECT_TRUE(result.ended());
  EXPECT_EQ(all.poll(kIgnore).status, PollStatus::cancelled);
  expect_error(all.next(-1ns), ErrorCode::cancelled, {"mine", "cancelled"});
  EXPECT_TRUE(all.wait(-1ns)) << "an end is something that poll would find";
  EXPECT_EQ(all.unfinished(), 2U);
  EXPECT_EQ(all.received(), 1U);
  all.cancel();
}

TEST_P(EveryPolicy, may_be_destroyed_inside_its_own_handler) {
  Bus bus = test::open_bus();
  std::optional<Subscription> all = subscribe(bus);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(bus.publish("a", "x"));
  int handled = 0;
  std::string text;
  const PollResult result = all->poll([&](const EventView& event) {
    ++handled;
    all.reset();
    text = event.text();  // the event is still there
  });
  EXPECT_EQ(handled, 1);
  EXPECT_EQ(text, "x");
  EXPECT_EQ(result.status, PollStatus::cancelled);
  EXPECT_TRUE(bus.metrics().subscriptions.empty());
}

TEST_P(EveryPolicy, a_handler_that_throws_has_consumed_its_event_and_poll_passes_it_on) {
  Bus bus = test::open_bus();
  Subscription all = subscribe(bus);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(bus.publish("a", std::to_string(i)));
  Texts seen;
  const auto throws_at_2 = [&](const EventView& event) {
    if (event.text() == "2") throw std::runtime_error("two");
    seen.emplace_back(event.text());
  };
  EXPECT_THROW((void)all.poll(throws_at_2), std::runtime_error);
  EXPECT_EQ(all.poll(throws_at_2).events, 2U);
  EXPECT_EQ(seen, (Texts{"0", "1", "3", "4"}));
  EXPECT_EQ(all.received(), 5U);
  EXPECT_EQ(all.lag_bytes(), 0U);
}

TEST_P(EveryPolicy, a_nested_poll_is_reentrant_and_so_is_next) {
  Bus bus = test::open_bus();
  Subscription all = subscribe(bus, {.name = "mine"});
  ASSERT_TRUE(bus.publish("a", "x"));
  int handled = 0;
  all.poll([&](const EventView&) {
    ++handled;
    const PollResult nested = all.poll([](const EventView&) { ADD_FAILURE() << "nested"; });
    EXPECT_EQ(nested.status, PollStatus::reentrant);
    EXPECT_FALSE(nested.ended());
    expect_error(all.next(-1ns), ErrorCode::reentrant, {"mine", "own handler"});
    EXPECT_FALSE(all.wait(-1ns)) << "it has nothing to wait for";
  });
  EXPECT_EQ(handled, 1);
}

TEST_P(EveryPolicy, a_poll_from_another_thread_meanwhile_is_busy) {
  Bus bus = test::open_bus();
  Subscription all = subscribe(bus, {.name = "mine"});
  ASSERT_TRUE(bus.publish("a", "x"));
  int handled = 0;
  all.poll([&](const EventView&) {
    ++handled;
    std::thread([&] {
      EXPECT_EQ(all.poll(kIgnore).status, PollStatus::busy);
      expect_error(all.next(-1ns), ErrorCode::busy, {"mine", "another thread"});
      EXPECT_FALSE(all.wait(-1ns));
    }).join();
  });
  EXPECT_EQ(handled, 1);
  std::thread([&] { EXPECT_EQ(all.poll(kIgnore).status, PollStatus::ok); }).join();
}

TEST_P(EveryPolicy, another_subscriptions_poll_may_be_nested) {
  Bus bus = test::open_bus();
  Subscription outer = subscribe(bus, {.topic = "a"});
  Subscription inner = subscribe(bus, {.topic = "b"});
  ASSERT_TRUE(bus.publish("a", "1"));
  ASSERT_TRUE(bus.publish("b", "2"));
  Texts seen;
  outer.poll([&](const EventView& event) {
    seen.emplace_back(event.text());
    inner.poll([&](const EventView& nested) { seen.emplace_back(nested.text()); });
    seen.emplace_back(event.text());
  });
  EXPECT_EQ(seen, (Texts{"1", "2", "1"}));
}

TEST_P(EveryPolicy, a_handler_may_publish_subscribe_and_destroy_others) {
  Bus bus = test::open_bus();
  Subscription mine = subscribe(bus, {.topic = "a"});
  std::optional<Subscription> other = bus.subscribe({.topic = "a"}).value();
  std::optional<Subscription> fresh;
  ASSERT_TRUE(bus.publish("a", "1"));
  Texts seen;
  mine.poll([&](const EventView& event) {
    seen.emplace_back(event.text());
    if (seen.size() > 1) return;
    other.reset();
    fresh = bus.subscribe({}).value();
    ASSERT_TRUE(bus.publish("a", "2"));
  });
  if (seen.size() == 1) mine.poll([&](const EventView& event) { seen.emplace_back(event.text()); });
  EXPECT_EQ(seen, (Texts{"1", "2"}));
  EXPECT_EQ(test::texts(*fresh), Texts{"2"});
}

TEST_P(EveryPolicy, several_shards_are_each_in_order_and_none_starves) {
  Bus bus = test::open_bus({.pinned = {{.pattern = "a"}, {.pattern = "b"}}});
  Subscription all = subscribe(bus);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(bus.publish("a", "a" + std::to_string(i)));
    ASSERT_TRUE(bus.publish("b", "b" + std::to_string(i)));
  }
  Texts a;
  Texts b;
  for (int i = 0; i < 12; ++i) {
    all.poll([&](const EventView& event) { (event.topic() == "a" ? a : b).emplace_back(event.text()); }, 2);
  }
  ASSERT_EQ(a.size(), 10U);
  ASSERT_EQ(b.size(), 10U);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(a[i], "a" + std::to_string(i));
    EXPECT_EQ(b[i], "b" + std::to_string(i));
  }
}

TEST_P(EveryPolicy, a_stream_of_unwanted_events_holds_nobody_up) {
  Bus bus = test::open_small_bus({.publish_deadline = 0ns});
  Subscription quiet = subscribe(bus, {.topic = "quiet"});
  Publisher noise = bus.publisher("noise").value();
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(noise.publish("x"));
    if (i % 100 == 0) {
      EXPECT_EQ(quiet.poll(kIgnore).events, 0U);
    }
  }
  ASSERT_TRUE(bus.publish("quiet", "at last"));
  EXPECT_EQ(test::texts(quiet), Texts{"at last"});
  EXPECT_EQ(quiet.lost(), 0U) << "unwanted events are not lost ones";
}

TEST_P(EveryPolicy, a_moved_subscription_goes_on) {
  Bus bus = test::open_bus();
  Subscription first = subscribe(bus);
  ASSERT_TRUE(bus.publish("a", "1"));
  Subscription second = std::move(first);
  ASSERT_TRUE(bus.publish("a", "2"));
  EXPECT_EQ(test::texts(second), (Texts{"1", "2"}));
  second = subscribe(bus);
  ASSERT_TRUE(bus.publish("a", "3"));
  EXPECT_EQ(test::texts(second), Texts{"3"});
  EXPECT_EQ(bus.metrics().subscriptions.size(), 1U) << "the one that was assigned over has ended";
}

TEST_P(EveryPolicy, large_records_are_seen_whole) {
  Bus bus = test::open_bus();  // a record may have 128 KiB: more than is copied at a time
  Subscription all = subscribe(bus);
  Texts expected;
  for (int i = 0; i < 6; ++i) {
    expected.push_back("before");
    expected.emplace_back(100'000 + static_cast<std::size_t>(i), static_cast<char>('a' + i));
    ASSERT_TRUE(bus.publish("a", expected[expected.size() - 2]));
    ASSERT_TRUE(bus.publish("a", expected.back()));
    if (i % 2 == 1) {
      EXPECT_EQ(test::texts(all), expected);
      expected.clear();
    }
  }
}

TEST(Subscription, an_unnamed_one_is_named_after_its_group_and_topic) {
  Bus bus = test::open_bus();
  EXPECT_EQ(bus.subscribe({.topic = "md.*"}).value().name().substr(0, 5), "md.*#");
  EXPECT_EQ(bus.subscribe({.topic = "md.*", .group = "risk"}).value().name().substr(0, 10), "risk:md.*#");
  EXPECT_EQ(bus.subscribe({.name = "own"}).value().name(), "own");
}

TEST(PollStatus, has_its_own_spelling_and_knows_what_is_an_end) {
  const std::vector<std::pair<PollStatus, std::string>> all{{PollStatus::ok, "ok"},
                                                            {PollStatus::evicted, "evicted"},
                                                            {PollStatus::cancelled, "cancelled"},
                                                            {PollStatus::closed, "closed"},
                                                            {PollStatus::reentrant, "reentrant"},
                                                            {PollStatus::busy, "busy"}};
  for (const auto& [status, name] : all) EXPECT_EQ(to_string(status), name);
  EXPECT_TRUE((PollResult{PollStatus::evicted, 0}.ended()));
  EXPECT_TRUE((PollResult{PollStatus::cancelled, 0}.ended()));
  EXPECT_TRUE((PollResult{PollStatus::closed, 0}.ended()));
  EXPECT_FALSE((PollResult{PollStatus::ok, 0}.ended()));
  EXPECT_FALSE((PollResult{PollStatus::reentrant, 0}.ended()));
  EXPECT_FALSE((PollResult{PollStatus::busy, 0}.ended()));
}

}  // namespace
}  // namespace sluice
