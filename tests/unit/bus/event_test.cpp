#include "sluice/bus/event.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "unit/bus/support.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

struct Trade {
  double price;
  std::uint32_t size;
  std::uint32_t number;
};
struct Quote {
  double bid;
  double ask;
};
struct Tick {
  std::uint32_t number;
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(EventView, shows_all_that_was_published) {
  const auto clock = std::make_shared<ManualClock>(1'800'000'000'000'000'000);
  Bus bus = test::open_bus({.clock = clock});
  Subscription all = bus.subscribe({}).value();
  const EventId id = bus.publish("orders.new", "payload",
                                 {.metadata = {{"customer", "42"}, {"note", ""}},
                                  .timestamp_ns = 1'700'000'000'000'000'001,
                                  .ttl = 24h})
                         .value();
  int seen = 0;
  all.poll([&](const EventView& event) {
    ++seen;
    EXPECT_EQ(event.id(), id);
    EXPECT_EQ(event.topic(), "orders.new");
    EXPECT_EQ(event.topic_id(), bus.topic("orders.new").value()->id());
    EXPECT_EQ(event.timestamp_ns(), 1'700'000'000'000'000'001);
    EXPECT_EQ(event.position(), 0U);
    EXPECT_EQ(event.shard(), 0U);
    EXPECT_EQ(event.text(), "payload");
    EXPECT_EQ(event.payload().size(), 7U);
    EXPECT_EQ(event.expires_at_ns(), clock->now_ns() + std::chrono::nanoseconds(24h).count());
    EXPECT_FALSE(event.redelivered());
    Pairs pairs;
    for (const auto& [key, value] : event.metadata()) pairs.emplace_back(key, value);
    EXPECT_EQ(pairs, (Pairs{{"customer", "42"}, {"note", ""}})) << "in the order given";
    EXPECT_EQ(event.metadata().find("customer"), "42");
    EXPECT_EQ(event.metadata().find("note"), "");
    EXPECT_EQ(event.metadata().find("nobody"), std::nullopt);
  });
  EXPECT_EQ(seen, 1);
}

TEST(EventView, whose_time_to_live_has_no_end_within_time_lives_to_the_end_of_time) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  ASSERT_TRUE(bus.publish("a", "1", {.ttl = std::chrono::nanoseconds::max()}));
  std::int64_t expires_at_ns = 0;
  all.poll([&](const EventView& event) { expires_at_ns = event.expires_at_ns(); });
  EXPECT_EQ(expires_at_ns, std::numeric_limits<std::int64_t>::max());
}

TEST(EventView, without_extras_has_none) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  ASSERT_TRUE(bus.publish("a", ""));
  int seen = 0;
  all.poll([&](const EventView& event) {
    ++seen;
    EXPECT_TRUE(event.metadata().empty());
    EXPECT_EQ(event.metadata().begin(), event.metadata().end());
    EXPECT_EQ(event.expires_at_ns(), 0);
    EXPECT_TRUE(event.payload().empty());
  });
  EXPECT_EQ(seen, 1);
}

TEST(EventView, an_id_is_made_of_the_place_and_reads_back_from_its_text) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  const EventId first = bus.publish("a", "1").value();
  const EventId second = bus.publish("a", "2").value();
  EXPECT_LT(first, second) << "ids sort as positions do";
  std::vector<EventId> seen;
  all.poll([&](const EventView& event) { seen.push_back(event.id()); });
  ASSERT_EQ(seen, (std::vector{first, second}));
  EXPECT_EQ(EventId::parse(first.to_string()).value(), first);
  EXPECT_EQ(first.to_string()[14], '8') << "a UUIDv8";
}

TEST(EventView, ids_of_two_buses_differ_although_positions_do_not) {
  Bus one = test::open_bus();
  Bus other = test::open_bus();
  EXPECT_NE(one.publish("a", "1").value(), other.publish("a", "1").value());
}

TEST(EventView, an_event_from_elsewhere_keeps_its_id_with_or_without_a_ttl) {
  Bus bus = test::open_bus({.clock = std::make_shared<ManualClock>(1)});
  Subscription all = bus.subscribe({}).value();
  const EventId own = EventId::parse("123e4567-e89b-12d3-a456-426614174000").value();
  EXPECT_EQ(bus.publish("a", "1", {.id = own}).value(), own);
  EXPECT_EQ(bus.publish("a", "2", {.metadata = {{"k", "v"}}, .ttl = 1s, .id = own}).value(), own);
  int seen = 0;
  all.poll([&](const EventView& event) {
    ++seen;
    EXPECT_EQ(event.id(), own);
    EXPECT_EQ(event.expires_at_ns(), seen == 1 ? 0 : 1'000'000'001);
    EXPECT_EQ(event.text(), std::to_string(seen));
  });
  EXPECT_EQ(seen, 2);
}

TEST(EventView, as_gives_the_type_that_the_publisher_declared_in_place) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  auto trades = bus.publisher<Trade>("md.trades").value();
  ASSERT_TRUE(trades.publish({585.33, 18, 7}));
  int seen = 0;
  all.poll([&](const EventView& event) {
    ++seen;
    EXPECT_EQ(event.as<Trade>().number, 7U);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&event.as<Trade>()) % alignof(Trade), 0U);
    EXPECT_EQ(static_cast<const void*>(event.try_as<Trade>()), event.payload().data());
    EXPECT_EQ(event.try_as<Tick>(), nullptr);
    EXPECT_EQ(event.try_as<Quote>(), nullptr) << "the same size is not the same type";
  });
  EXPECT_EQ(seen, 1);
}

