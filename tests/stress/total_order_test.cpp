// Many producers, everybody watching: one order for all, nothing lost, nothing twice.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "stress/traffic.hpp"

namespace sluice::stress {
namespace {

constexpr std::uint32_t kGroupMembers = 4;

/// Topics by number: four that the pattern `a.*` wants, four that it does not, and one of a single producer.
const std::vector<std::string> kTopics{"a.0", "a.1", "a.2", "a.3", "b.0", "b.1", "b.2", "b.3", "solo.0"};
const std::vector<std::uint32_t> kWanted{0, 1, 2, 3};
const std::vector<std::uint32_t> kShared{0, 1, 2, 3, 4, 5, 6, 7};
const std::vector<std::uint32_t> kSolo{8};

/// A firehose, a pattern's subscriber and a queue group, each on a thread of its own, and what they saw.
class Audience {
 public:
  Audience(Bus& bus, Findings& findings, std::uint32_t producers, std::uint64_t events_each)
      : findings_(&findings), census_(producers, events_each) {
    firehose_ = watch(bus, {.name = "firehose"}, Gaps::none);
    firehose_->witness.select(kWanted);
    pattern_ = watch(bus, {.topic = "a.*", .name = "pattern"}, Gaps::none);
    for (std::uint32_t i = 0; i < kGroupMembers; ++i) {
      members_.push_back(watch(
          bus, {.group = "group", .name = std::string("member ").append(std::to_string(i))}, Gaps::amidst));
    }
    attend(*firehose_);
    attend(*pattern_);
    for (const auto& member : members_) attend_as_member(*member);
  }

  /// After the bus was closed: waits for everybody, and compares.
  void check(std::size_t shards, const std::vector<std::uint64_t>& published) {
    crew_.join();
    std::uint64_t sum = 0;
    for (std::uint32_t producer = 0; producer < published.size(); ++producer) {
      sum += published[producer];
      EXPECT_EQ(census_.missing(producer, published[producer]), 0U) << "producer " << producer;
    }
    EXPECT_EQ(firehose_->witness.events(), sum);
    for (std::size_t shard = 0; shard < shards; ++shard) {
      EXPECT_EQ(pattern_->witness.of_shard(shard), firehose_->witness.of_class(shard)) << "shard " << shard;
      Digest group;
      for (const auto& member : members_) {
        group.count += member->witness.of_shard(shard).count;
        group.sum += member->witness.of_shard(shard).sum;
      }
      EXPECT_EQ(group.count, firehose_->witness.of_shard(shard).count) << "shard " << shard;
      EXPECT_EQ(group.sum, firehose_->witness.of_shard(shard).sum) << "shard " << shard;
    }
  }

 private:
  struct Seat {
    Subscription subscription;
    Witness witness;
  };

  std::unique_ptr<Seat> watch(Bus& bus, const SubscribeOptions& options, Gaps gaps) {
    return std::make_unique<Seat>(
        Seat{bus.subscribe(options).value(), Witness(*findings_, options.name, gaps)});
  }
  void attend(Seat& seat) {
    crew_.start([&seat, this] {
      const PollStatus end =
          consume(seat.subscription, [&](const EventView& event) { (void)seat.witness.see(event); });
      if (end != PollStatus::closed) findings_->add(seat.subscription.name(), " ended ", to_string(end));
    });
  }
  void attend_as_member(Seat& seat) {
    crew_.start([&seat, this] {
      const PollStatus end = consume(seat.subscription, [&](const EventView& event) {
        const Stamp stamp = seat.witness.see(event);
        if (!census_.tick(stamp)) {
          findings_->add("twice: producer ", stamp.producer, " order ", stamp.order);
        }
      });
      if (end != PollStatus::closed) findings_->add(seat.subscription.name(), " ended ", to_string(end));
    });
  }

  Findings* findings_;
  Census census_;
  std::unique_ptr<Seat> firehose_;
  std::unique_ptr<Seat> pattern_;
  std::vector<std::unique_ptr<Seat>> members_;
  Crew crew_;
};

/// `topics[i]` are what producer i publishes to.
void everybody_agrees(BusOptions options, const std::vector<std::vector<std::uint32_t>>& topics, Mix mix,
                      std::uint64_t events) {
  const std::uint64_t seed = run_seed();
  const auto producers = static_cast<std::uint32_t>(topics.size());
  const std::size_t shards = options.shards + options.pinned.size();
  const std::uint64_t each = events / producers;
  Findings findings;
  Bus bus = Bus::open(patient(std::move(options))).value();
  Audience audience(bus, findings, producers, each);
  std::vector<std::uint64_t> published(producers);
  {
    Crew crew;
    for (std::uint32_t i = 0; i < producers; ++i) {
      crew.start([&, i] {
        Producer producer(bus, findings, i, kTopics, topics[i], mix, seed);
        (void)producer.publish(each);
        published[i] = producer.published();
      });
    }
  }
  const CloseReport report = bus.close();
  audience.check(shards, published);
  EXPECT_EQ(report.published, each * producers);
  expect_no(findings);
  expect_no_rescues(bus);
}

TEST(TotalOrder, holds_for_a_firehose_a_pattern_and_a_group_of_four_under_four_producers) {
  const std::uint64_t events = announce_events(Scale{1'000'000, 150'000, 20'000'000, 2'000'000}.pick());
  everybody_agrees({}, {kShared, kShared, kShared, kShared}, Mix::plain, events);
}

TEST(TotalOrder, holds_with_batches_claims_short_commits_and_aborts) {
  const std::uint64_t events = announce_events(Scale{400'000, 60'000, 4'000'000, 600'000}.pick());
  everybody_agrees({.capacity_bytes = 64 * 1024}, {kShared, kShared, kShared}, Mix::everything, events);
}

TEST(TotalOrder, holds_in_the_smallest_ring) {
  const std::uint64_t events = announce_events(Scale{60'000, 15'000, 1'000'000, 200'000}.pick());
  // An eighth of 4 KiB takes the largest event, a quarter not the largest batch.
  everybody_agrees({.capacity_bytes = 4096}, {kShared, kShared}, Mix::plain, events);
}

TEST(TotalOrder, holds_on_each_of_several_shards_and_on_a_single_producer_one) {
  const std::uint64_t events = announce_events(Scale{400'000, 60'000, 4'000'000, 600'000}.pick());
  everybody_agrees({.shards = 3,
                    .pinned = {{.pattern = "solo.>", .producers = Producers::single, .capacity_bytes = {}}},
                    .capacity_bytes = 64 * 1024},
                   {kShared, kShared, kSolo}, Mix::everything, events);
}

TEST(TotalOrder, holds_on_a_single_producer_shard_alone) {
  const std::uint64_t events = announce_events(Scale{300'000, 60'000, 4'000'000, 600'000}.pick());
  everybody_agrees({.shards = 0,
                    .pinned = {{.pattern = ">", .producers = Producers::single, .capacity_bytes = {}}},
                    .capacity_bytes = 64 * 1024},
                   {kSolo}, Mix::everything, events);
}

}  // namespace
}  // namespace sluice::stress
