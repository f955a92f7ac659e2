#include "sluice/bus/publisher.hpp"

#include <chrono>
#include <cstring>
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

/// The largest payload of a small ring: an eighth of it, less the header.
constexpr std::size_t kSmallRingRecord = test::kSmallRing / 8 - 24;

void write(Claim& claim, std::string_view text) {
  std::memcpy(claim.payload().data(), text.data(), text.size());
}

std::vector<std::span<const std::byte>> spans(const Texts& payloads) {
  std::vector<std::span<const std::byte>> all;
  for (const std::string& payload : payloads) all.push_back(std::as_bytes(std::span(payload)));
  return all;
}

TEST(Publisher, publishes_raw_bytes_in_order) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  Publisher publisher = bus.publisher("a.b").value();
  EXPECT_EQ(publisher.topic(), "a.b");
  const PublishResult first = publisher.publish("one");
  const PublishResult second = publisher.publish("");
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_EQ(first.position, 0U);
  EXPECT_EQ(second.position, 32U);
  EXPECT_TRUE(publisher.try_publish(std::as_bytes(std::span(std::string_view("three")))));
  EXPECT_EQ(test::texts(all), (Texts{"one", "", "three"}));
  EXPECT_EQ(publisher.published(), 3U);
}

TEST(Publisher, a_result_is_the_position_that_the_reader_sees) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  Publisher publisher = bus.publisher("a").value();
  std::vector<std::uint64_t> published;
  for (int i = 0; i < 5; ++i) {
    published.push_back(publisher.publish(std::string(static_cast<std::size_t>(i) * 30, 'x')).position);
  }
  std::vector<std::uint64_t> seen;
  all.poll([&](const EventView& event) { seen.push_back(event.position()); });
  EXPECT_EQ(seen, published);
}

TEST(Publisher, an_open_claim_hides_what_was_published_behind_it_until_it_is_committed) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  Publisher publisher = bus.publisher("a").value();
  Publisher other = bus.publisher("b").value();
  Claim claim = publisher.claim(5).value();
  EXPECT_EQ(claim.payload().size(), 5U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(claim.payload().data()) % 8, 0U);
  ASSERT_TRUE(other.publish("behind"));
  EXPECT_EQ(test::texts(all), Texts{});
  write(claim, "first");
  const PublishResult committed = claim.commit();
  EXPECT_TRUE(committed);
  EXPECT_EQ(committed.position, 0U);
  EXPECT_EQ(test::texts(all), (Texts{"first", "behind"}));
}

TEST(Publisher, a_claim_may_commit_less_than_it_claimed) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  Publisher publisher = bus.publisher("a").value();
  Claim claim = publisher.claim(1000).value();
  write(claim, "short");
  EXPECT_TRUE(claim.commit(5));
  Claim nothing = publisher.claim(100).value();
  EXPECT_TRUE(nothing.commit(0));
  Claim more = publisher.claim(4).value();
  write(more, "four");
  EXPECT_TRUE(more.commit(4000)) << "more than was claimed is cut to that";
  ASSERT_TRUE(publisher.publish("next"));
  EXPECT_EQ(test::texts(all), (Texts{"short", "", "four", "next"}));
}

TEST(Publisher, an_aborted_claim_is_passed_over_and_a_second_abort_does_nothing) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  Publisher publisher = bus.publisher("a").value();
  Claim claim = publisher.claim(100).value();
  ASSERT_TRUE(publisher.publish("behind"));
  claim.abort();
  claim.abort();
  EXPECT_EQ(claim.commit().status, PublishStatus::claim_open) << "it is not a claim any more";
  EXPECT_EQ(test::texts(all), Texts{"behind"});
  EXPECT_EQ(publisher.published(), 1U) << "an aborted claim was never published";
}

TEST(Publisher, a_dropped_claim_is_aborted_so_an_exception_stalls_nobody) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  Publisher publisher = bus.publisher("a").value();
  try {
    Claim claim = publisher.claim(16).value();
    throw std::runtime_error("while writing");
  } catch (const std::runtime_error&) {
  }
  ASSERT_TRUE(publisher.publish("after"));
  EXPECT_EQ(test::texts(all), Texts{"after"});
  EXPECT_EQ(bus.metrics().shards[0].open_claims, 0U);
}

