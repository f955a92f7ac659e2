#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <functional>
#include <source_location>
#include <string>
#include <vector>

#include "model/checker/choices.hpp"
#include "model/checker/fiber.hpp"
#include "model/checker/view.hpp"

namespace sluice::model {

struct ModelThread {
  std::string name;
  std::function<void()> body;
};

/// What an operation touches, as far as other threads can tell.
struct Step {
  static constexpr std::uint32_t kFences = ~0u;
  static constexpr std::uint32_t kEverything = ~0u - 1;

  std::uint32_t target = kEverything;  ///< a location, or one of the above
  bool writes = true;

  /// Whether it matters which of the two comes first.
  [[nodiscard]] bool depends_on(const Step& other) const noexcept {
    if (target == kEverything || other.target == kEverything) return true;
    return target == other.target && (writes || other.writes);
  }
};

/// Runs the threads of one schedule, one operation of one thread at a time, and says how it ended.
///
/// **Who may run next.** At a `point` the running thread goes on (choice 0), or another one takes over: a
/// preemption, of which a schedule has only so many. Where a thread can't go on (it ended, sleeps, or pauses)
/// the next one is chosen freely.
///
/// **Redundant schedules.** A thread that was preempted before a step is worth waking only when another
/// thread has meanwhile made a step that depends on it. Otherwise the schedule comes to the same as the one
/// that preempts the thread a step later, which has no more preemptions and is explored as well. So such a
/// thread is not chosen, and where nobody else is left the schedule is settled: it ends without further
/// choices. And a thread is not preempted before its first step in favour of one that could have been chosen
/// instead of it.
///
/// **Pausing** is what a spinning thread does. It runs again once another thread has stored something since
/// it last looked: before that it would find what it found. If nobody is left who could, that is a livelock.
/// So that two threads which pause in turn can't keep a third from running for ever, a thread that pauses
/// twice gives way to everybody who could have run in between and did not (fair scheduling as in CHESS).
class Scheduler {
 public:
  struct Limits {
    int preemptions = 0;  ///< per schedule; without a limit in random mode
    std::uint32_t steps = 0;
    bool run_redundant = false;
  };

  explicit Scheduler(Choices& choices) : choices_(&choices) {}

  /// Runs one schedule to its end. True: all threads ended. False: see `failure` and `was_abandoned`.
  bool run(std::vector<ModelThread>& threads, const Limits& limits);

  /// The running thread; -1 while none runs.
  [[nodiscard]] int current() const noexcept { return current_; }
  [[nodiscard]] const std::string& current_name() const { return (*bodies_)[index(current_)].name; }
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
  [[nodiscard]] std::uint32_t steps() const noexcept { return steps_; }

  // From here on: called by the running thread.

  /// Before an operation that other threads may notice.
  void point(const Step& step) {
    count_step();
    if (preemptions_left_ != 0) offer_preemption(step);
    passed_over_ = 0;
    if (put_off_ != 0) wake_dependents(step);
  }
  /// A step that is noticed without being a point.
  void notice(const Step& step) {
    if (put_off_ != 0) wake_dependents(step);
  }
  /// Before an operation that nobody else can notice.
  void count_step() {
    if (++steps_ > limits_.steps) [[unlikely]]
      fail_without_progress();
  }
  void count_store() noexcept {
    ++stores_;
    ++threads_[index(current_)].own_stores;
  }
  /// The running thread has seen less than there was: if it pauses now, it may look again at once.
  void count_blindness() noexcept { threads_[index(current_)].looked_at = kNeverLooked; }
  void pause(const std::source_location& where);
  /// Until somebody wakes `key`.
  void sleep_on(const void* key, std::string what);
  void wake(const void* key) noexcept;

  /// Ends the schedule with a failure; the fibers are dropped where they stand.
  [[noreturn]] void fail(std::string why);
  /// Ends the schedule: it is to be tried again by other rules.
  [[noreturn]] void abandon();
  [[nodiscard]] bool was_abandoned() const noexcept { return abandoned_; }

 private:
  enum class State : std::uint8_t { ready, sleeping, ended };
  struct Thread {
    Fiber fiber;
    State state = State::ready;
    bool paused = false;
    const void* key = nullptr;
    std::string waits_for_what;
    Step put_off_step;
    std::uint64_t own_stores = 0;
    std::uint64_t looked_at = 0;        ///< others' stores when it last went on after a pause
    std::uint32_t gives_way_to = 0;     ///< threads
    std::uint32_t ran_since_pause = 0;  ///< threads
  };

  static constexpr std::uint64_t kNeverLooked = ~std::uint64_t{0};

  static constexpr std::uint32_t bit(int thread) noexcept { return 1u << thread; }
  static constexpr std::size_t index(int thread) noexcept { return static_cast<std::size_t>(thread); }
  static int nth(std::uint32_t threads, int n) noexcept {
    for (; n > 0; --n) threads &= threads - 1;
    return std::countr_zero(threads);
  }

  [[nodiscard]] std::uint32_t runnable() const noexcept {
    return paused_ == 0 ? ready_ : runnable_of_paused();
  }
  void offer_preemption(const Step& step) {
    std::uint32_t others = runnable() & ~bit(current_) & ~put_off_;
    if (reduces_) others &= ~passed_over_;
    if (others == 0) return;
    const int taken = choices_->choose(1 + std::popcount(others));
    if (taken == 0) return;
    --preemptions_left_;
    if (reduces_) {
      put_off_ |= bit(current_);
      threads_[index(current_)].put_off_step = step;
    }
    transfer(nth(others, taken - 1), others);
  }
  void wake_dependents(const Step& step) noexcept {
    for (std::uint32_t left = put_off_; left != 0; left &= left - 1) {
      const int i = std::countr_zero(left);
      if (threads_[index(i)].put_off_step.depends_on(step)) put_off_ &= ~bit(i);
    }
  }
  [[nodiscard]] std::uint32_t runnable_of_paused() const noexcept;
  [[nodiscard]] std::uint64_t others_stores(const Thread& thread) const noexcept {
    return stores_ - thread.own_stores;
  }
  /// `able`: among whom `next` was chosen.
  void transfer(int next, std::uint32_t able);
  void resume(int next) noexcept;
  void give_the_turn_away();
  [[noreturn]] void fail_stuck();
  [[noreturn]] void fail_without_progress();
  [[noreturn]] void leave();
  static void enter();

  Choices* choices_;
  Limits limits_;
  std::vector<ModelThread>* bodies_ = nullptr;
  std::array<Thread, kMaxThreads> threads_;
  Fiber main_;
  int current_ = -1;
  int count_ = 0;
  std::uint32_t ready_ = 0;
  std::uint32_t paused_ = 0;  ///< ready, but pausing
  std::uint32_t passed_over_ =
      0;  ///< could have been chosen instead of the running thread, which made no step yet
  std::uint32_t put_off_ = 0;  ///< ready, but nothing has happened that makes them worth running
  int preemptions_left_ = 0;
  bool reduces_ = true;
  std::uint32_t steps_ = 0;
  std::uint64_t stores_ = 0;
  std::string failure_;
  bool abandoned_ = false;
};

}  // namespace sluice::model
