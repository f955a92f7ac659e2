// Sleepers are woken, every time, by those whom it concerns.
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "stress/traffic.hpp"

namespace sluice::stress {
namespace {

/// Answers each event on one topic by one on another, asleep in between.
void answer(Subscription& from, TypedPublisher<std::uint64_t>& to, std::uint64_t rounds, Findings& findings) {
  std::uint64_t expected = 1;
  while (expected <= rounds) {
    (void)from.wait(std::chrono::nanoseconds(-1));
    (void)from.poll([&](const EventView& event) {
      const std::uint64_t round = event.as<std::uint64_t>();
      if (round != expected) findings.add("round ", round, " where ", expected, " was due");
      ++expected;
      if (!to.publish(round).ok()) findings.add("round ", round, " was not answered");
    });
  }
}

TEST(Sleepers, play_ping_pong_without_missing_a_ball) {
  const std::uint64_t rounds = announce_events(Scale{50'000, 10'000, 200'000, 50'000}.pick());
  constexpr std::uint64_t kGossipEvery = 64;
  Findings findings;
  Bus bus = Bus::open(patient()).value();
  const SubscribeOptions sleepy{.wait = WaitStrategy::sleepy()};
  auto listen = [&](std::string topic) {
    SubscribeOptions options = sleepy;
    options.topic = std::move(topic);
    return bus.subscribe(std::move(options)).value();
  };
  Subscription pings = listen("game.ping");
  Subscription pongs = listen("game.pong");
  auto ping = bus.publisher<std::uint64_t>("game.ping").value();
  auto pong = bus.publisher<std::uint64_t>("game.pong").value();

  // Sleepers on other topics, who must be woken by their own events though they sleep through all the rest.
  std::vector<Subscription> gossips;
  for (int i = 0; i < 3; ++i) gossips.push_back(listen("gossip." + std::to_string(i)));
  std::atomic<std::uint64_t> heard{0};
  Crew crew;
  for (Subscription& gossip : gossips) {
    crew.start([&] {
      (void)consume(gossip, [&](const EventView&) {
        heard.fetch_add(1, std::memory_order_relaxed);  // read after the threads were joined
      });
    });
  }
  {
    Crew players;
    players.start([&] { answer(pings, pong, rounds, findings); });
    std::vector<Publisher> whispers;
    for (int i = 0; i < 3; ++i) whispers.push_back(bus.publisher("gossip." + std::to_string(i)).value());
    for (std::uint64_t round = 1; round <= rounds; ++round) {
      if (round % kGossipEvery == 0) (void)whispers[round / kGossipEvery % 3].publish("psst");
      ASSERT_TRUE(ping.publish(round).ok());
      bool back = false;
      while (!back) {
        (void)pongs.wait(std::chrono::nanoseconds(-1));
        (void)pongs.poll([&](const EventView& event) { back = event.as<std::uint64_t>() == round; });
      }
    }
  }
  (void)bus.close();
  crew.join();
  EXPECT_EQ(heard.load(), rounds / kGossipEvery);
  expect_no(findings);
  expect_no_rescues(bus);
}

/// Each subscriber sleeps at once, and each publisher soon: a ring of 4 KiB is full after sixty events.
TEST(Sleepers, and_publishers_that_wait_for_room_wake_each_other) {
  const std::uint64_t events = announce_events(Scale{30'000, 8'000, 300'000, 60'000}.pick());
  const std::vector<std::string> topics{"a", "b"};
  const std::vector<std::uint32_t> both{0, 1};
  Findings findings;
  Bus bus = Bus::open(patient({.capacity_bytes = 4096})).value();
  std::vector<Subscription> readers;
  for (const char* topic : {"a", "b", ""}) {
    readers.push_back(bus.subscribe({.topic = topic, .wait = WaitStrategy::sleepy()}).value());
  }
  Crew crew;
  std::vector<std::uint64_t> seen(readers.size());
  for (std::size_t i = 0; i < readers.size(); ++i) {
    crew.start([&, i] {
      Witness witness(findings, readers[i].name(), Gaps::none);
      (void)consume(readers[i], [&](const EventView& event) { (void)witness.see(event); });
      seen[i] = witness.events();
    });
  }
  {
    const std::uint64_t seed = run_seed();
    Crew producers;
    for (std::uint32_t i = 0; i < 2; ++i) {
      producers.start([&, i] {
        Producer producer(bus, findings, i, topics, both, Mix::plain, seed);
        (void)producer.publish(events / 2);
      });
    }
  }
  (void)bus.close();
  crew.join();
  EXPECT_EQ(seen[2], events);
  EXPECT_EQ(seen[0] + seen[1], events);
  expect_no(findings);
  expect_no_rescues(bus);
}

/// A sleeper behind an open claim of a topic that it does not want sleeps for any commit.
TEST(Sleepers, are_not_lost_behind_claims_that_are_committed_late) {
  const std::uint64_t rounds = announce_events(Scale{10'000, 3'000, 100'000, 20'000}.pick());
  Findings findings;
  Bus bus = Bus::open(patient()).value();
  Subscription reader = bus.subscribe({.topic = "wanted", .wait = WaitStrategy::sleepy()}).value();
  std::atomic<std::uint64_t> handled{0};
  Crew crew;
  crew.start([&] {
    (void)consume(reader, [&](const EventView&) { handled.fetch_add(1, std::memory_order_release); });
  });
  Publisher slow = bus.publisher("unwanted").value();
  Publisher quick = bus.publisher("wanted").value();
  Dice dice(run_seed());
  for (std::uint64_t round = 1; round <= rounds; ++round) {
    auto claim = slow.claim(8);
    ASSERT_TRUE(claim.has_value());
    ASSERT_TRUE(quick.publish("now").ok());
    if (dice.below(2) == 0) {
      (void)claim->commit();
    } else {
      claim->abort();
    }
    while (handled.load(std::memory_order_acquire) < round) platform::yield_thread();
  }
  (void)bus.close();
  crew.join();
  expect_no(findings);
  expect_no_rescues(bus);
}

}  // namespace
}  // namespace sluice::stress
