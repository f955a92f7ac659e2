#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "instructions/meter.hpp"
#include "micro/bus_fixture.hpp"

namespace sluice::bench {

/// How much a case does.
struct Scale {
  std::uint64_t rounds = 100;  ///< of `kRound` events: nine laps of the default ring
  std::uint32_t many_topics = 100'000;
};

/// One thing whose instructions are counted, per event.
struct Case {
  std::string name;
  std::function<void(Meter&, const Scale&)> run;
};

[[nodiscard]] std::vector<Case> publish_cases();
[[nodiscard]] std::vector<Case> poll_cases();

/// Events between two looks at the meter: many enough that what the look costs is lost among them, few enough
/// that the default ring (10,922 of our events) never fills.
inline constexpr std::uint64_t kRound = 1'024;

/// Runs `aside`, then counts `counted`, which handles `kRound` events, over and over. The first lap of the
/// ring, which touches everything for the first time, is not counted.
template <class Counted, class Aside>
void count_rounds(Meter& meter, const Scale& scale, Counted counted, Aside aside) {
  constexpr std::uint64_t kWarmUpRounds = 12;
  meter.start();
  for (std::uint64_t i = 0; i < kWarmUpRounds; ++i) {
    aside();
    counted();
  }
  for (std::uint64_t i = 0; i < scale.rounds; ++i) {
    aside();
    meter.count(kRound, counted);
  }
}

/// Polls a round's events; `read(event)` is summed, so that no reading is optimised away.
template <class Read>
std::uint64_t drain_round(Subscription& subscription, Read read) {
  std::uint64_t sum = 0;
  for (std::uint64_t left = kRound; left != 0;) {
    const std::size_t found = subscription.poll([&](const EventView& event) { sum += read(event); }).events;
    if (found == 0 || found > left) [[unlikely]]
      throw std::runtime_error("a subscription saw other events than were published");
    left -= found;
  }
  return sum;
}

}  // namespace sluice::bench
