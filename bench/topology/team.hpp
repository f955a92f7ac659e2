#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "sluice/base/platform.hpp"

#include "topology/placement.hpp"
#include "topology/transport.hpp"

namespace sluice::bench {

/// What a thread does that found nothing to do. It pauses, because whoever looks all the time keeps taking
/// the line away that the other side is writing. Where there are more threads than cores it pauses twice as
/// often as usual and then yields, because whoever it waits for needs the core.
class Idle {
 public:
  static constexpr std::size_t kPausesForLatency = 1;

  explicit Idle(bool oversubscribed, std::size_t pauses = kUsualPauses) noexcept
      : pauses_(oversubscribed ? std::max(pauses, 2 * kUsualPauses) : pauses), yields_(oversubscribed) {}

  void operator()() const noexcept {
    for (std::size_t i = 0; i < pauses_; ++i) platform::cpu_relax();
    if (yields_) platform::yield_thread();
  }

 private:
  std::size_t pauses_;
  bool yields_;
};

/// The line that all threads of a team stand at before they begin together.
class StartLine {
 public:
  explicit StartLine(std::size_t threads) : threads_(threads), idle_(is_oversubscribed(threads)) {}

  /// Counts the caller in, and returns when all are there.
  void wait() noexcept {
    arrive();
    // SYNC start: what the others prepared before.
    while (arrived_.load(std::memory_order_acquire) < threads_) idle_();
  }
  void arrive() noexcept {
    // SYNC start: what we prepared is there when the others begin.
    arrived_.fetch_add(1, std::memory_order_release);
  }

 private:
  std::size_t threads_;
  Idle idle_;
  std::atomic<std::size_t> arrived_{0};
};

/// Threads that begin at the same moment, each pinned to a core of its own if there are enough. The first
/// exception of any of them is thrown to the caller, once all have ended.
class Team {
 public:
  /// One thread: prepares, waits at the line (once), and works.
  using Member = std::function<void(StartLine& start)>;

  void add(Member member) { members_.push_back(std::move(member)); }
  void run();

  /// True once a member has failed: what the others wait for may never come.
  [[nodiscard]] bool failed() const noexcept {
    return failed_.load(std::memory_order_relaxed);  // a hint to stop waiting; run() joins all
  }

  /// After `run`: the part of the time that the members' cores did not spend on them, 0 to 1. They spin, so
  /// it was taken by others; or by a mutex that they slept in.
  [[nodiscard]] double starved() const noexcept { return starved_; }

 private:
  std::vector<Member> members_;
  std::atomic<bool> failed_{false};
  double starved_ = 0;
};

}  // namespace sluice::bench
