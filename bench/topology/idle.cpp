// Subscribers that wait because nothing happens: what that costs, and how fast they are woken. Ways that
// sleep have four subscribers, ways that never do have one, which alone takes all of a core.
#include <chrono>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "sluice/base/clock.hpp"

#include "topology/message.hpp"
#include "topology/percentiles.hpp"
#include "topology/sleepers.hpp"
#include "topology/team.hpp"
#include "topology/topologies.hpp"

namespace sluice::bench {

namespace {

/// Far longer than a subscriber spins and yields before it parks (some 20 us).
constexpr auto kBetweenWakes = std::chrono::milliseconds(1);
constexpr auto kUntilParked = std::chrono::milliseconds(20);

/// Wakes one of them at a time and waits until it has answered. The latency is that of the whole way, from
/// the call that sends.
void wake_in_turn(Sleepers& sleepers, std::uint64_t wakes) {
  if (!is_oversubscribed(2)) (void)platform::pin_this_thread(usable_cores()[0]);
  // Where it can, it stays on its core meanwhile: giving it away would let the sleeper wake up there at once.
  const Idle idle(is_oversubscribed(2));
  for (std::uint64_t i = 0; i < wakes; ++i) {
    std::this_thread::sleep_for(kBetweenWakes);
    const std::size_t to = i % sleepers.count();
    const std::uint64_t before = sleepers.answers(to);
    sleepers.wake(to, monotonic_ns());
    while (sleepers.answers(to) == before) idle();
  }
}

/// CPU time of the whole process while nothing happens, in percent of one core.
double idle_cpu_percent(std::chrono::milliseconds span) {
  const std::int64_t began_ns = monotonic_ns();
  const std::int64_t cpu_before_ns = platform::process_cpu_time().count();
  std::this_thread::sleep_for(span);
  const std::int64_t cpu_ns = platform::process_cpu_time().count() - cpu_before_ns;
  return 100.0 * static_cast<double>(cpu_ns) / static_cast<double>(monotonic_ns() - began_ns);
}

Reading measure(const IdlePeer& peer, std::uint64_t milliseconds) {
  const std::unique_ptr<Sleepers> sleepers = peer.make();
  std::this_thread::sleep_for(kUntilParked);
  const double cpu_percent = idle_cpu_percent(std::chrono::milliseconds(milliseconds));

  const std::uint64_t wakes = milliseconds / 2;
  std::thread waker([&] { wake_in_turn(*sleepers, wakes); });
  waker.join();
  const auto rescues = static_cast<double>(sleepers->rescues());
  const Histogram latency_ns = sleepers->finish();
  if (latency_ns.count() != wakes) {
    throw WrongAnswer("idle, " + peer.name + ": not every event arrived exactly once");
  }
  return {.figures = {cpu_percent, at_percent(latency_ns, 50), at_percent(latency_ns, 90),
                      at_percent(latency_ns, 99), rescues},
          .busy_ns = static_cast<double>(milliseconds) * 1e6,
          .curve = curve_of(latency_ns)};
}

std::uint64_t milliseconds_of(Pace pace) {
  switch (pace) {
    case Pace::smoke:
      return 20;
    case Pace::quick:
      return 100;
    case Pace::full:
      break;
  }
  return 600;
}

std::vector<IdlePeer> all_idle_peers() {
  std::vector<IdlePeer> all = sluice_sleepers();
  const auto append = [&](std::vector<IdlePeer> more) {
    std::move(more.begin(), more.end(), std::back_inserter(all));
  };
  append(bare_sleepers());
#ifdef SLUICE_BENCH_MOODYCAMEL
  append(moodycamel_sleepers());
#endif
#ifdef SLUICE_BENCH_ZEROMQ
  append(zeromq_sleepers());
#endif
  return all;
}

std::vector<Case> cases(const Options& options) {
  std::vector<Case> all;
  for (const IdlePeer& peer : all_idle_peers()) {
    all.push_back({.topology = "idle",
                   .peer = peer.name,
                   .payload_bytes = sizeof(std::int64_t),
                   .threads = 2,
                   .metrics = {"cpu_percent", "wake_p50_ns", "wake_p90_ns", "wake_p99_ns", "rescues"},
                   .first_amount = milliseconds_of(options.pace),
                   .amount = Amount::given,
                   .measure = [peer](std::uint64_t milliseconds) { return measure(peer, milliseconds); }});
  }
  return all;
}

}  // namespace

Topology idle() {
  return {"idle", cases};
}

}  // namespace sluice::bench
