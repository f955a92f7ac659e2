// A slow subscriber that blocks, and one that loses the oldest.
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "unit/bus/support.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using test::expect_error;
using test::kSmallRingEvents;
using test::NumberPublisher;
using test::Numbers;
using test::numbers;
using test::take;

// block

TEST(Block, stuck_in_its_handler_it_holds_producers_up_to_their_deadline_and_is_named) {
  Bus bus = test::open_small_bus({.publish_deadline = 1ms});
  const test::NoRescues no_rescues(bus);
  test::Door inside;
  test::Door go_on;
  Subscription stuck = bus.subscribe({.name = "stuck"}).value();
  Runner runner = bus.run(stuck,
                          [&](const EventView&) {
                            inside.open();
                            go_on.pass();
                          })
                      .value();
  NumberPublisher publisher = numbers(bus);
  ASSERT_TRUE(publisher.publish(0));
  inside.pass();
  test::fill(publisher);
  EXPECT_EQ(publisher.try_publish(1).status, PublishStatus::would_block);
  EXPECT_EQ(publisher.publish(1).status, PublishStatus::timed_out);
  expect_error(publisher.last_error(), ErrorCode::timed_out, {"subscription \"stuck\""});
  EXPECT_EQ(bus.metrics().shards[0].held_by, "stuck");
  go_on.open();
  EXPECT_TRUE(bus.drain(1h).drained);
  EXPECT_TRUE(publisher.publish(1)) << "it moved on, and so do producers";
  EXPECT_EQ(bus.metrics().evictions, 0U);
}

TEST(Block, frees_what_it_has_handled_while_a_publisher_waits) {
  Bus bus = test::open_small_bus({.publish_deadline = 1h});
  const test::NoRescues no_rescues(bus);
  Subscription slow = bus.subscribe({.name = "slow"}).value();
  NumberPublisher publisher = numbers(bus);
  test::fill(publisher);
  test::Door published;
  std::thread waiting([&] {
    EXPECT_TRUE(publisher.publish(1));
    published.open();
  });
  // In one poll: the room comes while it still runs.
  bool in_time = false;
  test::await([&] { return bus.metrics().publishers[0].would_block == 1; });
  std::uint64_t handled = 0;
  slow.poll([&](const EventView&) {
    if (++handled == kSmallRingEvents - 1) in_time = (published.pass(), true);
  });
  waiting.join();
  EXPECT_TRUE(in_time);
}

// drop_oldest

TEST(DropOldest, that_stops_polling_loses_the_oldest_and_counts_them_exactly) {
  Bus bus = test::open_small_bus({.publish_deadline = 0ns});
  Subscription lossy = bus.subscribe({.overload = Overload::drop_oldest}).value();
  NumberPublisher publisher = numbers(bus);
  constexpr std::uint64_t kEvents = 10'000;
  for (std::uint64_t i = 0; i < kEvents; ++i) ASSERT_TRUE(publisher.publish(i)) << "nobody waits for it";
  const Numbers seen = take(lossy);
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.back(), kEvents - 1);
  for (std::size_t i = 1; i < seen.size(); ++i) ASSERT_EQ(seen[i], seen[i - 1] + 1) << "the newest, unbroken";
  EXPECT_EQ(lossy.lost(), kEvents - seen.size());
  EXPECT_EQ(lossy.lost(), seen.front());
  EXPECT_EQ(test::metrics_of(bus, lossy.name()).lost, lossy.lost());
  const std::uint64_t lost = lossy.lost();
  lossy.cancel();
  EXPECT_EQ(lossy.lost(), lost) << "the count outlives the subscription";
}

TEST(DropOldest, counts_only_what_it_would_have_seen) {
  Bus bus = test::open_small_bus({.publish_deadline = 0ns});
  Subscription lossy = bus.subscribe({.topic = "mine.*", .overload = Overload::drop_oldest}).value();
  NumberPublisher mine = numbers(bus, "mine.a");
  NumberPublisher others = numbers(bus, "others");
  constexpr std::uint64_t kEvents = 1'000;
  for (std::uint64_t i = 0; i < kEvents; ++i) {
    ASSERT_TRUE(mine.publish(i));
    ASSERT_TRUE(others.publish(i));
    ASSERT_TRUE(others.publish(i));
  }
  const Numbers seen = take(lossy);
  EXPECT_EQ(seen.size() + lossy.lost(), kEvents);
  EXPECT_EQ(seen.back(), kEvents - 1);
}

TEST(DropOldest, stuck_in_its_handler_it_holds_nobody_up_and_its_event_stays_whole) {
  Bus bus = test::open_small_bus({.publish_deadline = 0ns});
  const test::NoRescues no_rescues(bus);
  test::Door inside;
  test::Door go_on;
  std::atomic<std::uint64_t> handled{0};
  Subscription lossy = bus.subscribe({.overload = Overload::drop_oldest}).value();
  Runner runner = bus.run(lossy,
                          [&](const EventView& event) {
                            if (handled++ != 0) return;
                            inside.open();
                            go_on.pass();
                            EXPECT_EQ(event.as<std::uint64_t>(), 77U) << "overwritten under the handler";
                          })
                      .value();
  NumberPublisher publisher = numbers(bus);
  ASSERT_TRUE(publisher.publish(77));
  inside.pass();
  constexpr std::uint64_t kEvents = 5'000;
  for (std::uint64_t i = 0; i < kEvents; ++i) ASSERT_TRUE(publisher.publish(i));
  go_on.open();
  ASSERT_TRUE(bus.drain(1h).drained);
  EXPECT_EQ(lossy.received() + lossy.lost(), kEvents + 1);
  EXPECT_EQ(handled, lossy.received());
}

TEST(DropOldest, a_group_of_them_counts_its_losses_once_for_all_members) {
  Bus bus = test::open_small_bus({.publish_deadline = 0ns});
  const SubscribeOptions options{.group = "g", .overload = Overload::drop_oldest};
  Subscription one = bus.subscribe(options).value();
  Subscription two = bus.subscribe(options).value();
  NumberPublisher publisher = numbers(bus);
  constexpr std::uint64_t kEvents = 3'000;
  for (std::uint64_t i = 0; i < kEvents; ++i) ASSERT_TRUE(publisher.publish(i));
  std::uint64_t seen = 0;
  for (bool more = true; more;) {
    const std::size_t a = one.poll([](const EventView&) {}, 5).events;
    const std::size_t b = two.poll([](const EventView&) {}, 5).events;
    seen += a + b;
    more = a + b != 0;
  }
  EXPECT_EQ(one.lost(), two.lost());
  EXPECT_EQ(seen + one.lost(), kEvents);
}

TEST(DropOldest, a_late_one_starts_counting_at_zero_although_another_had_its_cursor) {
  Bus bus = test::open_small_bus();
  NumberPublisher publisher = numbers(bus);
  {
    Subscription gone = bus.subscribe({.overload = Overload::drop_oldest}).value();
    for (std::uint64_t i = 0; i < 1'000; ++i) ASSERT_TRUE(publisher.publish(i));
    EXPECT_GT(gone.lost(), 0U);
  }
  Subscription fresh = bus.subscribe({.overload = Overload::drop_oldest}).value();
  EXPECT_EQ(fresh.lost(), 0U);
  for (std::uint64_t i = 0; i < 10; ++i) ASSERT_TRUE(publisher.publish(i));
  EXPECT_EQ(take(fresh).size(), 10U);
  EXPECT_EQ(fresh.lost(), 0U);
}

}  // namespace
}  // namespace sluice