TEST(EventView, as_of_another_type_throws_naming_both) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  auto trades = bus.publisher<Trade>("md.trades").value();
  ASSERT_TRUE(trades.publish({1, 2, 3}));
  int seen = 0;
  all.poll([&](const EventView& event) {
    ++seen;
    try {
      (void)event.as<Quote>();
      ADD_FAILURE() << "it was read as a Quote";
    } catch (const BadResult& thrown) {
      test::expect_error(thrown.error(), ErrorCode::type_mismatch,
                         {"md.trades", "Trade", "Quote", "payload()"});
    }
  });
  EXPECT_EQ(seen, 1);
}

TEST(EventView, as_tells_types_of_one_size_apart_however_their_events_alternate) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  auto trades = bus.publisher<Trade>("trades").value();
  auto quotes = bus.publisher<Quote>("quotes").value();
  for (std::uint32_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(trades.publish(Trade{1, 2, i}));
    ASSERT_TRUE(quotes.publish(Quote{3, 4}));
    ASSERT_TRUE(bus.publish("notes", "sixteen bytes..."));
  }
  std::string seen;
  all.poll([&](const EventView& event) {
    EXPECT_EQ(event.payload().size(), sizeof(Trade)) << "all of one size";
    seen += event.try_as<Trade>() != nullptr ? 't' : '-';
    seen += event.try_as<Quote>() != nullptr ? 'q' : '-';
  });
  EXPECT_EQ(seen, "t--q--t--q--t--q--");
}

TEST(EventView, as_of_an_untyped_topic_throws_and_says_that_it_is_untyped) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  ASSERT_TRUE(bus.publish("raw", "12345678"));
  int seen = 0;
  all.poll([&](const EventView& event) {
    ++seen;
    EXPECT_EQ(event.try_as<Tick>(), nullptr);
    try {
      (void)event.as<Tick>();
      ADD_FAILURE() << "it was read as a Tick";
    } catch (const BadResult& thrown) {
      test::expect_error(thrown.error(), ErrorCode::type_mismatch, {"raw", "no declared type", "Tick"});
    }
  });
  EXPECT_EQ(seen, 1);
}

TEST(EventView, raw_bytes_of_another_size_on_a_typed_topic_are_no_value_of_it) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  auto typed = bus.publisher<Tick>("ticks").value();
  ASSERT_TRUE(bus.publish("ticks", "way too long"));
  int seen = 0;
  all.poll([&](const EventView& event) {
    ++seen;
    EXPECT_EQ(event.try_as<Tick>(), nullptr);
    EXPECT_THROW((void)event.as<Tick>(), BadResult);
  });
  EXPECT_EQ(seen, 1);
}

TEST(Event, outlives_its_bus_with_all_that_it_had) {
  std::optional<Event> kept;
  EventId id;
  {
    Bus bus = test::open_bus();
    Subscription all = bus.subscribe({}).value();
    auto trades = bus.publisher<Trade>("md.trades").value();
    const Trade trade{585.33, 18, 7};
    ASSERT_TRUE(trades.publish(trade, {.metadata = {{"venue", "X"}}, .timestamp_ns = 5}));
    all.poll([&](const EventView& event) {
      kept.emplace(event);
      id = event.id();
    });
  }
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->id(), id);
  EXPECT_EQ(kept->topic(), "md.trades");
  EXPECT_EQ(kept->timestamp_ns(), 5);
  EXPECT_EQ(kept->metadata(), (Pairs{{"venue", "X"}}));
  EXPECT_EQ(kept->as<Trade>().number, 7U);
  EXPECT_EQ(kept->payload().size(), sizeof(Trade));
  EXPECT_FALSE(kept->redelivered());
}

TEST(Event, as_of_another_type_throws_naming_both) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  auto ticks = bus.publisher<Tick>("ticks").value();
  ASSERT_TRUE(ticks.publish({1}));
  const Event event = all.next(0ns).value();
  EXPECT_EQ(event.as<Tick>().number, 1U);
  try {
    (void)event.as<Quote>();
    ADD_FAILURE() << "it was read as a Quote";
  } catch (const BadResult& thrown) {
    test::expect_error(thrown.error(), ErrorCode::type_mismatch, {"ticks", "Tick", "Quote"});
  }
}

TEST(TypeIdentity, tells_types_apart_by_name_and_size) {
  EXPECT_EQ(type_hash<Trade>(), type_hash<Trade>());
  EXPECT_NE(type_hash<Trade>(), type_hash<Quote>());
  EXPECT_NE(type_name<Trade>().find("Trade"), std::string_view::npos);
  const TypeIdentity identity = type_identity<Trade>();
  EXPECT_EQ(identity.size, sizeof(Trade));
  EXPECT_EQ(identity.hash, type_hash<Trade>());
}

static_assert(Payload<Trade> && Payload<int> && !Payload<std::string> && !Payload<int*>);
struct alignas(16) Wide {
  double values[2];
};
static_assert(!Payload<Wide>, "a record's payload is 8-aligned, no more");

}  // namespace
}  // namespace sluice
