#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "sluice/base/cpu.hpp"
#include "sluice/base/thread.hpp"

namespace sluice {

/// A count with one writer and any number of readers: a plain add for the writer, no locked instruction. Put
/// it beside other things that its writer owns. Not for several writers, who would lose each other's
/// additions.
class Counter {
 public:
  /// The writer's thread only.
  void add(std::uint64_t amount = 1) noexcept {
    // Relaxed: the only writer reads its own value, and a count publishes nothing but itself.
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }

  /// Any thread: a value that the counter has had, never less than this thread has read before.
  [[nodiscard]] std::uint64_t read() const noexcept {
    // Relaxed: a count may be a moment old, it is a report.
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// A count with many writers, spread over cache lines so that they don't take one line from each other. Takes
/// 1 KiB; a reading visits all of it. Up to eight threads have a line each, more share.
class SharedCounter {
 public:
  /// Any thread.
  void add(std::uint64_t amount = 1) noexcept {
    // Thread ids count up from 1, so neighbours in age never share a stripe.
    Stripe& stripe = stripes_[platform::current_thread_id() % kStripes];
    // Relaxed: a count publishes nothing but itself.
    stripe.value.fetch_add(amount, std::memory_order_relaxed);
  }

  /// Any thread: at least what was added before the call by this thread or by threads it has synchronised
  /// with, never less than this thread has read before.
  [[nodiscard]] std::uint64_t read() const noexcept {
    std::uint64_t sum = 0;
    // Relaxed: each stripe may be a moment old, as the sum may be.
    for (const Stripe& stripe : stripes_) sum += stripe.value.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  static constexpr std::size_t kStripes = 8;

  struct alignas(platform::kDestructiveBytes) Stripe {
    std::atomic<std::uint64_t> value{0};
  };

  std::array<Stripe, kStripes> stripes_;
};

}  // namespace sluice
