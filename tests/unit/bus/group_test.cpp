#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "unit/bus/support.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using test::expect_error;
using Numbers = std::vector<std::uint64_t>;

class QueueGroup : public testing::TestWithParam<Overload> {
 protected:
  Subscription join(Bus& bus, std::string topic = "a") {
    return bus.subscribe({.topic = std::move(topic), .group = "workers", .overload = GetParam()}).value();
  }
  static void publish(Bus& bus, std::uint64_t count) {
    auto publisher = bus.publisher<std::uint64_t>("a").value();
    for (std::uint64_t i = 0; i < count; ++i) ASSERT_TRUE(publisher.publish(i));
  }
  static Numbers take(Subscription& member, std::size_t limit = 1'000'000) {
    Numbers seen;
    (void)member.poll([&](const EventView& event) { seen.push_back(event.as<std::uint64_t>()); }, limit);
    return seen;
  }
  static Numbers up_to(std::uint64_t count) {
    Numbers all;
    for (std::uint64_t i = 0; i < count; ++i) all.push_back(i);
    return all;
  }
  static Numbers sorted(Numbers numbers) {
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }
  static void add(Numbers& to, const Numbers& more) { to.insert(to.end(), more.begin(), more.end()); }
};
INSTANTIATE_TEST_SUITE_P(Overload, QueueGroup,
                         testing::Values(Overload::block, Overload::drop_oldest, Overload::evict),
                         [](const auto& tested) { return std::string(to_string(tested.param)); });

TEST_P(QueueGroup, shares_out_so_that_each_event_goes_to_exactly_one_member) {
  Bus bus = test::open_bus();
  Subscription one = join(bus);
  Subscription two = join(bus);
  Subscription all = bus.subscribe({}).value();
  publish(bus, 1000);
  Numbers first;
  Numbers second;
  for (bool more = true; more;) {
    const Numbers a = take(one, 10);
    const Numbers b = take(two, 10);
    EXPECT_TRUE(std::is_sorted(a.begin(), a.end()));
    add(first, a);
    add(second, b);
    more = !a.empty() || !b.empty();
  }
  EXPECT_FALSE(first.empty());
  EXPECT_FALSE(second.empty());
  add(first, second);
  EXPECT_EQ(sorted(first), up_to(1000));
  EXPECT_EQ(one.received() + two.received(), 1000U);
  EXPECT_EQ(take(all).size(), 1000U) << "others see everything";
}

TEST_P(QueueGroup, members_on_bus_threads_miss_nothing_and_see_nothing_twice) {
  Bus bus = test::open_small_bus();
  const test::NoRescues no_rescues(bus);
  constexpr std::uint64_t kEvents = 5'000;
  std::vector<Subscription> members;
  std::vector<Runner> runners;
  std::mutex mutex;
  Numbers seen;
  for (int i = 0; i < 3; ++i) members.push_back(join(bus));
  for (Subscription& member : members) {
    runners.push_back(bus.run(member,
                              [&](const EventView& event) {
                                const std::lock_guard lock(mutex);
                                seen.push_back(event.as<std::uint64_t>());
                              })
                          .value());
  }
  publish(bus, kEvents);
  EXPECT_TRUE(bus.drain(1h).drained);
  runners.clear();
  const std::uint64_t lost = members[0].lost();
  EXPECT_EQ(seen.size() + lost, kEvents);
  EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), seen.size()) << "nothing came twice";
  if (GetParam() != Overload::drop_oldest) {
    EXPECT_EQ(lost, 0U);
  }
}

TEST_P(QueueGroup, a_member_that_leaves_gives_its_unfinished_span_to_the_others) {
  Bus bus = test::open_bus();
  std::optional<Subscription> one = join(bus);
  Subscription two = join(bus);
  publish(bus, 200);
  Numbers seen;
  (void)one->poll([&](const EventView& event) {
    seen.push_back(event.as<std::uint64_t>());
    one->cancel();
  });
  EXPECT_EQ(seen.size(), 1U);
  if (GetParam() != Overload::drop_oldest) {
    EXPECT_EQ(one->unfinished(), 0U) << "the others take it";
  }
  const std::uint64_t unfinished = one->unfinished();
  one.reset();
  for (Numbers more = take(two); !more.empty(); more = take(two)) add(seen, more);
  EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), seen.size());
  EXPECT_EQ(seen.size() + unfinished, 200U);
  if (GetParam() != Overload::drop_oldest) {
    EXPECT_EQ(sorted(seen), up_to(200));
  }
}

