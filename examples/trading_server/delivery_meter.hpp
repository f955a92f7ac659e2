#pragma once

#include <algorithm>
#include <cstdint>

#include "sluice/base/clock.hpp"
#include "sluice/base/histogram.hpp"
#include "sluice/bus/event.hpp"

namespace trading {

/// Times one of so many deliveries, from the event's timestamp to now. The publisher's clock and this one
/// read the same counter and differ by a microsecond at most; what would come out negative counts as 0. For
/// one thread.
class DeliveryMeter {
 public:
  explicit DeliveryMeter(std::uint64_t every) : every_(every), until_timed_(every) {}

  void see(const sluice::EventView& event) noexcept {
    if (--until_timed_ != 0) return;
    until_timed_ = every_;
    latency_.record(
        static_cast<std::uint64_t>(std::max<std::int64_t>(clock_.now_ns() - event.timestamp_ns(), 0)));
  }

  [[nodiscard]] const sluice::Histogram& latency() const noexcept { return latency_; }

 private:
  std::uint64_t every_;
  std::uint64_t until_timed_;
  sluice::ClockReader clock_;
  sluice::Histogram latency_;
};

}  // namespace trading
