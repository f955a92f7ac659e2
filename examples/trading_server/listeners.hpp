#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "book.hpp"
#include "checksum.hpp"
#include "delivery_meter.hpp"
#include "kind_table.hpp"
#include "tally.hpp"

namespace trading {

// Who listens. Each has one thread of the bus, which alone calls `handle`; the findings may be read once that
// thread has been joined. Each fills cache lines of its own, so that none slows another down by counting.

/// Builds the stock's book, and compares it with the exchange's closing at the end of each day.
class alignas(64) BookBuilder {
 public:
  BookBuilder(const KindTable& kinds, std::uint64_t timed_every) : kinds_(&kinds), meter_(timed_every) {}

  void handle(const sluice::EventView& event);

  [[nodiscard]] const KindCounts& counts() const noexcept { return counts_; }
  [[nodiscard]] const DeliveryMeter& meter() const noexcept { return meter_; }
  /// Messages that the book was given, over all days.
  [[nodiscard]] std::uint64_t messages() const noexcept { return totals().messages; }
  /// Sums over all days, the unfinished one included.
  [[nodiscard]] BookSummary totals() const noexcept;
  [[nodiscard]] std::uint64_t days_closed() const noexcept { return days_closed_; }
  /// The book at the last close.
  [[nodiscard]] const BookSummary& last_close() const noexcept { return last_close_; }
  [[nodiscard]] std::uint64_t days_off() const noexcept { return days_off_; }
  /// The first close that was off, in words.
  [[nodiscard]] const std::string& first_difference() const noexcept { return first_difference_; }

 private:
  void mark_day(const DayMarker& marker);

  const KindTable* kinds_;
  DeliveryMeter meter_;
  KindCounts counts_;
  Book book_;
  BookSummary totals_;  ///< of the days that are closed
  BookSummary last_close_;
  std::uint64_t days_closed_ = 0;
  std::uint64_t days_off_ = 0;
  std::string first_difference_;
};

/// One of the queue group that adds up what was traded: each event reaches one worker, all workers together
/// see all.
class alignas(64) RiskWorker {
 public:
  RiskWorker(const KindTable& kinds, std::uint64_t timed_every) : kinds_(&kinds), meter_(timed_every) {}

  void handle(const sluice::EventView& event);

  [[nodiscard]] const KindCounts& counts() const noexcept { return counts_; }
  [[nodiscard]] const DeliveryMeter& meter() const noexcept { return meter_; }
  [[nodiscard]] const Turnover& turnover() const noexcept { return turnover_; }

 private:
  const KindTable* kinds_;
  DeliveryMeter meter_;
  KindCounts counts_;
  Turnover turnover_;
};

/// Sees every event of every topic, and trusts nothing: counts, order and content.
class alignas(64) Auditor {
 public:
  Auditor(const KindTable& kinds, std::uint64_t timed_every) : kinds_(&kinds), meter_(timed_every) {}

  void handle(const sluice::EventView& event);

  [[nodiscard]] const KindCounts& counts() const noexcept { return counts_; }
  [[nodiscard]] const DeliveryMeter& meter() const noexcept { return meter_; }
  [[nodiscard]] std::uint64_t checksum() const noexcept { return checksum_.value(); }
  /// Events whose position did not lie after that of the event before, in their shard.
  [[nodiscard]] std::uint64_t out_of_order() const noexcept { return out_of_order_; }
  /// Events of topics that nobody here publishes to.
  [[nodiscard]] std::uint64_t strangers() const noexcept { return strangers_; }

 private:
  const KindTable* kinds_;
  DeliveryMeter meter_;
  KindCounts counts_;
  Checksum checksum_;
  std::uint64_t out_of_order_ = 0;
  std::uint64_t strangers_ = 0;
  std::vector<std::optional<std::uint64_t>> last_positions_;  ///< by shard
};

/// A trader's screen: shows the last trade, and takes far too long to do so. It is content with losing
/// events.
class alignas(64) Screen {
 public:
  Screen(const KindTable& kinds, std::uint64_t timed_every, std::chrono::nanoseconds delay)
      : kinds_(&kinds), meter_(timed_every), delay_(delay) {}

  void handle(const sluice::EventView& event);

  /// From now on it takes no time: nobody wants to wait for a screen when the server shuts down. Any thread.
  void hurry() noexcept {
    hurry_.store(true, std::memory_order_relaxed);
  }  // A late look costs one more delay.

  [[nodiscard]] const KindCounts& counts() const noexcept { return counts_; }
  [[nodiscard]] const DeliveryMeter& meter() const noexcept { return meter_; }

 private:
  const KindTable* kinds_;
  DeliveryMeter meter_;
  std::chrono::nanoseconds delay_;
  KindCounts counts_;
  Price last_trade_ = 0;
  std::atomic<bool> hurry_{false};
};

}  // namespace trading
