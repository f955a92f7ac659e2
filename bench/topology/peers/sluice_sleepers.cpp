// The bus's threads, waiting in each of the ways that `WaitStrategy` knows.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sluice/bus/bus.hpp"

#include "topology/placement.hpp"
#include "topology/sleepers.hpp"

namespace sluice::bench {

namespace {

std::string topic_of(std::size_t subscriber) {
  return "idle.topic_" + std::to_string(subscriber);
}

class BusSleepers final : public Sleepers {
 public:
  BusSleepers(std::size_t count, const WaitStrategy& wait) : bus_(Bus::open().value()), sleepers_(count) {
    // On a core of their own where there is one. Left to itself, the scheduler may put who is woken behind
    // the publisher that spins on its core, and what is measured then is its time slice of some milliseconds.
    RunOptions run;
    if (!is_oversubscribed(2)) run.cpu = usable_cores()[1];
    for (std::size_t i = 0; i < count; ++i) {
      SubscribeOptions wanted;
      wanted.topic = topic_of(i);
      wanted.wait = wait;
      subscriptions_.push_back(bus_.subscribe(wanted).value());
      publishers_.push_back(bus_.publisher<std::int64_t>(wanted.topic).value());
    }
    for (std::size_t i = 0; i < count; ++i) {
      Sleeper& sleeper = sleepers_[i];
      const auto handler = [&sleeper](const EventView& event) { sleeper.answer(event.as<std::int64_t>()); };
      runners_.push_back(bus_.run(subscriptions_[i], handler, run).value());
    }
  }

  std::size_t count() const override { return sleepers_.size(); }
  void wake(std::size_t which, std::int64_t sent_ns) override {
    if (!publishers_[which].publish(sent_ns)) throw BadResult(publishers_[which].last_error());
  }
  std::uint64_t answers(std::size_t which) const override { return sleepers_[which].answered(); }
  Histogram finish() override {
    for (Runner& runner : runners_) runner.stop();
    for (Runner& runner : runners_) runner.join();
    Histogram all;
    for (const Sleeper& sleeper : sleepers_) all.merge(sleeper.latency_ns);
    return all;
  }
  std::uint64_t rescues() const override { return bus_.metrics().rescues; }

 private:
  Bus bus_;
  std::vector<Sleeper> sleepers_;
  std::vector<TypedPublisher<std::int64_t>> publishers_;
  std::vector<Subscription> subscriptions_;
  std::vector<Runner> runners_;
};

IdlePeer peer(std::string name, std::size_t subscribers, const WaitStrategy& wait) {
  return {std::move(name), [=] { return std::make_unique<BusSleepers>(subscribers, wait); }};
}

}  // namespace

std::vector<IdlePeer> sluice_sleepers() {
  constexpr std::size_t kParked = 4;
  constexpr WaitStrategy kYielding{.spins = 200, .yields = 50, .park = false};
  return {peer("sluice", kParked, {}), peer("sluice_sleepy", kParked, WaitStrategy::sleepy()),
          peer("sluice_yielding", 1, kYielding), peer("sluice_busy", 1, WaitStrategy::busy())};
}

}  // namespace sluice::bench
