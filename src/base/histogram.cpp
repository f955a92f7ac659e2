#include "sluice/base/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace sluice {

namespace {

constexpr unsigned kDetailBits = 7;
constexpr std::uint64_t kPerOctave = std::uint64_t{1} << kDetailBits;
constexpr std::size_t kBuckets = (64 - kDetailBits + 1) * kPerOctave;

/// The first 128 buckets count one value each; then come 128 for every power of two, of the same width within
/// it.
std::size_t bucket_of(std::uint64_t value) noexcept {
  if (value < kPerOctave) return value;
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kDetailBits;
  return (shift + 1) * kPerOctave + ((value >> shift) - kPerOctave);
}

struct BucketRange {
  std::uint64_t lowest;
  std::uint64_t width;
};

BucketRange range_of(std::size_t bucket) noexcept {
  if (bucket < kPerOctave) return {bucket, 1};
  const std::size_t shift = bucket / kPerOctave - 1;
  return {(kPerOctave + bucket % kPerOctave) << shift, std::uint64_t{1} << shift};
}

/// How many of `count` values make up `percent` of them; at least one, so that there is a value to name.
std::uint64_t rank_of(double percent, std::uint64_t count) noexcept {
  const double rank = std::ceil(percent / 100.0 * static_cast<double>(count));
  if (!(rank > 1.0)) return 1;  // Also for a percentage that is not a number.
  // Compared as doubles first: a count beyond 2^53 may round up to one that doesn't fit.
  if (rank >= static_cast<double>(count)) return count;
  return static_cast<std::uint64_t>(rank);
}

}  // namespace

Histogram::Histogram() : buckets_(kBuckets) {}

void Histogram::record_many(std::uint64_t value, std::uint64_t times) noexcept {
  buckets_[bucket_of(value)] += times;
  count_ += times;
  sum_ += static_cast<detail::Uint128>(value) * times;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void Histogram::record_corrected(std::uint64_t value, std::uint64_t expected_interval) noexcept {
  record(value);
  if (expected_interval == 0) return;
  const std::uint64_t interval = expected_interval;
  while (value >= interval && value - interval >= interval) {
    // `highest` is the next value to count; all those down to its bucket's floor, or to one interval, go with
    // it.
    const std::uint64_t highest = value - interval;
    const std::uint64_t floor = std::max(range_of(bucket_of(highest)).lowest, interval);
    const std::uint64_t steps = (highest - floor) / interval;
    const std::uint64_t lowest = highest - steps * interval;
    record_many(highest, 1);
    record_many(lowest, steps);
    // Counted as if all were the lowest: add what the ones in between are more, an arithmetic series.
    if (steps > 1)
      sum_ +=
          static_cast<detail::Uint128>(interval) * (static_cast<detail::Uint128>(steps) * (steps - 1) / 2);
    value = lowest;
  }
}

double Histogram::mean() const noexcept {
  return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

std::uint64_t Histogram::percentile(double percent) const noexcept {
  if (count_ == 0) return 0;
  if (percent <= 0.0) return min_;
  if (percent >= 100.0) return max_;
  const std::uint64_t rank = rank_of(percent, count_);
  std::uint64_t seen = 0;
  std::size_t bucket = 0;
  for (; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= rank) break;
  }
  const BucketRange range = range_of(bucket);
  return std::clamp(range.lowest + range.width / 2, min_, max_);
}

void Histogram::merge(const Histogram& other) noexcept {
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) buckets_[bucket] += other.buckets_[bucket];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

void Histogram::reset() noexcept {
  *this = Histogram();
}

}  // namespace sluice
