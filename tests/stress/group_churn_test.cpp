// Members of a queue group come and go in every way there is: each event goes to exactly one of them.
#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "stress/traffic.hpp"

namespace sluice::stress {
namespace {

const std::vector<std::string> kTopics{"a.0", "a.1", "b.0"};
const std::vector<std::uint32_t> kAll{0, 1, 2};
const std::vector<std::uint32_t> kWanted{0, 1};
constexpr std::uint32_t kProducers = 2;
constexpr std::uint32_t kChurners = 3;

/// Where a churner leaves its subscription for somebody else to cancel.
class CancelDesk {
 public:
  /// Cancels on another thread's behalf, until told to stop.
  void serve() {
    while (!closed_.load(std::memory_order_acquire)) {
      const std::lock_guard lock(mutex_);
      if (waiting_ != nullptr) std::exchange(waiting_, nullptr)->cancel();
    }
  }
  void submit(Subscription& subscription) {
    for (;;) {
      const std::lock_guard lock(mutex_);
      if (waiting_ == nullptr) {
        waiting_ = &subscription;
        return;
      }
    }
  }
  /// Afterwards nobody here knows the subscription any more.
  void withdraw(const Subscription& subscription) {
    const std::lock_guard lock(mutex_);
    if (waiting_ == &subscription) waiting_ = nullptr;
  }
  void close() { closed_.store(true, std::memory_order_release); }

 private:
  std::mutex mutex_;
  Subscription* waiting_ = nullptr;
  std::atomic<bool> closed_{false};
};

enum class Leaving : std::uint8_t { destroyed, cancelled_by_another, cancelled_inside, destroyed_inside };

/// The group's events, as all its members saw them.
struct Deliveries {
  Findings findings;
  Census census;
  std::atomic<std::uint64_t> count{0};
  std::atomic<std::uint64_t> sum{0};

  explicit Deliveries(std::uint64_t events_each) : census(kProducers, events_each) {}

  void add(const EventView& event) {
    Witness witness(findings, "member", Gaps::amidst);
    const Stamp stamp = witness.read(event);
    if (event.redelivered()) findings.add("redelivered, though nobody was evicted: ", stamp.order);
    if (stamp.topic == 2) findings.add("a topic that the group does not want: ", stamp.order);
    if (!census.tick(stamp)) findings.add("twice: producer ", stamp.producer, " order ", stamp.order);
    count.fetch_add(1, std::memory_order_relaxed);  // both are read after the threads were joined
    sum.fetch_add(Witness::fingerprint(event, stamp), std::memory_order_relaxed);
  }
};

class Churner {
 public:
  Churner(Bus& bus, const SubscribeOptions& options, Deliveries& deliveries, CancelDesk& desk,
          std::uint64_t seed)
      : bus_(&bus), options_(options), deliveries_(&deliveries), desk_(&desk), dice_(seed) {}

  /// Until the bus is closed. Returns how often it was a member.
  std::uint64_t churn() {
    for (std::uint64_t stays = 0;; ++stays) {
      auto joined = bus_->subscribe(options_);
      if (!joined) {
        if (joined.error().code != ErrorCode::closed) deliveries_->findings.add(joined.error().to_string());
        return stays;
      }
      stay(std::optional<Subscription>(*std::move(joined)), static_cast<Leaving>(dice_.below(4)));
    }
  }

 private:
  void stay(std::optional<Subscription> member, Leaving leaving) {
    Subscription& subscription = *member;  // a poll outlives its handle: only `member` is reset
    const std::uint64_t enough = 1 + dice_.below(60);
    std::uint64_t seen = 0;
    bool gone = false;
    const auto handler = [&](const EventView& event) {
      deliveries_->add(event);
      if (++seen < enough) return;
      if (leaving == Leaving::cancelled_inside) subscription.cancel();
      if (leaving == Leaving::destroyed_inside && !gone) {
        gone = true;
        member.reset();
      }
    };
    if (leaving == Leaving::cancelled_by_another) desk_->submit(subscription);
    while (!gone) {
      const PollResult result = subscription.poll(handler, 1 + dice_.below(50));
      if (gone || result.ended()) break;
      if (leaving == Leaving::destroyed && seen >= enough) break;
      if (result.events == 0) (void)subscription.wait(std::chrono::nanoseconds(-1));
    }
    if (leaving == Leaving::cancelled_by_another) desk_->withdraw(subscription);
  }

