// Drain and close under fire: what was accepted is delivered, what was not is refused.
#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "stress/traffic.hpp"

namespace sluice::stress {
namespace {

constexpr std::chrono::nanoseconds kPatience = std::chrono::minutes(5);
constexpr std::uint32_t kProducers = 3;

const std::vector<std::string> kTopics{"a.0", "a.1", "solo.0"};
const std::vector<std::vector<std::uint32_t>> kLanes{{0, 1}, {0, 1}, {2}};

BusOptions two_kinds_of_shards() {
  return patient({.pinned = {{.pattern = "solo.>", .producers = Producers::single, .capacity_bytes = {}}},
                  .capacity_bytes = 16 * 1024});
}

/// Producers that publish until they are refused because the bus is closed.
class Fire {
 public:
  Fire(Bus& bus, Findings& findings, std::uint64_t seed) {
    for (std::uint32_t i = 0; i < kProducers; ++i) {
      producers_.emplace_back(bus, findings, i, kTopics, kLanes[i], Mix::everything, seed);
    }
    for (std::uint32_t i = 0; i < kProducers; ++i) {
      crew_.start([this, i] {
        do {
          // Released: a drain that begins after it must wait for the event.
          published_[i].store(producers_[i].published(), std::memory_order_release);
        } while (producers_[i].publish(1));
        published_[i].store(producers_[i].published(), std::memory_order_release);
      });
    }
  }
  void join() { crew_.join(); }
  [[nodiscard]] std::uint64_t published() const {
    std::uint64_t sum = 0;
    for (const auto& count : published_) sum += count.load(std::memory_order_acquire);
    return sum;
  }

 private:
  std::vector<Producer> producers_;
  std::atomic<std::uint64_t> published_[kProducers]{};
  Crew crew_;
};

TEST(Close, returns_when_everything_that_was_accepted_is_delivered) {
  const std::uint64_t rounds = announce_events(Scale{60, 20, 600, 150}.pick());
  const std::uint64_t seed = run_seed();
  Dice dice(seed);
  for (std::uint64_t round = 0; round < rounds && !::testing::Test::HasFailure(); ++round) {
    Findings findings;
    Bus bus = Bus::open(two_kinds_of_shards()).value();
    Subscription subscription = bus.subscribe({}).value();
    Witness witness(findings, "runner", Gaps::none);
    std::atomic<std::uint64_t> handled{0};
    Runner runner = bus.run(subscription,
                            [&](const EventView& event) {
                              (void)witness.see(event);
                              handled.fetch_add(1, std::memory_order_release);
                            })
                        .value();
    Fire fire(bus, findings, seed + round);
    const std::uint64_t enough = dice.below(2'000);
    while (handled.load(std::memory_order_acquire) < enough) platform::yield_thread();
    const CloseReport report = bus.close(kPatience);
    const std::uint64_t delivered = handled.load(std::memory_order_acquire);
    EXPECT_TRUE(report.cut_short.empty());
    EXPECT_EQ(report.unfinished, 0U);
    EXPECT_FALSE(runner.running());
    fire.join();
    EXPECT_EQ(delivered, fire.published());
    expect_no(findings);
    expect_no_rescues(bus);
  }
}

TEST(Close, waits_for_the_claims_that_are_open_and_delivers_them) {
  const std::uint64_t rounds = announce_events(Scale{200, 60, 2'000, 400}.pick());
  Dice dice(run_seed());
  for (std::uint64_t round = 0; round < rounds && !::testing::Test::HasFailure(); ++round) {
    Bus bus = Bus::open(two_kinds_of_shards()).value();
    Subscription subscription = bus.subscribe({}).value();
    std::atomic<std::uint64_t> handled{0};
    Runner runner =
        bus.run(subscription, [&](const EventView&) { handled.fetch_add(1, std::memory_order_release); })
            .value();
    Publisher publishers[] = {bus.publisher("a.0").value(), bus.publisher("solo.0").value()};
    std::uint64_t committed = 0;
    Crew closer;
    {
      std::vector<Claim> claims;
      for (Publisher& publisher : publishers) claims.push_back(publisher.claim(dice.below(100)).value());
      closer.start([&] {
        EXPECT_TRUE(bus.close(kPatience).cut_short.empty());
        EXPECT_EQ(handled.load(std::memory_order_acquire), committed);
      });
      // Closed to everybody else before the claims are decided.
      while (bus.publish("a.0", "late").has_value()) ++committed;
      for (Claim& claim : claims) {
        if (dice.below(2) == 0) continue;  // dropped
        ++committed;
        EXPECT_TRUE(claim.commit().ok());
      }
    }
    closer.join();
    for (Publisher& publisher : publishers) {
      EXPECT_EQ(publisher.publish("too late").status, PublishStatus::closed);
      EXPECT_FALSE(publisher.claim(8).has_value());
    }
    EXPECT_EQ(handled.load(), committed);
    expect_no_rescues(bus);
  }
}

TEST(Drain, returns_when_everything_that_was_accepted_before_it_is_handled) {
  const std::uint64_t rounds = announce_events(Scale{200, 50, 2'000, 400}.pick());
  const std::uint64_t seed = run_seed();
  Findings findings;
  Bus bus = Bus::open(two_kinds_of_shards()).value();
  std::optional<Subscription> readers[] = {bus.subscribe({}).value(),
                                           bus.subscribe({.group = "group"}).value(),
                                           bus.subscribe({.group = "group"}).value()};
  std::atomic<std::uint64_t> alone{0};
  std::atomic<std::uint64_t> together{0};
  std::vector<Runner> runners;
  for (auto& reader : readers) {
    std::atomic<std::uint64_t>& count = &reader == &readers[0] ? alone : together;
    runners.push_back(
        bus.run(*reader, [&count](const EventView&) { count.fetch_add(1, std::memory_order_release); })
            .value());
  }
  Fire fire(bus, findings, seed);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    // Each drain comes amidst new events.
    for (const std::uint64_t known = fire.published(); fire.published() < known + 50;)
      platform::yield_thread();
    const std::uint64_t before = fire.published();
    const DrainReport report = bus.drain(kPatience);
    // Claims come and go meanwhile: they are named, and only they.
    for (const std::string& pending : report.pending) {
      EXPECT_NE(pending.find("open claim"), std::string::npos) << pending;
    }
    EXPECT_GE(alone.load(std::memory_order_acquire), before);
    EXPECT_GE(together.load(std::memory_order_acquire), before);
  }
  (void)bus.close(kPatience);
  fire.join();
  EXPECT_EQ(alone.load(), fire.published());
  EXPECT_EQ(together.load(), fire.published());
  expect_no(findings);
  expect_no_rescues(bus);
}

}  // namespace
}  // namespace sluice::stress