TEST(Publisher, has_one_claim_open_at_a_time) {
  Bus bus = test::open_bus();
  Publisher publisher = bus.publisher("a").value();
  Claim claim = publisher.claim(8).value();
  expect_error(publisher.claim(8), ErrorCode::claim_open, {"\"a\"", "commit or abort"});
  expect_error(publisher.try_claim(8), ErrorCode::claim_open, {"commit or abort"});
  claim.abort();
  EXPECT_TRUE(publisher.claim(8));
}

TEST(Publisher, on_a_single_producer_shard_nothing_is_published_past_an_open_claim) {
  Bus bus = test::open_bus({.pinned = {{.pattern = "fast.>", .producers = Producers::single}}});
  Subscription all = bus.subscribe({}).value();
  Publisher publisher = bus.publisher("fast.a").value();
  Claim claim = publisher.claim(8).value();
  EXPECT_EQ(publisher.publish("x").status, PublishStatus::claim_open);
  expect_error(publisher.last_error(), ErrorCode::claim_open, {"fast.a", "commit or abort"});
  EXPECT_EQ(publisher.try_publish({}).status, PublishStatus::claim_open);
  EXPECT_EQ(publisher.publish(std::span<const std::byte>(), {.timestamp_ns = 1}).status,
            PublishStatus::claim_open);
  const Texts batch{"a", "b"};
  EXPECT_EQ(publisher.publish_batch(spans(batch)).status, PublishStatus::claim_open);
  expect_error(publisher.claim(1), ErrorCode::claim_open, {"commit or abort"});
  write(claim, "12345678");
  EXPECT_TRUE(claim.commit());
  EXPECT_TRUE(publisher.publish("x"));
  EXPECT_EQ(test::texts(all), (Texts{"12345678", "x"}));
}

TEST(Publisher, a_batch_of_raw_payloads_keeps_their_order_and_sizes) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  Publisher publisher = bus.publisher("a").value();
  const Texts batch{"one", "", std::string(100, 'x'), "four"};
  const PublishResult published = publisher.publish_batch(spans(batch));
  EXPECT_TRUE(published);
  EXPECT_EQ(published.position, 0U) << "of the first";
  EXPECT_EQ(test::texts(all), batch);
  EXPECT_EQ(publisher.published(), 4U);
}

TEST(Publisher, an_empty_batch_is_fine_and_publishes_nothing) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  Publisher publisher = bus.publisher("a").value();
  EXPECT_TRUE(publisher.publish_batch({}));
  EXPECT_EQ(all.poll([](const EventView&) {}).events, 0U);
  EXPECT_EQ(publisher.published(), 0U);
}

TEST(Publisher, a_typed_batch_arrives_whole) {
  Bus bus = test::open_small_bus();
  Subscription all = bus.subscribe({}).value();
  auto numbers = bus.publisher<std::uint64_t>("numbers").value();
  std::vector<std::uint64_t> expected;
  std::vector<std::uint64_t> seen;
  for (std::uint64_t round = 0; round < 50; ++round) {  // many times around the ring, its end included
    std::vector<std::uint64_t> batch;
    for (std::uint64_t i = 0; i < 1 + round % 31; ++i) batch.push_back(round * 100 + i);
    ASSERT_TRUE(round % 2 == 0 ? numbers.publish_batch(batch) : numbers.try_publish_batch(batch));
    expected.insert(expected.end(), batch.begin(), batch.end());
    const auto result = all.poll([&](const EventView& event) { seen.push_back(event.as<std::uint64_t>()); });
    ASSERT_EQ(result.events, batch.size());
  }
  EXPECT_EQ(seen, expected);
}

TEST(Publisher, a_full_ring_is_would_block_for_every_call_that_may_not_wait) {
  Bus bus = test::open_small_bus();
  Subscription slow = bus.subscribe({.name = "slow"}).value();
  auto publisher = bus.publisher<std::uint64_t>("a").value();
  EXPECT_EQ(test::fill(publisher), test::kSmallRingEvents);
  EXPECT_EQ(publisher.try_publish(1).status, PublishStatus::would_block);
  expect_error(publisher.last_error(), ErrorCode::would_block,
               {"\"a\"", "4096", "subscription \"slow\"", "bytes behind", "publish() waits"});
  EXPECT_EQ(publisher.try_publish_batch(std::vector<std::uint64_t>{1, 2}).status, PublishStatus::would_block);
  expect_error(publisher.try_claim(8), ErrorCode::would_block, {"slow"});
  EXPECT_EQ(publisher.publish(1, {.deadline = 0ns}).status, PublishStatus::would_block);
  EXPECT_EQ(bus.metrics().publishers[0].would_block, 5U) << "the one that ended the filling included";
  EXPECT_EQ(slow.poll([](const EventView&) {}).events, test::kSmallRingEvents) << "no call left a hole";
  EXPECT_TRUE(publisher.try_publish(1));
}

