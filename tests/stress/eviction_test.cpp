// Members of a queue group are evicted while events flow: nothing is lost, and what is delivered twice says
// so.
#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "stress/traffic.hpp"

namespace sluice::stress {
namespace {

const std::vector<std::string> kTopics{"a.0", "a.1"};
const std::vector<std::uint32_t> kAll{0, 1};
constexpr std::uint32_t kProducers = 2;

/// Who was evicted, by name, as the bus's notices say; and whether anybody still can be.
class Evicted {
 public:
  void add(const Notice& notice) {
    if (notice.code != ErrorCode::evicted) return;
    const std::lock_guard lock(mutex_);
    names_.insert(notice.subscription);
  }
  [[nodiscard]] bool has(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    return names_.contains(name);
  }
  /// Nobody publishes any more, so nobody holds a publisher back.
  void end() { ended_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool ended() const { return ended_.load(std::memory_order_relaxed); }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> names_;
  std::atomic<bool> ended_{false};
};

/// All deliveries of the group: each event once as it is, and again only if it is marked.
class Ledger {
 public:
  explicit Ledger(std::uint64_t events_each)
      : unmarked_(kProducers, events_each), delivered_(kProducers, events_each) {}

  void add(const EventView& event) {
    Witness witness(findings, "member", Gaps::amidst);
    const Stamp stamp = witness.read(event);
    (void)delivered_.tick(stamp);
    if (event.redelivered()) {
      marked.fetch_add(1, std::memory_order_relaxed);  // read after the threads were joined
    } else if (!unmarked_.tick(stamp)) {
      findings.add("twice: producer ", stamp.producer, " order ", stamp.order);
    }
  }
  [[nodiscard]] std::uint64_t missing(std::uint64_t each) const {
    std::uint64_t missing = 0;
    for (std::uint32_t producer = 0; producer < kProducers; ++producer) {
      missing += delivered_.missing(producer, each);
    }
    return missing;
  }

  Findings findings;
  std::atomic<std::uint64_t> marked{0};

 private:
  Census unmarked_;
  Census delivered_;
};

/// One member after another on this thread, until the bus is closed. `hold(subscription)` is called now and
/// then inside a handler.
template <class Hold>
void be_a_member(Bus& bus, const SubscribeOptions& options, Ledger& ledger, Dice dice,
                 std::uint64_t hold_every, Hold hold) {
  for (;;) {
    auto joined = bus.subscribe(options);
    if (!joined) {
      if (joined.error().code != ErrorCode::closed) ledger.findings.add(joined.error().to_string());
      return;
    }
    const PollStatus end = consume(*joined, [&](const EventView& event) {
      ledger.add(event);
      if (hold_every != 0 && dice.below(hold_every) == 0) hold(*joined);
    });
    if (end == PollStatus::closed) return;
    if (end != PollStatus::evicted) ledger.findings.add("a member ended ", to_string(end));
  }
}

/// A bus with a group of four, two of which call `hold` now and then while they have an event in hand.
template <class Hold>
void play_round(std::chrono::nanoseconds evict_after, std::uint64_t each, std::uint64_t hold_every,
                std::uint64_t seed, Hold hold) {
  Evicted evicted;
  Ledger ledger(each);
  Bus bus = Bus::open(patient({.on_notice = [&](const Notice& notice) { evicted.add(notice); },
                               .capacity_bytes = 4096}))
                .value();
  const SubscribeOptions options{.group = "group", .overload = Overload::evict, .evict_after = evict_after};
  // Never polled until the end: so it has nothing in hand, and keeps the group alive whoever else is evicted.
  Subscription idle = bus.subscribe(options).value();
  Crew crew;
  for (std::uint64_t i = 0; i < 4; ++i) {
    crew.start([&, i] {
      be_a_member(bus, options, ledger, Dice(seed + i), i < 2 ? hold_every : 0,
                  [&](const Subscription& member) { hold(member, evicted); });
    });
  }
  {
    Crew producers;
    for (std::uint32_t i = 0; i < kProducers; ++i) {
      producers.start([&, i] {
        Producer producer(bus, ledger.findings, i, kTopics, kAll, Mix::plain, seed);
        (void)producer.publish(each);
      });
    }
  }
  evicted.end();
  (void)bus.close();
  crew.join();
  const auto leftover = [&](const EventView& event) { ledger.add(event); };
  PollResult end = idle.poll(leftover);
  while (!end.ended()) end = idle.poll(leftover);
  EXPECT_LE(ledger.marked.load(), bus.metrics().evictions);
  // On a machine that stalls, nobody may take anything for so long that the whole group is evicted; what is
  // published until somebody founds it anew is then nobody's.
  if (end.status != PollStatus::evicted) {
    EXPECT_EQ(ledger.missing(each), 0U);
  }
  expect_no(ledger.findings);
  expect_no_rescues(bus);
}

template <class Hold>
void nothing_is_lost(std::chrono::nanoseconds evict_after, std::uint64_t rounds, std::uint64_t each,
                     std::uint64_t hold_every, Hold hold) {
  const std::uint64_t seed = run_seed();
  for (std::uint64_t round = 0; round < rounds && !::testing::Test::HasFailure(); ++round) {
    play_round(evict_after, each, hold_every, seed + 16 * round, hold);
  }
}

TEST(Eviction, of_members_that_are_stuck_for_good_loses_nothing) {
  const std::uint64_t rounds = announce_events(Scale{5, 3, 60, 20}.pick());
  nothing_is_lost(std::chrono::milliseconds(10), rounds, 1'000, 300,
                  [](const Subscription& member, const Evicted& evicted) {
                    while (!evicted.has(member.name()) && !evicted.ended()) platform::yield_thread();
                  });
}

/// The handler returns about when the eviction happens: before, after, or just between two of its steps.
TEST(Eviction, of_members_that_get_going_at_that_very_moment_loses_nothing) {
  const std::uint64_t rounds = announce_events(Scale{40, 15, 400, 100}.pick());
  nothing_is_lost(std::chrono::milliseconds(1), rounds, 500, 20, [](const Subscription&, const Evicted&) {
    thread_local Dice dice(platform::current_thread_id());
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(900 + dice.below(400));
    while (std::chrono::steady_clock::now() < end) platform::cpu_relax();
  });
}

}  // namespace
}  // namespace sluice::stress
