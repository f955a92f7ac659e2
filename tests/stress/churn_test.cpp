// Subscribers of every policy come and go while producers lap a ring of 4 KiB again and again.
#include <atomic>
#include <latch>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "stress/traffic.hpp"
#include "stress/transcript.hpp"

namespace sluice::stress {
namespace {

const std::vector<std::string> kTopics{"a.0", "a.1", "b.0", "b.1"};
const std::vector<std::uint32_t> kAll{0, 1, 2, 3};

/// A pattern, and the same by topic number.
struct Wish {
  std::string pattern;
  std::vector<char> topics;

  [[nodiscard]] bool operator()(std::uint32_t topic) const { return topics[topic] != 0; }
};
const std::vector<Wish> kWishes{{"", {1, 1, 1, 1}}, {"a.*", {1, 1, 0, 0}}, {"b.1", {0, 0, 0, 1}}};

/// Joins, reads some events, leaves, and joins again, until the bus is closed. One thread's work.
class Visitor {
 public:
  Visitor(Bus& bus, Findings& findings, Overload overload, std::uint64_t seed)
      : bus_(&bus), findings_(&findings), overload_(overload), dice_(seed) {}

  void visit() {
    for (;;) {
      const Wish& wish = kWishes[dice_.below(kWishes.size())];
      auto joined = bus_->subscribe(
          {.topic = wish.pattern, .overload = overload_, .evict_after = std::chrono::minutes(10)});
      if (!joined) {
        if (joined.error().code != ErrorCode::closed) findings_->add(joined.error().to_string());
        return;
      }
      visits_.push_back({&wish, std::string(to_string(overload_)) + " " + joined->name(), {}});
      read(*joined, visits_.back());
    }
  }
  void compare(const Transcript& all) {
    const Gaps gaps = overload_ == Overload::drop_oldest ? Gaps::amidst : Gaps::none;
    for (const Visit& visit : visits_) visit.seen.compare(all, gaps, *visit.wish, visit.name, *findings_);
  }
  [[nodiscard]] std::size_t visits() const noexcept { return visits_.size(); }

 private:
  struct Visit {
    const Wish* wish;
    std::string name;
    Transcript seen;
  };

  void read(Subscription& subscription, Visit& visit) {
    Witness witness(*findings_, visit.name, overload_ == Overload::drop_oldest ? Gaps::amidst : Gaps::none);
    const std::uint64_t enough = 1 + dice_.below(300);
    while (visit.seen.size() < enough) {
      const PollResult result = subscription.poll(
          [&](const EventView& event) { visit.seen.add(event, witness.see(event)); }, 1 + dice_.below(40));
      if (result.ended()) return;
      if (result.events == 0) (void)subscription.wait(std::chrono::nanoseconds(-1));
    }
  }