TEST(Publisher, a_deadline_that_passes_is_timed_out_and_the_error_names_who_held_the_ring) {
  Bus bus = test::open_small_bus({.publish_deadline = 1ms});
  const test::NoRescues no_rescues(bus);
  Subscription fine = bus.subscribe({.name = "fine"}).value();
  Subscription slow = bus.subscribe({.name = "slow"}).value();
  auto publisher = bus.publisher<std::uint64_t>("a").value();
  test::fill(publisher);
  while (fine.poll([](const EventView&) {}).events != 0) {
  }
  EXPECT_EQ(publisher.publish(1).status, PublishStatus::timed_out);
  expect_error(publisher.last_error(), ErrorCode::timed_out,
               {"\"a\"", "4096", "subscription \"slow\", 4064 bytes behind", "drop_oldest or evict"});
  expect_error(publisher.claim(8), ErrorCode::timed_out, {"slow"});
  EXPECT_EQ(publisher.publish(1, {.deadline = 1us}).status, PublishStatus::timed_out);
  expect_error(bus.publish("a", "x"), ErrorCode::timed_out, {"slow"});
  EXPECT_EQ(bus.metrics().publishers[0].timed_out, 3U);
  Publisher patient = bus.publisher("b", {.deadline = 2ms}).value();
  EXPECT_EQ(patient.publish("x").status, PublishStatus::timed_out);
}

TEST(Publisher, a_publish_waits_for_room_and_gets_through_when_it_comes) {
  Bus bus = test::open_small_bus({.publish_deadline = 1h});
  const test::NoRescues no_rescues(bus);
  Subscription slow = bus.subscribe({.name = "slow"}).value();
  auto publisher = bus.publisher<std::uint64_t>("a").value();
  test::fill(publisher);
  std::thread waiting([&] { EXPECT_TRUE(publisher.publish(77)); });
  test::await([&] { return bus.metrics().publishers[0].would_block == 1; });
  std::uint64_t last = 0;
  std::uint64_t events = 0;
  while (events < test::kSmallRingEvents + 1) {
    events += slow.poll([&](const EventView& event) { last = event.as<std::uint64_t>(); }).events;
  }
  waiting.join();
  EXPECT_EQ(last, 77U);
}

TEST(Publisher, what_is_too_large_names_both_sizes) {
  Bus bus = test::open_small_bus();
  Subscription all = bus.subscribe({}).value();
  Publisher publisher = bus.publisher("a").value();
  const std::string largest(kSmallRingRecord, 'x');
  EXPECT_TRUE(publisher.publish(largest));
  const std::string larger(kSmallRingRecord + 1, 'x');
  EXPECT_EQ(publisher.publish(larger).status, PublishStatus::too_large);
  expect_error(publisher.last_error(), ErrorCode::too_large, {"513", "512", "4096", "capacity_bytes"});
  expect_error(publisher.claim(4000), ErrorCode::too_large, {"4024", "512"});
  expect_error(publisher.claim(~std::size_t{0}), ErrorCode::too_large, {"512"});
  EXPECT_EQ(publisher.publish(std::as_bytes(std::span(largest)), {.ttl = 1s}).status,
            PublishStatus::too_large)
      << "extras count";
  expect_error(bus.publish("a", larger), ErrorCode::too_large, {"513", "512"});
  EXPECT_EQ(test::texts(all), Texts{largest}) << "what was refused left nothing behind";
}

