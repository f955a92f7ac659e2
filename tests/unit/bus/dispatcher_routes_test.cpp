// Which handler sees which events, from where on: topics, patterns, and topics that come later.
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/sluice.hpp"

#include "bus/core.hpp"
#include "bus/dispatch_core.hpp"

namespace sluice {
namespace {

struct Seen {
  std::uint64_t position;
  std::string topic;
};

auto collect(std::vector<Seen>& seen) {
  return [&seen](const EventView& event) { seen.push_back({event.position(), std::string(event.topic())}); };
}

std::vector<std::string> topics_of(const std::vector<Seen>& seen) {
  std::vector<std::string> topics;
  for (const Seen& one : seen) topics.push_back(one.topic);
  return topics;
}

using Topics = std::vector<std::string>;

class DispatcherRoutes : public testing::Test {
 protected:
  std::uint64_t publish(std::string_view topic) {
    const EventId id = bus.publish(topic, "").value();
    return id.place_in(epoch_of(id))->position;
  }
  /// An id begins with its epoch, which `place_in` asks for; here every id is of this bus.
  static std::uint64_t epoch_of(const EventId& id) {
    const auto& bytes = id.bytes();
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    for (int i = 0; i < 8; ++i) high = high << 8 | bytes[static_cast<std::size_t>(i)];
    for (int i = 8; i < 16; ++i) low = low << 8 | bytes[static_cast<std::size_t>(i)];
    return (high & ~std::uint64_t{0xffff}) | (high & 0xfff) << 4 | (low >> 58 & 0xf);
  }
  void reopen(BusOptions bus_options, DispatcherOptions options = {}) {
    bus = Bus::open(std::move(bus_options)).value();
    dispatcher = bus.dispatcher(std::move(options)).value();
  }
  void poll_all() {
    while (dispatcher.poll().events > 0) {
    }
  }

  Bus bus = Bus::open().value();
  Dispatcher dispatcher = bus.dispatcher().value();
  std::vector<Seen> seen;
};

TEST_F(DispatcherRoutes, shows_a_handler_nothing_that_was_published_before_it_was_added) {
  const auto from_the_start = dispatcher.add("a", [](const EventView&) {}).value();
  publish("a");
  const std::uint64_t last_before = publish("a");
  const auto handler = dispatcher.add("a", collect(seen)).value();
  const std::uint64_t first_after = publish("a");
  poll_all();

  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].position, first_after);
  ASSERT_EQ(handler.from().size(), 1u);
  EXPECT_GT(handler.from()[0].position, last_before);
  EXPECT_LE(handler.from()[0].position, first_after);
}

TEST_F(DispatcherRoutes, shows_a_handler_added_inside_another_one_what_is_published_from_then_on) {
  std::optional<HandlerHandle> inner;
  std::uint64_t published_inside = 0;
  const auto outer = dispatcher
                         .add("a",
                              [&](const EventView&) {
                                if (inner) return;
                                inner = dispatcher.add("a", collect(seen)).value();
                                published_inside = publish("a");
                              })
                         .value();
  publish("a");
  publish("a");
  poll_all();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].position, published_inside);
  EXPECT_EQ(inner->from()[0].position, published_inside);
}

TEST_F(DispatcherRoutes, routes_topics_that_existed_and_topics_that_come_later_by_pattern) {
  publish("md.fx.eu");
  publish("md.fx.us");
  poll_all();  // the routes of these two are known from here on
  ASSERT_TRUE(bus.topic("md.fx.uk"));
  const auto handler = dispatcher.add("md.*.*", collect(seen)).value();
  for (const char* topic : {"md.fx.eu", "md.fx.uk", "md.new.one", "md.fx", "orders.new", "md.a.b.c"})
    publish(topic);
  poll_all();
  EXPECT_EQ(topics_of(seen), (Topics{"md.fx.eu", "md.fx.uk", "md.new.one"}));
}

TEST_F(DispatcherRoutes, gives_an_event_once_to_each_handler_however_its_topic_came_to_be_known) {
  std::vector<Seen> by_pattern;
  const auto pattern = dispatcher.add("a.*", collect(by_pattern)).value();
  const auto exact = dispatcher.add("a.x", collect(seen)).value();  // interns, and makes the route
  const auto another = dispatcher.add("a.y", [](const EventView&) {}).value();
  for (const char* topic : {"a.x", "a.y", "a.z"}) publish(topic);
  poll_all();
  EXPECT_EQ(topics_of(seen), (Topics{"a.x"}));
  EXPECT_EQ(topics_of(by_pattern), (Topics{"a.x", "a.y", "a.z"}));
}

