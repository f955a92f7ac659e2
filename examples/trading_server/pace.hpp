#pragma once

#include <chrono>
#include <cstdint>

namespace trading {

/// Says when the next event is due, and when it is time to stop. The schedule is fixed from the start: after
/// a delay events follow each other until it is met again, none is left out.
class Pace {
 public:
  using Stop = bool (*)() noexcept;

  /// `rate` in events per second, 0: flat out. `duration` 0: no limit. `stop` is asked now and then, at least
  /// every 50 ms and every 256 events.
  Pace(std::uint64_t rate, std::chrono::nanoseconds duration, Stop stop) noexcept;

  /// Waits until the next event is due. False: the time is up, or `stop` says so.
  [[nodiscard]] bool next() noexcept {
    if (rate_ == 0 && (++events_ & kLook) != 0) [[likely]]
      return true;
    return wait();
  }

  /// The time of the last look at the clock (`sluice::monotonic_ns`): cheap, and seldom old.
  [[nodiscard]] std::int64_t now_ns() const noexcept { return now_ns_; }
  [[nodiscard]] std::int64_t start_ns() const noexcept { return start_ns_; }
  /// Whether `stop` ended it, and not the time.
  [[nodiscard]] bool was_stopped() const noexcept { return stopped_; }

 private:
  static constexpr std::uint64_t kLook = 255;

  [[nodiscard]] bool wait() noexcept;
  [[nodiscard]] bool may_go_on() noexcept;
  [[nodiscard]] std::int64_t due_ns() const noexcept;

  std::uint64_t rate_;
  Stop stop_;
  std::uint64_t events_ = 0;
  std::int64_t start_ns_;
  std::int64_t end_ns_;
  std::int64_t now_ns_;
  bool stopped_ = false;
};

}  // namespace trading
