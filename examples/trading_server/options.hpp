#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "sluice/base/result.hpp"

namespace trading {

/// What the trading server is asked to do. The defaults are a run of a few seconds.
struct Options {
  // Where the order flow comes from, and how much of it.
  std::string input;                     ///< a LOBSTER message file; empty: the generator
  std::uint64_t repeat = 1;              ///< passes over `input`; 0: until `duration` or Ctrl-C
  std::uint64_t events = 5'000'000;      ///< messages to generate; 0: until `duration` or Ctrl-C
  std::uint64_t seed = 1;                ///< of the generator
  std::string symbol = "AAPL";           ///< the middle of every topic
  std::chrono::nanoseconds duration{0};  ///< stop after this; 0: no limit

  // How fast.
  std::uint64_t rate = 0;  ///< events per second; 0: flat out

  // Who listens.
  std::uint64_t risk_workers = 2;  ///< members of the queue group, 1 to 32
  std::chrono::nanoseconds screen_delay = std::chrono::microseconds(20);  ///< per event, up to 1 s

  // The bus.
  std::uint64_t ring_bytes = 1ULL << 20;  ///< a power of two, 64 KiB to 1 GiB
  std::string journal;                    ///< directory that keeps every event; empty: none are kept

  // How to tell.
  bool json = false;  ///< one object on standard output instead of the table
  bool help = false;  ///< print `usage()` and nothing else
};

/// Reads the arguments that follow the program's name. `invalid_option` names the option, what is wrong with
/// it and what would be right.
[[nodiscard]] sluice::Result<Options> parse_options(std::span<const char* const> arguments);

/// What `--help` prints.
[[nodiscard]] std::string usage();

}  // namespace trading