TEST_P(QueueGroup, the_last_member_that_leaves_counts_what_is_unfinished) {
  Bus bus = test::open_bus();
  Subscription one = join(bus);
  Subscription two = join(bus);
  publish(bus, 100);
  const std::size_t seen = take(one, 3).size() + take(two, 2).size();
  one.cancel();
  two.cancel();
  EXPECT_EQ(seen, 5U);
  EXPECT_EQ(one.unfinished() + two.unfinished(), 95U);
}

TEST_P(QueueGroup, is_new_when_somebody_joins_after_all_have_left) {
  Bus bus = test::open_bus();
  { Subscription gone = join(bus); }
  publish(bus, 10);
  Subscription fresh = join(bus);
  EXPECT_EQ(take(fresh), Numbers{}) << "it starts at the newest event";
  publish(bus, 3);
  EXPECT_EQ(take(fresh), up_to(3));
  EXPECT_TRUE(bus.subscribe({.topic = "other", .group = "else", .overload = GetParam()}));
}

TEST_P(QueueGroup, after_all_have_left_it_may_have_other_options) {
  Bus bus = test::open_bus();
  { Subscription gone = join(bus); }
  EXPECT_TRUE(bus.subscribe({.topic = "b", .group = "workers", .overload = Overload::block}));
}

TEST_P(QueueGroup, members_come_and_go_while_events_flow_and_nothing_is_lost) {
  Bus bus = test::open_small_bus();
  const test::NoRescues no_rescues(bus);
  Subscription stays = join(bus);
  std::optional<Subscription> comes;
  auto publisher = bus.publisher<std::uint64_t>("a").value();
  Numbers seen;
  std::uint64_t unfinished = 0;
  for (std::uint64_t i = 0; i < 3'000; ++i) {
    ASSERT_TRUE(publisher.publish(i));
    if (i % 40 == 10) comes = join(bus);
    if (i % 40 == 25) add(seen, take(*comes, 7));
    if (i % 40 == 35) {
      comes->cancel();
      unfinished += comes->unfinished();
      comes.reset();
    }
    if (i % 40 == 39) {
      for (Numbers more = take(stays); !more.empty(); more = take(stays)) add(seen, more);
    }
  }
  EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), seen.size());
  EXPECT_EQ(seen.size() + unfinished, 3'000U);
  if (GetParam() != Overload::drop_oldest) {
    EXPECT_EQ(sorted(seen), up_to(3'000));
  }
}

TEST(QueueGroupOptions, must_be_the_same_for_all_members_and_the_difference_is_named) {
  Bus bus = test::open_bus();
  Subscription first =
      bus.subscribe({.topic = "a.*", .group = "g", .overload = Overload::evict, .evict_after = 5ms}).value();
  expect_error(bus.subscribe({.topic = "b.*", .group = "g", .overload = Overload::evict, .evict_after = 5ms}),
               ErrorCode::group_options_mismatch, {"\"g\"", "topic", "\"a.*\"", "\"b.*\""});
  expect_error(bus.subscribe({.group = "g", .overload = Overload::evict, .evict_after = 5ms}),
               ErrorCode::group_options_mismatch, {"topic", "\">\""});
  expect_error(bus.subscribe({.topic = "a.*", .group = "g"}), ErrorCode::group_options_mismatch,
               {"\"g\"", "overload", "evict", "block"});
  expect_error(bus.subscribe({.topic = "a.*", .group = "g", .overload = Overload::evict, .evict_after = 6ms}),
               ErrorCode::group_options_mismatch, {"\"g\"", "evict_after", "5000000 ns", "6000000 ns"});
  EXPECT_TRUE(bus.subscribe({.topic = "a.*",
                             .group = "g",
                             .overload = Overload::evict,
                             .evict_after = 5ms,
                             .name = "own",
                             .wait = WaitStrategy::sleepy()}))
      << "name and waiting are each member's own";
}

TEST(QueueGroupOptions, the_firehose_has_two_spellings) {
  Bus bus = test::open_bus();
  Subscription first = bus.subscribe({.group = "g"}).value();
  EXPECT_TRUE(bus.subscribe({.topic = ">", .group = "g"}));
}

}  // namespace
}  // namespace sluice
