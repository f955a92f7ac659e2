#pragma once

#include <cstdint>
#include <string>

#include <valgrind/callgrind.h>

namespace sluice::bench {

/// Counts instructions with callgrind: what runs outside `count` costs nothing. Outside of valgrind its
/// requests are a few instructions that do nothing, so that a case can also just run.
///
/// Thread safety: none; only what the calling thread does is counted.
class Meter {
 public:
  Meter() = default;
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  /// Callgrind watches from here on. Everything before it, the setting up of 100,000 topics for one, runs
  /// some ten times faster.
  void start() const { CALLGRIND_START_INSTRUMENTATION; }

  /// Counts `work`, which handles `events` events. Any number of times; what it costs itself (some ten
  /// instructions) has to be nothing beside `work`.
  template <class Work>
  void count(std::uint64_t events, Work&& work) {
    CALLGRIND_TOGGLE_COLLECT;
    work();
    CALLGRIND_TOGGLE_COLLECT;
    events_ += events;
  }

  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }

  /// Writes what was counted to a file that bears this name, and forgets it.
  void finish(const std::string& name) const {
    CALLGRIND_DUMP_STATS_AT(name.c_str());
    CALLGRIND_STOP_INSTRUMENTATION;
  }

 private:
  std::uint64_t events_ = 0;
};

}  // namespace sluice::bench
