#include "sluice/base/tsc_anchor.hpp"

#include <algorithm>
#include <limits>

#include "sluice/base/clock.hpp"
#include "sluice/base/cpu.hpp"

namespace sluice {

namespace {

constexpr std::int64_t kAnchorLifeNs = 100'000'000;
constexpr std::int64_t kLeastWindowNs = 1'000'000;
constexpr std::int64_t kRateWindowNs = 8'000'000'000;

/// Nanoseconds per tick, times 2^32.
std::uint64_t multiplier_of(std::uint64_t ticks, std::int64_t elapsed_ns) noexcept {
  return static_cast<std::uint64_t>(
      (static_cast<detail::Uint128>(static_cast<std::uint64_t>(elapsed_ns)) << 32U) / ticks);
}

}  // namespace

TscAnchor continue_from(const TscAnchor& previous, std::uint64_t tsc, TscAnchor next) noexcept {
  // The latest time that `previous` can have told: it was asked for none beyond its validity. A counter from
  // before the anchor counts as beyond, which errs on the safe side.
  const std::int64_t latest_ns =
      previous.ns + previous.duration_ns(std::min(tsc - previous.tsc, previous.valid_ticks));
  const std::int64_t ahead_ns = latest_ns - next.ns;
  if (ahead_ns <= 0) return next;
  // Gain the difference back within the anchor's life, or as much of it as half speed allows.
  const std::int64_t life_ns = std::max<std::int64_t>(next.duration_ns(next.valid_ticks), 1);
  const std::int64_t slowed_ns = std::max(life_ns - ahead_ns, life_ns / 2);
  next.multiplier =
      static_cast<std::uint64_t>(static_cast<detail::Uint128>(next.multiplier) *
                                 static_cast<std::uint64_t>(slowed_ns) / static_cast<std::uint64_t>(life_ns));
  next.ns = latest_ns;
  return next;
}

ClockSample sample_clocks() noexcept {
  constexpr int kTries = 5;
  ClockSample best;
  std::uint64_t best_width = std::numeric_limits<std::uint64_t>::max();
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const std::uint64_t before = platform::read_tsc();
    const std::int64_t monotonic = monotonic_ns();
    const std::int64_t real = SystemClock{}.now_ns();
    const std::uint64_t width = platform::read_tsc() - before;
    if (width >= best_width) continue;
    best_width = width;
    best = {before + width / 2, real, monotonic};
  }
  return best;
}

void TscRate::add(const ClockSample& sample) noexcept {
  const std::uint64_t ticks = sample.tsc - base_.tsc;
  const std::int64_t elapsed_ns = sample.monotonic_ns - base_.monotonic_ns;
  const bool counter_was_reset = ticks > std::numeric_limits<std::uint64_t>::max() / 2;
  if (counter_was_reset || elapsed_ns < 0) return restart(sample);
  if (ticks == 0 || elapsed_ns < (first_window_ ? kLeastWindowNs : kRateWindowNs)) return;

  const std::uint64_t measured = multiplier_of(ticks, elapsed_ns);
  if (is_plausible(measured) || doubted_) {
    multiplier_ = measured;
    doubted_ = false;
    if (elapsed_ns < kRateWindowNs) return;  // The first window goes on growing.
    first_window_ = false;
  } else {
    doubted_ = true;
  }
  restart(sample);
}

bool TscRate::is_plausible(std::uint64_t measured) const noexcept {
  if (multiplier_ == 0) return true;
  const std::uint64_t change = measured > multiplier_ ? measured - multiplier_ : multiplier_ - measured;
  return change <= multiplier_ / 100;
}

TscAnchor TscRate::anchor_at(const ClockSample& sample) const noexcept {
  if (multiplier_ == 0) return {};
  const auto life = static_cast<detail::Uint128>(std::uint64_t{kAnchorLifeNs}) << 32U;
  return {sample.tsc, sample.real_ns, multiplier_, static_cast<std::uint64_t>(life / multiplier_)};
}

std::optional<TscAnchor> SharedTscAnchor::load() const noexcept {
  // SYNC anchor: an even version makes the fields that were stored before it visible.
  const std::uint32_t version = version_.load(std::memory_order_acquire);
  if (version % 2 != 0) return std::nullopt;
  TscAnchor anchor;
  // SYNC anchor-field: a field of a replacement under way brings its odd version with it.
  anchor.tsc = tsc_.load(std::memory_order_acquire);
  anchor.ns = ns_.load(std::memory_order_acquire);
  anchor.multiplier = multiplier_.load(std::memory_order_acquire);
  anchor.valid_ticks = valid_ticks_.load(std::memory_order_acquire);
  // Relaxed: the field loads above keep it behind them, and an older version than theirs can't be read.
  if (version_.load(std::memory_order_relaxed) != version) return std::nullopt;
  return anchor;
}

void SharedTscAnchor::store(const TscAnchor& anchor) noexcept {
  // Relaxed: the one writer at a time reads its own, or is handed it with the right to write.
  const std::uint32_t version = version_.load(std::memory_order_relaxed);
  // Relaxed: each field store below carries it.
  version_.store(version + 1, std::memory_order_relaxed);
  // SYNC anchor-field: whoever reads a new field sees the odd version, or a later one.
  tsc_.store(anchor.tsc, std::memory_order_release);
  ns_.store(anchor.ns, std::memory_order_release);
  multiplier_.store(anchor.multiplier, std::memory_order_release);
  valid_ticks_.store(anchor.valid_ticks, std::memory_order_release);
  // SYNC anchor: the fields are whole again.
  version_.store(version + 2, std::memory_order_release);
}

}  // namespace sluice
