#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sluice/base/clock.hpp"
#include "sluice/base/histogram.hpp"
#include "sluice/bus/bus.hpp"

#include "checksum.hpp"
#include "events.hpp"
#include "flow_tally.hpp"
#include "tally.hpp"

namespace trading {

/// How often a publish is timed. Two readings of the clock cost about as much as a publish: flat out, timing
/// every event would show up in what it measures.
struct PublishTiming {
  std::uint64_t every = 1;
  /// How far apart publishes are meant to be, 0: as close as can be. One that takes longer has kept later
  /// ones waiting, and these are counted as well (coordinated omission).
  std::uint64_t interval_ns = 0;
};

/// Turns order messages into typed events, one publisher for each kind, and keeps account of what it has
/// published.
///
/// Not thread-safe: one thread publishes a stock's order flow, so its order on the bus is the exchange's.
class FlowPublisher {
 public:
  /// Throws `sluice::BadResult` when the bus refuses a topic.
  FlowPublisher(sluice::Bus& bus, std::string_view symbol, PublishTiming timing);

  /// False when the bus did not take it; `error()` says why, and nothing was counted.
  bool publish(const OrderMessage& message) noexcept;
  bool publish(const DayMarker& marker) noexcept;

  [[nodiscard]] const std::string& error() const noexcept { return error_; }
  [[nodiscard]] const KindCounts& counts() const noexcept { return counts_; }
  /// The same with positions and content, topic by topic.
  [[nodiscard]] const FlowTally& topics() const noexcept { return topics_; }
  [[nodiscard]] const Turnover& turnover() const noexcept { return turnover_; }
  [[nodiscard]] std::uint64_t checksum() const noexcept { return checksum_.value(); }
  [[nodiscard]] const sluice::Histogram& latency() const noexcept { return latency_; }

 private:
  template <class T>
  bool publish(sluice::TypedPublisher<T>& publisher, Kind kind, const T& event) noexcept;
  template <class T>
  sluice::PublishResult timed_publish(sluice::TypedPublisher<T>& publisher, const T& event) noexcept;

  sluice::TypedPublisher<Submission> submissions_;
  sluice::TypedPublisher<Cancellation> cancellations_;
  sluice::TypedPublisher<Deletion> deletions_;
  sluice::TypedPublisher<Execution> executions_;
  sluice::TypedPublisher<HiddenExecution> hidden_executions_;
  sluice::TypedPublisher<Cross> crosses_;
  sluice::TypedPublisher<Halt> halts_;
  sluice::TypedPublisher<DayMarker> days_;

  KindCounts counts_;
  FlowTally topics_;
  Turnover turnover_;
  Checksum checksum_;
  std::string error_;

  PublishTiming timing_;
  std::uint64_t until_timed_ = 1;
  sluice::ClockReader clock_;
  sluice::Histogram latency_;
};

}  // namespace trading
