#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

#include "sluice/base/hash.hpp"

/// How hard the stress tests press, and with which dice. `SLUICE_TEST_FULL=1` asks for the long runs;
/// `SLUICE_TEST_SEED=<number>` repeats a run's choices, though not its schedule.
namespace sluice::stress {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

[[nodiscard]] inline bool is_full_run() {
  const char* full = std::getenv("SLUICE_TEST_FULL");
  return full != nullptr && std::string(full) == "1";
}

/// How many events, rounds or whatever a test takes, by build and by mode.
struct Scale {
  std::uint64_t plain;
  std::uint64_t sanitized;
  std::uint64_t full_plain;
  std::uint64_t full_sanitized;

  [[nodiscard]] std::uint64_t pick() const {
    if (is_full_run()) return kSanitized ? full_sanitized : full_plain;
    return kSanitized ? sanitized : plain;
  }
};

/// Small, quick, and the same on every machine: SplitMix64.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  [[nodiscard]] std::uint64_t next() { return mix64(state_ += 0x9e3779b97f4a7c15U); }
  /// 0 to `sides` - 1.
  [[nodiscard]] std::uint64_t below(std::uint64_t sides) { return next() % sides; }

 private:
  std::uint64_t state_;
};

/// The run's seed: given, or drawn; printed, so that it can be given.
[[nodiscard]] inline std::uint64_t run_seed() {
  const char* given = std::getenv("SLUICE_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 0) : std::random_device()();
  std::cout << "SLUICE_TEST_SEED=" << seed << "\n";
  return seed;
}

[[nodiscard]] inline std::uint64_t announce_events(std::uint64_t events) {
  std::cout << "events: " << events << "\n";
  return events;
}

}  // namespace sluice::stress
