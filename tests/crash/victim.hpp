#pragma once

#include <cstdint>
#include <string>

#include "sluice/bus/options.hpp"
#include "sluice/journal/journal.hpp"

#include "crash/killing_file_system.hpp"
#include "crash/ledger.hpp"

/// The process that is killed.
namespace sluice::crash {

/// How one victim publishes, and dies.
struct Plan {
  JournalOptions journal;
  std::uint32_t producers = 1;
  bool single_producer_shard = false;  ///< for one producer
  std::uint32_t shards = 1;
  std::uint64_t seed = 0;
  std::uint64_t kill_at_call = 0;  ///< of its file system, counted from 1; 0: it is killed from outside
  KillingFileSystem::When kill_when = KillingFileSystem::When::before;
};

/// The bus of a plan.
[[nodiscard]] BusOptions bus_options(const Plan& plan);

/// Publishes until it is killed. Returns when the bus can't be opened or a publish fails, which it says.
void publish_until_killed(const Plan& plan, Ledger& ledger);

/// An event: who published it, its number, and bytes that follow from both.
struct EventHead {
  std::uint32_t producer = 0;
  std::uint32_t filler_bytes = 0;
  std::uint64_t number = 0;
  std::uint64_t check = 0;  ///< over all of the above

  [[nodiscard]] std::uint64_t expected_check() const noexcept {
    std::uint64_t mixed = (number * 0x9e37'79b9'7f4a'7c15U) ^ (std::uint64_t{producer} << 56) ^ filler_bytes;
    mixed ^= mixed >> 31;
    return mixed * 0xbf58'476d'1ce4'e5b9U;
  }
  /// The filler's byte at `at`.
  [[nodiscard]] std::byte filler(std::uint32_t at) const noexcept {
    return static_cast<std::byte>((check >> (8 * (at % 8))) + at);
  }
};

}  // namespace sluice::crash
