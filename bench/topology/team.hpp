#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "sluice/base/platform.hpp"

#include "topology/placement.hpp"

namespace sluice::bench {

/// What a thread does that found nothing to do: a pause; and where there are more threads than cores, some
/// of them and then a yield, because whoever it waits for needs the core.
class Idle {
 public:
  explicit Idle(bool oversubscribed) noexcept : oversubscribed_(oversubscribed) {}

  void operator()() const noexcept {
    if (oversubscribed_) {
      for (int i = 0; i < kPauses; ++i) platform::cpu_relax();
      platform::yield_thread();
    } else {
      platform::cpu_relax();
    }
  }

 private:
  static constexpr int kPauses = 32;

  bool oversubscribed_;
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