TEST_F(DispatcherRoutes, routes_many_topics_across_its_tables_chunks) {
  constexpr int kTopics = 1300;
  std::vector<std::string> expected;
  std::vector<HandlerHandle> handles;
  for (int i = 0; i < kTopics; ++i) {
    const std::string topic = "t." + std::to_string(i);
    if (i % 100 == 0) {
      handles.push_back(dispatcher.add(topic, collect(seen)).value());
      expected.push_back(topic);
    }
    ASSERT_TRUE(bus.topic(topic));
  }
  for (int i = 0; i < kTopics; ++i) publish("t." + std::to_string(i));
  poll_all();
  EXPECT_EQ(topics_of(seen), expected);
}

TEST_F(DispatcherRoutes, names_a_position_for_each_shard_that_a_handler_may_hear_of) {
  BusOptions options;
  options.shards = 3;
  options.pinned = {{.pattern = "pinned.>", .capacity_bytes = 4096}};
  reopen(options);
  const std::uint32_t pinned_shard = bus.topic("pinned.x").value()->shard();
  for (int i = 0; i < 50; ++i) publish("t." + std::to_string(i));
  const std::uint64_t before = publish("pinned.x");

  const auto exact = dispatcher.add("pinned.x", collect(seen)).value();
  ASSERT_EQ(exact.from().size(), 1u);
  EXPECT_EQ(exact.from()[0].shard, pinned_shard);
  EXPECT_GT(exact.from()[0].position, before);

  std::vector<Seen> all;
  const auto pattern = dispatcher.add(">", collect(all)).value();
  std::set<std::uint32_t> shards;
  for (const ShardPosition& place : pattern.from()) shards.insert(place.shard);
  EXPECT_EQ(shards.size(), 4u);

  for (int i = 0; i < 50; ++i) publish("t." + std::to_string(i));
  publish("pinned.x");
  poll_all();
  EXPECT_EQ(topics_of(seen), (Topics{"pinned.x"}));
  EXPECT_EQ(all.size(), 51u);
}

TEST_F(DispatcherRoutes, names_the_one_shard_of_a_dispatcher_of_one_topic_for_a_pattern) {
  BusOptions options;
  options.shards = 4;
  reopen(options, {.topic = "only"});
  const auto handler = dispatcher.add(">", collect(seen)).value();
  ASSERT_EQ(handler.from().size(), 1u);
  EXPECT_EQ(handler.from()[0].shard, bus.topic("only").value()->shard());
  publish("only");
  publish("other");
  poll_all();
  EXPECT_EQ(topics_of(seen), (Topics{"only"}));
}

/// Writes down positions; what a dispatcher's core knows a handler by.
class Probe final : public detail::DispatchHandler {
 public:
  void call(const EventView& event) override { positions.push_back(event.position()); }
  std::vector<std::uint64_t> positions;

 private:
  void destroy_callable() noexcept override {}
};

TEST_F(DispatcherRoutes, decides_in_the_adders_stead_where_a_handler_starts) {
  const auto own = detail::Core::open({}).value();
  const auto core = std::make_shared<detail::DispatchCore>(own->subscribe({}).value());
  const auto publish = [&](std::string_view topic) {
    const EventId id = own->publish(topic, {}, {}).value();
    return id.place_in(own->shard(0).context.epoch)->position;
  };
  const auto probe = std::make_shared<Probe>();
  ASSERT_TRUE(core->add("a", probe));

  // As if the adder had not come further: events pass it by, and it is left alone.
  probe->start(0).store(detail::DispatchHandler::kHooking);
  publish("a");
  core->poll(10);
  EXPECT_EQ(probe->start(0).load(), detail::DispatchHandler::kHooking);

  // One step further: the event at hand passes it by, too, but what is published from then on does not.
  probe->start(0).store(detail::DispatchHandler::kDeciding);
  publish("a");
  const std::uint64_t last_before = publish("b");
  core->poll(1);
  const std::uint64_t first_after = publish("a");
  core->poll(10);
  EXPECT_EQ(probe->positions, (std::vector<std::uint64_t>{first_after}));
  EXPECT_GT(probe->start(0).load(), last_before);
  EXPECT_LE(probe->start(0).load(), first_after);
  core->remove(*probe);
  own->cancel();
}

TEST_F(DispatcherRoutes, reuses_a_topics_route_after_its_last_handler_went) {
  for (int round = 0; round < 3; ++round) {
    std::vector<Seen> second;
    const auto one = dispatcher.add("a", collect(seen)).value();
    const auto two = dispatcher.add("a", collect(second)).value();
    publish("a");
    poll_all();
    EXPECT_EQ(second.size(), 1u);
  }
  publish("a");
  poll_all();
  EXPECT_EQ(seen.size(), 3u);
}

}  // namespace
}  // namespace sluice
