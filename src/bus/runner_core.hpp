#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "sluice/bus/detail/runner_core.hpp"

#include "bus/core.hpp"
#include "bus/deadline.hpp"

namespace sluice::detail {

/// A bus thread and the subscription it runs. Shared by its handle, the thread itself and, weakly, the core.
class RunnerCore : public std::enable_shared_from_this<RunnerCore> {
 public:
  RunnerCore(std::shared_ptr<SubscriptionState> subscription, std::unique_ptr<Pump> pump, RunOptions options);
  ~RunnerCore();

  /// Starts the thread, and returns once it runs under its name and on its core, or why it doesn't.
  [[nodiscard]] Result<void> start();
  void stop() noexcept;
  /// Waits until the thread is done; at once on the thread itself.
  void join() noexcept;
  /// The same, until the deadline; false if it still runs then.
  [[nodiscard]] bool join(const Deadline& deadline) noexcept;

  [[nodiscard]] bool running() const noexcept {
    // SYNC runner-done: what its handlers did.
    return done_.load(std::memory_order_acquire) == 0;
  }
  [[nodiscard]] bool is_this_thread() const noexcept { return thread_id() == platform::current_thread_id(); }
  [[nodiscard]] std::uint64_t exceptions() const noexcept { return exceptions_.read(); }
  [[nodiscard]] SubscriptionState& subscription() noexcept { return *subscription_; }
  /// False in a forked child, which has no such thread.
  [[nodiscard]] bool is_home() const noexcept { return subscription_->core->is_home(); }

 private:
  [[nodiscard]] std::uint64_t thread_id() const noexcept {
    return thread_id_.load(std::memory_order_relaxed);  // only its own thread's answer matters
  }
  void run() noexcept;
  void report(std::string what) noexcept;

  const std::shared_ptr<SubscriptionState> subscription_;
  std::unique_ptr<Pump> pump_;  ///< the thread's; gone with it, so that no stranger destroys the handler
  const RunOptions options_;
  Counter exceptions_;
  log::Atomic<bool> stop_{false};
  log::Atomic<std::uint64_t> thread_id_{0};
  log::Atomic<std::uint32_t> started_{0};  ///< futex; 1 once the thread is set up, or has failed to be
  log::Atomic<std::uint32_t> done_{0};     ///< futex; 1 at the end
  Result<void> set_up_;
  std::mutex join_mutex_;
  std::thread thread_;
};

}  // namespace sluice::detail
