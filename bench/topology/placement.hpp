#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sluice/base/clock.hpp"

/// Where threads run, and how far apart those places are. On virtual machines two cores are sometimes two
/// threads of one physical core, and that changes while a program runs: numbers from the one case say
/// nothing about the other.
namespace sluice::bench {

/// How far apart the first two cores are.
enum class Regime : std::uint8_t {
  same_core,   ///< two hardware threads of one physical core: half a round trip below 60 ns
  near_cores,  ///< two cores of one socket: below 180 ns
  far_cores,   ///< farther, or clocked down
  one_core,    ///< there is no second core
  mixed,       ///< not the same before and after the measurement
  disturbed,   ///< other programs took more than a twentieth of the machine meanwhile
};
[[nodiscard]] std::string_view to_string(Regime regime) noexcept;

/// The cores that this process may use, lowest first.
[[nodiscard]] const std::vector<unsigned>& usable_cores();

/// Where threads are put: each on a core of its own if there are enough, else wherever the system likes.
[[nodiscard]] inline bool is_oversubscribed(std::size_t threads) {
  return threads > usable_cores().size();
}

/// How far apart the first two cores are at this moment.
struct Probe {
  Regime regime = Regime::one_core;
  double half_round_trip_ns = 0;  ///< of a cache line, the best of some thousands; 0: there is one core
};
/// Bounces a cache line between them (some milliseconds).
[[nodiscard]] Probe probe();

/// How long other programs, and other virtual machines, keep the cores busy while it lives.
class Neighbours {
 public:
  Neighbours() : busy_ns_(others_busy_ns()) {}
  /// Their part of all cores' time so far: 0 is a quiet machine. In steps of 10 ms of one core, and 0 where
  /// the system doesn't say.
  [[nodiscard]] double share() const;

 private:
  static double others_busy_ns();

  double busy_ns_;
  std::int64_t began_ns_ = monotonic_ns();
};

}  // namespace sluice::bench
