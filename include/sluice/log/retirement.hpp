#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "sluice/base/platform.hpp"

namespace sluice::log {

/// How handlers are removed and freed while one thread dispatches events to them.
///
/// **Removing.** The remover (1) has the handler say no (`remove_starts`), (2) fences. The dispatching thread
/// (a) names the handler as running, (b) fences, (c) asks it, (d) calls, (e) names nobody. So either (c) sees
/// the removal, or whoever looks after (2) sees the handler running, and waits until it sees (e).
///
/// **Freeing.** What was taken out of the routes may still be in the hands of a poll. Polls count themselves
/// in and out, fence, and then read routes; what was taken out before a fence after which no poll is counted
/// is out of reach. It is freed there, or else on the way out of a poll, which finds the note that was left
/// before the fence.
///
/// The fences are the asymmetric pair: dispatching pays for none, removing some microseconds.
///
/// **Thread safety.** Any number of polls; one of them at a time calls handlers. What is retired is guarded
/// by its owner's lock, which is held where that is said.
template <class Policy, class Handler>
class Retirement {
  template <class T>
  using Atomic = typename Policy::template Atomic<T>;

 public:
  /// Before a poll reads routes.
  void enter_poll() noexcept {
    polls_.fetch_add(1, std::memory_order_relaxed);  // ordered by the fence
    // SYNC polls: who frees sees us counted, or we see the routes as they were left.
    Policy::light_fence();
  }
  /// After its last use of one. True: there may be something to free, under the lock, behind `fence_off`.
  [[nodiscard]] bool leave_poll() noexcept {
    // SYNC polls: our reads are done.
    if (polls_.fetch_sub(1, std::memory_order_release) != 1) return false;
    // SYNC polls: who could not free for our sake has left a note.
    Policy::light_fence();
    return has_retired_.load(std::memory_order_relaxed);  // ordered by the fence
  }

  /// Before the dispatching thread asks a handler whether it may be called.
  void begin_call(const Handler& handler) noexcept {
    // SYNC running: earlier calls are over for whoever sees this one.
    running_.store(&handler, std::memory_order_release);
    // SYNC removing: the remover sees us running, or we see the removal.
    Policy::light_fence();
  }
  void end_call() noexcept {
    // SYNC running: what the call did.
    running_.store(nullptr, std::memory_order_release);
    // SYNC awaiting: who waits sees that we are done, or we see that it waits.
    Policy::light_fence();
    // Relaxed: ordered by the fence.
    if (awaiting_.load(std::memory_order_relaxed) == 0) [[likely]]
      return;
    // SYNC finished: see `await`.
    finished_.fetch_add(1, std::memory_order_release);
    Policy::futex_wake_all(finished_);
  }

  /// Under the lock: something was taken out of the routes.
  void note_retired() noexcept {
    has_retired_.store(true, std::memory_order_relaxed);  // ordered by the fence that follows
  }
  /// Behind a removal, or what was taken out of the routes.
  void fence_off() noexcept {
    // SYNC removing: a call that did not see the removal is seen running. SYNC polls: a poll that may have in
    // hand what was taken out is counted, or finds the note.
    Policy::heavy_fence();
  }
  /// Under the lock, behind a heavy fence that came after all that was retired: whether it may be freed, all
  /// of it. The note is then gone.
  [[nodiscard]] bool take_note_if_unreachable() noexcept {
    // SYNC polls: a poll that is not counted here either is over, and its reads are done, or reads the routes
    // as they are now. One that is counted sees on its way out that there is something to free.
    if (polls_.load(std::memory_order_acquire) != 0) return false;
    has_retired_.store(false, std::memory_order_relaxed);  // only stored under the lock
    return true;
  }

  [[nodiscard]] bool is_running(const Handler& handler) const noexcept {
    // SYNC running: what the call did. Relaxed would do on the dispatching thread itself.
    return running_.load(std::memory_order_acquire) == &handler;
  }
  /// Returns once a handler that was removed, and fenced off, does not run. Not on the dispatching thread.
  /// `backstop` bounds one sleep, not the wait.
  void await(const Handler& handler, std::chrono::nanoseconds backstop) noexcept {
    awaiting_.fetch_add(1, std::memory_order_relaxed);  // ordered by the fence
    // SYNC awaiting: who ends the call sees that somebody waits, or we see that it ended.
    Policy::heavy_fence();
    for (;;) {
      // SYNC finished: whoever wakes us counted after it named nobody.
      const std::uint32_t ticket = finished_.load(std::memory_order_acquire);
      if (!is_running(handler)) break;
      Policy::futex_wait(finished_, ticket, backstop);
    }
    awaiting_.fetch_sub(1, std::memory_order_relaxed);  // one wake too many costs a look
  }

 private:
  // Written by the dispatching thread, once per call and once per poll.
  alignas(platform::kDestructiveBytes) Atomic<const Handler*> running_{nullptr};
  Atomic<std::uint32_t> polls_{0};     ///< that are running, refused ones included
  Atomic<std::uint32_t> finished_{0};  ///< futex; counts calls that somebody waited for

  // Written by others.
  alignas(platform::kDestructiveBytes) Atomic<std::uint32_t> awaiting_{0};  ///< threads in `await`
  Atomic<bool> has_retired_{false};
};

}  // namespace sluice::log
