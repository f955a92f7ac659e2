#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "sluice/base/uint128.hpp"

namespace sluice {

/// Counts values, latencies in nanoseconds above all, and tells their percentiles within 0.4 %.
///
/// Log-linear: 128 buckets for each power of two, so that a bucket is never wider than 1/128 of what it
/// counts; values below 256 are exact. All 64-bit values fit, in 58 KiB that are taken once: recording
/// neither allocates nor fails. The bucket layout and the correction for coordinated omission are ideas of
/// Gil Tene's HdrHistogram.
///
/// A value for one thread at a time; record in one histogram per thread and `merge`.
class Histogram {
 public:
  Histogram();

  /// Counts `value`. Some 2 ns.
  void record(std::uint64_t value) noexcept { record_many(value, 1); }

  /// Counts `value` and, when it exceeds `expected_interval`, the values that were not measured because the
  /// one slow call held up the next ones: value - interval, value - 2 x interval, ..., down to one interval.
  /// So a stall weighs as much as users would have felt it. An interval of 0 corrects nothing. Takes no
  /// longer for a huge value than for a small one: whole buckets are counted at once.
  void record_corrected(std::uint64_t value, std::uint64_t expected_interval) noexcept;

  /// How many values were counted, the corrections included.
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  /// Exact; 0 when nothing was counted.
  [[nodiscard]] std::uint64_t min() const noexcept { return count_ == 0 ? 0 : min_; }
  [[nodiscard]] std::uint64_t max() const noexcept { return max_; }
  [[nodiscard]] double mean() const noexcept;

  /// The value that `percent` of all values don't exceed: 50 is the median, 0 the smallest, 100 the largest.
  /// Outside 0 to 100 the nearer of the two is taken. Within 0.4 % of that value, and never outside `min` and
  /// `max`; 0 when nothing was counted.
  [[nodiscard]] std::uint64_t percentile(double percent) const noexcept;

  /// Counts everything that `other` has counted; merging a histogram into itself doubles it.
  void merge(const Histogram& other) noexcept;

  void reset() noexcept;

 private:
  void record_many(std::uint64_t value, std::uint64_t times) noexcept;

  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t min_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t max_ = 0;
  detail::Uint128 sum_ = 0;
};

}  // namespace sluice
