// Four subscribers, parked because nothing happens: what that costs, and how fast they wake up.
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/histogram.hpp"
#include "sluice/base/platform.hpp"
#include "sluice/bus/bus.hpp"

#include "topology/message.hpp"
#include "topology/team.hpp"
#include "topology/topologies.hpp"

namespace sluice::bench {

namespace {

constexpr std::size_t kSubscribers = 4;
/// Far longer than a subscriber spins and yields before it parks (some 20 us).
constexpr auto kBetweenWakes = std::chrono::milliseconds(1);

/// What one subscriber's handler measures. Its own cache lines; read once its thread has ended.
struct alignas(platform::kDestructiveBytes) Sleeper {
  Histogram latency_ns;
  std::atomic<std::uint64_t> woken{0};
};

std::string topic_of(std::size_t subscriber) {
  return "idle.topic_" + std::to_string(subscriber);
}

/// Publishes to one of the sleepers at a time and waits until it has answered. The event carries the time at
/// which `publish` was called, so the latency is that of the whole way into the handler.
void wake_in_turn(std::vector<TypedPublisher<std::int64_t>>& publishers,
                  std::array<Sleeper, kSubscribers>& sleepers, std::uint64_t wakes) {
  // Where it can, it stays on its core meanwhile: giving it away would let the sleeper wake up there at once.
  const Idle idle(is_oversubscribed(2));
  for (std::uint64_t i = 0; i < wakes; ++i) {
    std::this_thread::sleep_for(kBetweenWakes);
    const std::size_t to = i % kSubscribers;
    const std::uint64_t before = sleepers[to].woken.load(std::memory_order_relaxed);
    if (!publishers[to].publish(monotonic_ns())) throw BadResult(publishers[to].last_error());
    // Relaxed: only the count is of interest; the histogram is read after the thread has ended.
    while (sleepers[to].woken.load(std::memory_order_relaxed) == before) idle();
  }
}

Reading measure_idle(std::uint64_t milliseconds) {
  Bus bus = Bus::open().value();
  auto sleepers = std::make_unique<std::array<Sleeper, kSubscribers>>();
  std::vector<TypedPublisher<std::int64_t>> publishers;
  std::vector<Subscription> subscriptions;
  std::vector<Runner> runners;
  for (std::size_t i = 0; i < kSubscribers; ++i) {
    SubscribeOptions wanted;
    wanted.topic = topic_of(i);
    subscriptions.push_back(bus.subscribe(wanted).value());
    publishers.push_back(bus.publisher<std::int64_t>(wanted.topic).value());
  }
  // On a core of their own where there is one. Left to itself, the scheduler may put who is woken behind the
  // publisher that spins on its core, and what is measured then is its time slice of some milliseconds.
  RunOptions sleepers_run;
  if (!is_oversubscribed(2)) sleepers_run.cpu = 1;
  for (std::size_t i = 0; i < kSubscribers; ++i) {
    Sleeper& sleeper = (*sleepers)[i];
    runners.push_back(bus.run(
                             subscriptions[i],
                             [&sleeper](const EventView& event) {
                               const std::int64_t now = monotonic_ns();
                               sleeper.latency_ns.record(
                                   static_cast<std::uint64_t>(now - event.as<std::int64_t>()));
                               // Relaxed: a count that the publishing thread waits for, see wake_in_turn.
                               sleeper.woken.fetch_add(1, std::memory_order_relaxed);
                             },
                             sleepers_run)
                          .value());
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // they have parked by now

  const std::int64_t began_ns = monotonic_ns();
  const std::int64_t cpu_before_ns = platform::process_cpu_time().count();
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  const std::int64_t cpu_ns = platform::process_cpu_time().count() - cpu_before_ns;
  const std::int64_t idle_ns = monotonic_ns() - began_ns;

  std::thread waker([&] {
    if (!is_oversubscribed(2)) (void)platform::pin_this_thread(0);
    wake_in_turn(publishers, *sleepers, milliseconds / 5);
  });
  waker.join();
  const std::uint64_t rescues = bus.metrics().rescues;
  for (Runner& runner : runners) runner.stop();
  for (Runner& runner : runners) runner.join();

  Histogram latency_ns;
  for (const Sleeper& sleeper : *sleepers) latency_ns.merge(sleeper.latency_ns);
  if (latency_ns.count() != milliseconds / 5) throw WrongAnswer("idle: not every event arrived exactly once");
  return {{100.0 * static_cast<double>(cpu_ns) / static_cast<double>(idle_ns),
           static_cast<double>(latency_ns.percentile(50)), static_cast<double>(latency_ns.percentile(99)),
           static_cast<double>(rescues)},
          static_cast<double>(idle_ns)};
}

/// The bare way to wake a thread, for comparison: one futex, slept on at once.
Reading measure_futex(std::uint64_t milliseconds) {
  const std::uint64_t wakes = milliseconds / 5;
  Histogram latency_ns;
  std::atomic<std::uint32_t> word{0};
  std::atomic<std::uint32_t> woken{0};
  std::atomic<std::int64_t> sent_ns{0};
  std::thread sleeper([&] {
    if (!is_oversubscribed(2)) (void)platform::pin_this_thread(1);
    for (std::uint32_t seen = 0; seen < wakes;) {
      (void)platform::futex_wait(word, seen, std::chrono::nanoseconds(-1));
      if (word.load(std::memory_order_acquire) == seen) continue;
      latency_ns.record(static_cast<std::uint64_t>(monotonic_ns() - sent_ns.load(std::memory_order_relaxed)));
      woken.store(++seen, std::memory_order_release);
    }
  });
  std::thread waker([&] {
    if (!is_oversubscribed(2)) (void)platform::pin_this_thread(0);
    const Idle idle(is_oversubscribed(2));
    for (std::uint32_t i = 1; i <= wakes; ++i) {
      std::this_thread::sleep_for(kBetweenWakes);
      sent_ns.store(monotonic_ns(), std::memory_order_relaxed);
      word.store(i, std::memory_order_release);
      platform::futex_wake_all(word);
      while (woken.load(std::memory_order_acquire) != i) idle();
    }
  });
  waker.join();
  sleeper.join();
  return {
      {0, static_cast<double>(latency_ns.percentile(50)), static_cast<double>(latency_ns.percentile(99)), 0},
      static_cast<double>(milliseconds) * 1e6};
}

}  // namespace

Topology idle() {
  return {"idle", [](const Options& options) -> std::vector<Case> {
            const bool smoke = options.pace == Pace::smoke;
            return {{.topology = "idle",
                     .peer = "sluice",
                     .payload_bytes = sizeof(std::int64_t),
                     .metrics = {"cpu_percent", "wake_p50_ns", "wake_p99_ns", "rescues"},
                     .first_amount = smoke ? 50U : 600U,
                     .amount = Amount::given,
                     .measure = measure_idle},
                    {.topology = "idle",
                     .peer = "bare_futex",
                     .payload_bytes = sizeof(std::int64_t),
                     .metrics = {"cpu_percent", "wake_p50_ns", "wake_p99_ns", "rescues"},
                     .first_amount = smoke ? 50U : 600U,
                     .amount = Amount::given,
                     .measure = measure_futex}};
          }};
}

}  // namespace sluice::bench
