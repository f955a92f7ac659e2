#pragma once

#include <algorithm>
#include <cstdint>

#include "sluice/log/record.hpp"

namespace sluice::detail {

/// How many records a queue group's member takes at a time: many where they are handled quickly, so that
/// claiming them costs little; few where they are not, so that nobody idles while they wait behind a slow
/// one.
///
/// A span costs some 200 ns to claim (a fence, and two lines that other cores write). At 10 ns a record that
/// is two thirds of the work in spans of 32, and a tenth in spans of 256; at 1 ms a record a span of 32 would
/// keep its last one waiting for 31 ms. So a span is to take 50 us at most. It grows towards that by
/// doubling, and shrinks to a quarter at a time, because one span says little: its thread may have been
/// interrupted.
///
/// To know how long they take costs two readings of the clock, a fifth of a short span. So long ones are
/// timed always, since a handler that became slow must be noticed, and short ones now and then. One thread at
/// a time.
class SpanPace {
 public:
  static constexpr std::uint32_t kMostRecords = 256;
  static constexpr std::int64_t kSpanNs = 50'000;
  static constexpr std::uint64_t kLongBytes = 64 * log::kAlignment;
  static constexpr std::uint32_t kShortOnes = 8;  ///< one of so many is timed

  /// The most records that the next span should have: 1 to `kMostRecords`.
  [[nodiscard]] std::uint32_t records() const noexcept { return records_; }

  /// Whether to time the span at hand, which is so long.
  [[nodiscard]] bool is_to_be_timed(std::uint64_t bytes) noexcept {
    return bytes >= kLongBytes || ++short_ones_ % kShortOnes == 0;
  }

  /// All records of a span, one or more, were handled, and it took so long.
  void took(std::uint64_t records, std::int64_t ns) noexcept {
    const std::int64_t record_ns = std::max<std::int64_t>(ns / static_cast<std::int64_t>(records), 1);
    const auto fitting = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(kSpanNs / record_ns, 1, std::int64_t{kMostRecords}));
    records_ = std::clamp(fitting, std::max(records_ / 4, std::uint32_t{1}), records_ * 2);
  }

 private:
  std::uint32_t records_ = 32;
  std::uint32_t short_ones_ = 0;
};

}  // namespace sluice::detail