  Bus* bus_;
  Findings* findings_;
  Overload overload_;
  Dice dice_;
  std::vector<Visit> visits_;
};

void visitors_see_what_is_there(BusOptions options, std::uint32_t producers, std::uint64_t events, Mix mix) {
  const std::uint64_t seed = run_seed();
  Findings findings;
  Bus bus = Bus::open(patient(std::move(options))).value();
  Subscription firehose = bus.subscribe({}).value();
  Transcript all;
  Crew crew;
  crew.start([&] {
    Witness witness(findings, "firehose", Gaps::none);
    (void)consume(firehose, [&](const EventView& event) { all.add(event, witness.see(event)); });
  });
  std::vector<Visitor> visitors;
  for (const Overload overload :
       {Overload::block, Overload::drop_oldest, Overload::drop_oldest, Overload::evict}) {
    visitors.emplace_back(bus, findings, overload, seed + visitors.size());
  }
  for (Visitor& visitor : visitors) crew.start([&] { visitor.visit(); });
  {
    Crew publishing;
    for (std::uint32_t i = 0; i < producers; ++i) {
      publishing.start([&, i] {
        Producer producer(bus, findings, i, kTopics, producers == 1 ? std::vector<std::uint32_t>{0} : kAll,
                          mix, seed);
        (void)producer.publish(events / producers);
      });
    }
  }
  (void)bus.close();
  crew.join();
  EXPECT_EQ(all.size(), events);
  for (Visitor& visitor : visitors) {
    EXPECT_GT(visitor.visits(), 0U);
    visitor.compare(all);
  }
  expect_no(findings);
  expect_no_rescues(bus);
}

TEST(Churn, shows_every_visitor_the_same_events_at_the_same_places) {
  const std::uint64_t events = announce_events(Scale{60'000, 15'000, 1'000'000, 150'000}.pick());
  visitors_see_what_is_there({.capacity_bytes = 4096}, 2, events, Mix::plain);
}

TEST(Churn, does_so_among_batches_claims_and_aborts) {
  const std::uint64_t events = announce_events(Scale{60'000, 15'000, 1'000'000, 150'000}.pick());
  visitors_see_what_is_there({.capacity_bytes = 8192}, 2, events, Mix::everything);
}

TEST(Churn, does_so_on_a_single_producer_shard) {
  const std::uint64_t events = announce_events(Scale{60'000, 15'000, 1'000'000, 150'000}.pick());
  visitors_see_what_is_there(
      {.shards = 0, .pinned = {{.pattern = ">", .producers = Producers::single}}, .capacity_bytes = 8192}, 1,
      events, Mix::everything);
}

/// A lossy reader of one round: joins before the first event, and is done after the last.
struct LossyReader {
  Subscription subscription;
  const Wish* wish;
  std::string name;
  Transcript seen;
  bool drains = true;  ///< to the end; else it leaves with events unread
};

/// Nobody publishes while readers join and leave, so it is known what each could have seen.
TEST(Churn, counts_what_lossy_readers_lost_to_the_last_event) {
  const std::uint64_t rounds = announce_events(Scale{60, 20, 600, 150}.pick());
  constexpr std::uint64_t kEventsEach = 400;
  const std::uint64_t seed = run_seed();
  Dice dice(seed);
  Findings findings;
  Bus bus = Bus::open(patient({.capacity_bytes = 4096})).value();
  Subscription firehose = bus.subscribe({}).value();
  Witness witness(findings, "firehose", Gaps::none);
  Transcript all;
  const auto record = [&](const EventView& event) { all.add(event, witness.see(event)); };
  Producer producers[] = {{bus, findings, 0, kTopics, kAll, Mix::plain, seed},
                          {bus, findings, 1, kTopics, kAll, Mix::plain, seed}};
  std::uint64_t lost = 0;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const std::size_t first = all.size();
    std::vector<LossyReader> readers;
    for (const Wish& wish : kWishes) {
      for (const bool drains : {true, false}) {
        readers.push_back({bus.subscribe({.topic = wish.pattern, .overload = Overload::drop_oldest}).value(),
                           &wish,
                           "round " + std::to_string(round) + " \"" + wish.pattern + "\"",
                           {},
                           drains});
      }
    }
    std::atomic<int> publishing{2};
    Crew crew;
    for (Producer& producer : producers) {
      crew.start([&] {
        (void)producer.publish(kEventsEach);
        publishing.fetch_sub(1, std::memory_order_release);
      });
    }
    for (LossyReader& reader : readers) {
      crew.start([&, slowness = dice.next()] {
        Dice own(slowness);
        Witness mine(findings, reader.name, Gaps::amidst);
        for (;;) {
          const bool over = publishing.load(std::memory_order_acquire) == 0;
          if (over && !reader.drains) return;
          const PollResult result = reader.subscription.poll(
              [&](const EventView& event) { reader.seen.add(event, mine.see(event)); }, 1 + own.below(20));
          if (over && result.events == 0) return;
          for (std::uint64_t pause = own.below(4); pause != 0; --pause) platform::yield_thread();
        }
      });
    }
    while (publishing.load(std::memory_order_acquire) != 0) (void)firehose.poll(record);
    crew.join();
    while (firehose.poll(record).events != 0) {
    }
    for (LossyReader& reader : readers) {
      reader.subscription.cancel();
      const Subscription& left = reader.subscription;
      EXPECT_EQ(left.received(), reader.seen.size()) << reader.name;
      EXPECT_EQ(left.received() + left.lost() + left.unfinished(),
                all.wanted(first, all.size(), *reader.wish))
          << reader.name << ": " << left.received() << " received, " << left.lost() << " lost, "
          << left.unfinished() << " unfinished";
      if (reader.drains) {
        EXPECT_EQ(left.unfinished(), 0U) << reader.name;
      }
      reader.seen.compare(all, Gaps::amidst, *reader.wish, reader.name, findings);
      lost += left.lost();
    }
  }
  EXPECT_EQ(all.size(), rounds * 2 * kEventsEach);
  EXPECT_GT(lost, 0U) << "nobody was ever lapped: this run has shown nothing";
  expect_no(findings);
  expect_no_rescues(bus);
}

}  // namespace
}  // namespace sluice::stress