  Bus* bus_;
  SubscribeOptions options_;
  Deliveries* deliveries_;
  CancelDesk* desk_;
  Dice dice_;
};

void each_event_goes_to_one_member(BusOptions bus_options, Overload overload, std::uint64_t events) {
  const std::uint64_t seed = run_seed();
  const std::size_t shards = bus_options.shards;
  Deliveries deliveries(events / kProducers);
  Bus bus = Bus::open(patient(std::move(bus_options))).value();
  const SubscribeOptions options{
      .topic = "a.*", .group = "group", .overload = overload, .evict_after = std::chrono::minutes(10)};
  Subscription firehose = bus.subscribe({}).value();
  Subscription faithful = bus.subscribe(options).value();  // keeps the group alive
  Witness all(deliveries.findings, "firehose", Gaps::none);
  all.select(kWanted);
  CancelDesk desk;
  std::atomic<std::uint64_t> stays{0};
  Crew clerk;
  clerk.start([&] { desk.serve(); });
  Crew crew;
  crew.start([&] { (void)consume(firehose, [&](const EventView& event) { (void)all.see(event); }); });
  crew.start([&] { (void)consume(faithful, [&](const EventView& event) { deliveries.add(event); }); });
  for (std::uint32_t i = 0; i < kChurners; ++i) {
    crew.start([&, i] { stays += Churner(bus, options, deliveries, desk, seed + i).churn(); });
  }
  {
    Crew producers;
    for (std::uint32_t i = 0; i < kProducers; ++i) {
      producers.start([&, i] {
        Producer producer(bus, deliveries.findings, i, kTopics, kAll, Mix::plain, seed);
        (void)producer.publish(events / kProducers);
      });
    }
  }
  (void)bus.close();
  crew.join();
  desk.close();
  clerk.join();
  // What a churner left when the faithful one had seen its own end is there for the taking.
  while (faithful.poll([&](const EventView& event) { deliveries.add(event); }).events != 0) {
  }
  Digest wanted;
  for (std::size_t shard = 0; shard < shards; ++shard) {
    wanted.count += all.of_class(shard).count;
    wanted.sum += all.of_class(shard).sum;
  }
  EXPECT_EQ(all.events(), events);
  EXPECT_EQ(deliveries.count.load(), wanted.count);
  EXPECT_EQ(deliveries.sum.load(), wanted.sum);
  EXPECT_GT(stays.load(), 0U);
  expect_no(deliveries.findings);
  expect_no_rescues(bus);
}

TEST(GroupChurn, delivers_exactly_once_where_members_read_in_place) {
  const std::uint64_t events = announce_events(Scale{100'000, 20'000, 2'000'000, 300'000}.pick());
  each_event_goes_to_one_member({.capacity_bytes = 16 * 1024}, Overload::block, events);
}

TEST(GroupChurn, delivers_exactly_once_where_members_read_copies) {
  const std::uint64_t events = announce_events(Scale{100'000, 20'000, 2'000'000, 300'000}.pick());
  each_event_goes_to_one_member({.capacity_bytes = 16 * 1024}, Overload::evict, events);
}

TEST(GroupChurn, delivers_exactly_once_on_several_shards_of_the_smallest_size) {
  const std::uint64_t events = announce_events(Scale{60'000, 15'000, 1'000'000, 150'000}.pick());
  each_event_goes_to_one_member({.shards = 2, .capacity_bytes = 4096}, Overload::block, events);
}

}  // namespace
}  // namespace sluice::stress
