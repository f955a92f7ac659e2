#pragma once

#include <atomic>
#include <cstdint>
#include <ctime>

#include "sluice/base/cpu.hpp"
#include "sluice/base/tsc_anchor.hpp"

namespace sluice {

class TscClock;

/// What time it is. One clock may serve any number of threads at once and must outlive whatever was given it.
class Clock {
 public:
  virtual ~Clock();

  /// Nanoseconds since the Unix epoch, UTC. Any thread; may step backwards when the machine's time is set
  /// back.
  [[nodiscard]] virtual std::int64_t now_ns() const noexcept = 0;

 protected:
  Clock() = default;
  Clock(const Clock&) = default;
  Clock& operator=(const Clock&) = default;

 private:
  friend class ClockReader;
  /// This clock, if a `ClockReader` may read the counter in its stead; else null.
  [[nodiscard]] virtual const TscClock* as_tsc_clock() const noexcept { return nullptr; }
};

/// The system's real-time clock: exact, some 30 ns a reading.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_ns() const noexcept override;
};

/// A clock for tests that stands still until it is told otherwise. Its readings order no other memory: a test
/// that advances it and expects another thread to have noticed has to say so by other means.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t start_ns = 0) noexcept : now_ns_(start_ns) {}

  // Relaxed throughout: the time is a value of its own, nothing is published with it.
  [[nodiscard]] std::int64_t now_ns() const noexcept override {
    return now_ns_.load(std::memory_order_relaxed);
  }
  void set(std::int64_t now_ns) noexcept { now_ns_.store(now_ns, std::memory_order_relaxed); }
  void advance(std::int64_t by_ns) noexcept { now_ns_.fetch_add(by_ns, std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> now_ns_;
};

/// The processor's time counter, calibrated against the system clock: the same time at a fraction of the
/// price.
///
/// Construction measures the counter's rate for 2 ms, good to some ten parts per million. Later readings
/// improve it: every 100 ms one of them compares the counter with the system clock again, so the two never
/// drift apart by more than about a microsecond once that has happened, and a system clock that is stepped is
/// followed. Where the counter's rate is not constant (no invariant TSC) every reading is the system clock's.
///
/// Thread safety: any thread. A reading takes no lock: who finds the anchor being replaced asks the system
/// clock.
class TscClock final : public Clock {
 public:
  TscClock() noexcept;

  [[nodiscard]] std::int64_t now_ns() const noexcept override;

  /// False where readings fall back to the system clock.
  [[nodiscard]] bool uses_tsc() const noexcept { return uses_tsc_; }

  /// The match of counter and system time that readings go by; none while it is being replaced. Any thread.
  [[nodiscard]] std::optional<TscAnchor> shared_anchor() const noexcept { return anchor_.load(); }

  /// A fresh match of counter and system time, at the best rate known so far. For `ClockReader`; any thread.
  [[nodiscard]] TscAnchor fresh_anchor() const noexcept;

 private:
  [[nodiscard]] const TscClock* as_tsc_clock() const noexcept override { return uses_tsc_ ? this : nullptr; }

  bool uses_tsc_;

  // Calibration is not part of the clock's value, hence mutable: a reading may improve it.
  mutable SharedTscAnchor anchor_;
  mutable TscRate rate_;
  mutable std::atomic<bool> refreshing_{false};
};

/// The process's own `TscClock`, calibrated once, by the first call (2 to 5 ms). Never destroyed, so that
/// destructors of static objects may still use it.
[[nodiscard]] const TscClock& default_clock() noexcept;

/// A publisher's own view of a clock, the cheapest way to read it: inline, and for a `TscClock` no call and
/// no shared memory at all but for every 100 ms. Such a reader never steps backwards: when the system clock
/// was set back, it runs at half its speed, at the slowest, until the two agree again. (The counter itself is
/// taken to be in step across cores, as the invariant TSC is.) Readers of one clock may differ by a
/// microsecond or so.
///
/// A value with one user at a time, like an iterator; every copy goes on by itself.
class ClockReader {
 public:
  /// Reads `clock`, which must outlive it; null stands for `default_clock()`.
  explicit ClockReader(const Clock* clock = nullptr) noexcept;

  /// Nanoseconds since the Unix epoch, UTC.
  [[nodiscard]] std::int64_t now_ns() noexcept {
    if (tsc_clock_ == nullptr) return clock_->now_ns();
    const std::uint64_t tsc = platform::read_tsc();
    if (!anchor_.covers(tsc)) [[unlikely]]
      return reanchor(tsc);
    return anchor_.time_at(tsc);
  }

 private:
  [[nodiscard]] std::int64_t reanchor(std::uint64_t tsc) noexcept;

  const Clock* clock_;
  const TscClock* tsc_clock_;  // Null for every clock that must be asked through its virtual function.
  TscAnchor anchor_;
};

/// Nanoseconds of a clock that is never set: for deadlines and durations. Any thread.
[[nodiscard]] inline std::int64_t monotonic_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace sluice
