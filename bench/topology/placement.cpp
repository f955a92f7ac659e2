#include "topology/placement.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>
#include <limits>
#include <numeric>
#include <string>
#include <thread>

#include <sched.h>
#include <unistd.h>

#include "sluice/base/platform.hpp"

namespace sluice::bench {

namespace {

constexpr std::uint64_t kTripsPerWindow = 1'000;
constexpr std::uint64_t kTrips = 6 * kTripsPerWindow;

struct alignas(2 * platform::kDestructiveBytes) Line {
  std::atomic<std::uint64_t> value{0};
};

void await(const Line& line, std::uint64_t value) noexcept {
  // Acquire and release, as a hand-off of data would have it.
  while (line.value.load(std::memory_order_acquire) != value) {
  }
}

double bounce_half_round_trip_ns() {
  Line there;
  Line back;
  std::thread echo([&] {
    (void)platform::pin_this_thread(usable_cores()[1]);
    for (std::uint64_t trip = 1; trip <= kTrips; ++trip) {
      await(there, trip);
      back.value.store(trip, std::memory_order_release);
    }
  });
  double best_ns = std::numeric_limits<double>::max();
  // A thread of its own for this side too, so that the caller is not left pinned.
  std::thread bounce([&] {
    (void)platform::pin_this_thread(usable_cores()[0]);
    std::int64_t window_began = monotonic_ns();
    for (std::uint64_t trip = 1; trip <= kTrips; ++trip) {
      there.value.store(trip, std::memory_order_release);
      await(back, trip);
      if (trip % kTripsPerWindow != 0) continue;
      const std::int64_t now = monotonic_ns();
      best_ns = std::min(best_ns, static_cast<double>(now - window_began) / (2.0 * kTripsPerWindow));
      window_began = now;
    }
  });
  bounce.join();
  echo.join();
  return best_ns;
}

}  // namespace

std::string_view to_string(Regime regime) noexcept {
  switch (regime) {
    case Regime::same_core:
      return "same_core";
    case Regime::near_cores:
      return "near_cores";
    case Regime::far_cores:
      return "far_cores";
    case Regime::one_core:
      return "one_core";
    case Regime::disturbed:
      return "disturbed";
    case Regime::mixed:
      break;
  }
  return "mixed";
}

const std::vector<unsigned>& usable_cores() {
  static const std::vector<unsigned> cores = [] {
    std::vector<unsigned> found;
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
      for (unsigned core = 0; core < CPU_SETSIZE; ++core) {
        if (CPU_ISSET(core, &allowed)) found.push_back(core);
      }
    }
    if (found.empty()) found.push_back(0);
    return found;
  }();
  return cores;
}

Probe probe() {
  if (usable_cores().size() < 2) return {};
  const double half_ns = bounce_half_round_trip_ns();
  if (half_ns < 60) return {Regime::same_core, half_ns};
  return {half_ns < 180 ? Regime::near_cores : Regime::far_cores, half_ns};
}

double Neighbours::others_busy_ns() {
  // The first line sums all cores: user, nice, system, idle, iowait, irq, softirq, steal.
  std::ifstream file("/proc/stat");
  std::string label;
  std::array<double, 8> ticks{};
  file >> label;
  for (double& tick : ticks) file >> tick;
  if (!file) return 0;
  const double busy = std::accumulate(ticks.begin(), ticks.end(), 0.0) - ticks[3] - ticks[4];
  const double tick_ns = 1e9 / static_cast<double>(::sysconf(_SC_CLK_TCK));
  return busy * tick_ns - static_cast<double>(platform::process_cpu_time().count());
}

double Neighbours::share() const {
  const auto passed_ns = static_cast<double>(monotonic_ns() - began_ns_);
  const auto cores = static_cast<double>(usable_cores().size());
  return (others_busy_ns() - busy_ns_) / (passed_ns * cores);
}

}  // namespace sluice::bench
