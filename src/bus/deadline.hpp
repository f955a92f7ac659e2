#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include "sluice/base/clock.hpp"

namespace sluice::detail {

/// A moment on the monotonic clock until which somebody waits. Time-outs of any size are fine: what would lie
/// beyond the clock's end is never.
class Deadline {
 public:
  /// `timeout` from now; a negative one has passed already.
  [[nodiscard]] static Deadline in(std::chrono::nanoseconds timeout) noexcept {
    const std::int64_t now_ns = monotonic_ns();
    return Deadline(now_ns + std::clamp<std::int64_t>(timeout.count(), 0, kNever - now_ns));
  }
  /// The same, but a negative time-out waits for ever.
  [[nodiscard]] static Deadline in_or_never(std::chrono::nanoseconds timeout) noexcept {
    return timeout.count() < 0 ? Deadline(kNever) : in(timeout);
  }

  /// 0 when it has passed.
  [[nodiscard]] std::chrono::nanoseconds left() const noexcept {
    if (end_ns_ == kNever) return std::chrono::nanoseconds::max();
    return std::chrono::nanoseconds(std::max<std::int64_t>(0, end_ns_ - monotonic_ns()));
  }
  [[nodiscard]] bool passed() const noexcept { return left().count() == 0; }

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  explicit Deadline(std::int64_t end_ns) noexcept : end_ns_(end_ns) {}

  std::int64_t end_ns_;
};

}  // namespace sluice::detail
