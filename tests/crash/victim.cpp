#include "crash/victim.hpp"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "sluice/base/platform.hpp"
#include "sluice/bus/bus.hpp"

#include "journal/journal_impl.hpp"

namespace sluice::crash {

namespace {

using Random = std::minstd_rand;

void write_event(std::span<std::byte> to, const EventHead& head) {
  std::memcpy(to.data(), &head, sizeof head);
  for (std::uint32_t i = 0; i < head.filler_bytes; ++i) to[sizeof head + i] = head.filler(i);
}

/// One producer: events of different lengths to its two topics, in one of three ways.
class ProducerWork {
 public:
  ProducerWork(Bus& bus, Ledger::Producer& ledger, std::uint32_t producer, const Plan& plan)
      : ledger_(&ledger),
        producer_(producer),
        random_(static_cast<Random::result_type>(plan.seed + producer)) {
    const std::uint32_t topics = plan.single_producer_shard ? 1 : 2;
    for (std::uint32_t i = 0; i < topics; ++i) {
      publishers_.push_back(
          bus.publisher("crash.p" + std::to_string(producer) + ".t" + std::to_string(i)).value());
    }
  }

  void run() {
    for (;;) {
      const std::uint64_t number = ledger_->begun.load(std::memory_order_relaxed);  // our own
      if (number == kMostEvents) return;
      ledger_->begun.store(number + 1, std::memory_order_relaxed);
      Publisher& publisher = publishers_[number % publishers_.size()];
      const auto bytes = static_cast<std::uint32_t>(random_() % 4 == 0 ? random_() % 700 : random_() % 60);
      EventHead head{.producer = producer_, .filler_bytes = bytes, .number = number};
      head.check = head.expected_check();
      const bool published =
          random_() % 8 == 0 ? publish_by_claim(publisher, head) : publish(publisher, head);
      if (!published) return;
      // Release for form's sake: a killed process's stores are all there.
      ledger_->published[number].store(1, std::memory_order_release);
      if (random_() % 64 == 0) std::this_thread::yield();
    }
  }

 private:
  bool publish(Publisher& publisher, const EventHead& head) {
    buffer_.resize(sizeof head + head.filler_bytes);
    write_event(buffer_, head);
    if (publisher.publish(std::span<const std::byte>(buffer_))) return true;
    std::fprintf(stderr, "crash_test: a publish failed: %s\n", publisher.last_error().to_string().c_str());
    return false;
  }

  /// Holds the claim open a while; half of the others are given up, or committed shorter.
  bool publish_by_claim(Publisher& publisher, const EventHead& head) {
    const std::size_t bytes = sizeof head + head.filler_bytes;
    if (random_() % 4 == 0) {
      if (auto given_up = publisher.claim(bytes); given_up)
        std::memset(given_up->payload().data(), 0xee, bytes);
    }
    auto claim = publisher.claim(bytes + random_() % 100);
    if (!claim) {
      std::fprintf(stderr, "crash_test: a claim failed: %s\n", claim.error().to_string().c_str());
      return false;
    }
    write_event(claim->payload(), head);
    for (auto spin = random_() % 2'000; spin != 0; --spin) platform::cpu_relax();
    return static_cast<bool>(claim->commit(bytes));
  }

  Ledger::Producer* ledger_;
  std::uint32_t producer_;
  Random random_;
  std::vector<Publisher> publishers_;
  std::vector<std::byte> buffer_;
};

}  // namespace

BusOptions bus_options(const Plan& plan) {
  BusOptions options;
  options.capacity_bytes = 64 * 1024;
  options.shards = plan.shards;
  if (plan.single_producer_shard) {
    options.pinned.push_back(
        {.pattern = "crash.p0.t0", .producers = Producers::single, .capacity_bytes = 16 * 1024});
  }
  return options;
}

void publish_until_killed(const Plan& plan, Ledger& ledger) {
  KillingFileSystem files(plan.kill_at_call, plan.kill_when);
  BusOptions options = bus_options(plan);
  options.persistence = std::make_shared<detail::JournalImpl>(plan.journal, files);
  auto bus = Bus::open(std::move(options));
  if (!bus) {
    std::fprintf(stderr, "crash_test: the journal can't be opened again: %s\n",
                 bus.error().to_string().c_str());
    return;
  }
  std::vector<std::thread> threads;
  for (std::uint32_t producer = 0; producer < plan.producers; ++producer) {
    threads.emplace_back(
        [&, producer] { ProducerWork(*bus, ledger.producers[producer], producer, plan).run(); });
  }
  ledger.publishing.store(1, std::memory_order_release);  // SYNC publishing: the bus is open
  for (std::thread& thread : threads) thread.join();
  // All published: the last calls of its end are places to die at as well.
}

}  // namespace sluice::crash