TEST(Publisher, a_batch_that_is_too_large_names_both_sizes) {
  Bus bus = test::open_small_bus();
  auto numbers = bus.publisher<std::uint64_t>("a").value();
  EXPECT_TRUE(numbers.publish_batch(std::vector<std::uint64_t>(32)));
  EXPECT_EQ(numbers.publish_batch(std::vector<std::uint64_t>(33)).status, PublishStatus::too_large);
  expect_error(numbers.last_error(), ErrorCode::too_large, {"batch", "1056", "1024", "4096", "split"});
  Publisher raw = bus.publisher("b").value();
  const Texts batch{"fine", std::string(600, 'x')};
  EXPECT_EQ(raw.publish_batch(spans(batch)).status, PublishStatus::too_large);
  expect_error(raw.last_error(), ErrorCode::too_large, {"record", "624", "512"});
}

TEST(Publisher, metadata_that_cant_be_kept_is_refused_with_what_is_allowed) {
  Bus bus = test::open_bus();
  Subscription all = bus.subscribe({}).value();
  const std::string huge(65'536, 'x');
  const std::string large(40'000, 'x');
  using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;
  for (const Pairs& pairs : {Pairs{{"", "v"}}, Pairs{{"k", "1"}, {"other", ""}, {"k", "2"}},
                             Pairs{{"k", huge}}, Pairs{{huge, ""}}, Pairs{{"k", large}, {"l", large}}}) {
    expect_error(bus.publish("a", "x", {.metadata = pairs}), ErrorCode::invalid_metadata,
                 {"\"a\"", "unique", "not empty", "65,535"});
  }
  const std::string fits(65'535 - 4 - 1, 'v');
  EXPECT_TRUE(bus.publish("a", "x", {.metadata = {{"k", fits}}}));
  const Event event = all.next(0ns).value();
  ASSERT_EQ(event.metadata().size(), 1U);
  EXPECT_EQ(event.metadata()[0].second, fits);
  EXPECT_EQ(event.text(), "x");
}

TEST(Publisher, a_negative_ttl_or_deadline_is_refused) {
  Bus bus = test::open_bus();
  expect_error(bus.publish("a", "x", {.ttl = -1ns}), ErrorCode::invalid_option, {"TTL", "negative", "0"});
  expect_error(bus.publish("a", "x", {.deadline = -1ns}), ErrorCode::invalid_option,
               {"deadline", "negative"});
  Publisher publisher = bus.publisher("a").value();
  EXPECT_EQ(publisher.publish({}, {.ttl = -1ns}).status, PublishStatus::invalid_option);
}

TEST(Publisher, last_error_before_any_failure_says_so) {
  Bus bus = test::open_bus();
  Publisher publisher = bus.publisher("a").value();
  EXPECT_NE(publisher.last_error().message.find("no call has failed"), std::string::npos);
}

TEST(Publisher, after_close_every_call_is_closed) {
  Bus bus = test::open_bus({.pinned = {{.pattern = "fast", .producers = Producers::single}}});
  Publisher multi = bus.publisher("a").value();
  Publisher single = bus.publisher("fast").value();
  bus.close();
  for (Publisher* publisher : {&multi, &single}) {
    SCOPED_TRACE(publisher->topic());
    EXPECT_EQ(publisher->publish("x").status, PublishStatus::closed);
    expect_error(publisher->last_error(), ErrorCode::closed, {std::string(publisher->topic()), "closed"});
    EXPECT_EQ(publisher->try_publish({}).status, PublishStatus::closed);
    EXPECT_EQ(publisher->publish({}, {.timestamp_ns = 1}).status, PublishStatus::closed);
    const Texts batch{"a", "b"};
    EXPECT_EQ(publisher->publish_batch(spans(batch)).status, PublishStatus::closed);
    expect_error(publisher->claim(8), ErrorCode::closed, {"closed"});
    EXPECT_EQ(publisher->published(), 0U);
  }
  expect_error(bus.publish("a", "x"), ErrorCode::closed, {"\"a\"", "closed"});
}

TEST(Publisher, moves_and_keeps_its_counts) {
  Bus bus = test::open_bus();
  Publisher first = bus.publisher("a", {.name = "feed"}).value();
  ASSERT_TRUE(first.publish("1"));
  Publisher second = std::move(first);
  ASSERT_TRUE(second.publish("2"));
  EXPECT_EQ(second.published(), 2U);
  ASSERT_EQ(bus.metrics().publishers.size(), 1U);
  EXPECT_EQ(bus.metrics().publishers[0].name, "feed");
}

}  // namespace
}  // namespace sluice
