#include "model/checker/scheduler.hpp"

#include <exception>
#include <limits>
#include <utility>

#include "model/checker/site.hpp"

namespace sluice::model {
namespace {

/// Whose fibers are running: a fiber's entry takes no argument.
Scheduler* running_scheduler = nullptr;

}  // namespace

bool Scheduler::run(std::vector<ModelThread>& threads, const Limits& limits) {
  bodies_ = &threads;
  limits_ = limits;
  count_ = static_cast<int>(threads.size());
  ready_ = (1u << count_) - 1;
  paused_ = 0;
  put_off_ = 0;
  passed_over_ = ready_;
  preemptions_left_ = choices_->is_free() ? std::numeric_limits<int>::max() : limits.preemptions;
  reduces_ = !choices_->is_free() && !limits.run_redundant;
  steps_ = 0;
  stores_ = 0;
  failure_.clear();
  abandoned_ = false;
  for (int i = 0; i < count_; ++i) {
    Thread& thread = threads_[index(i)];
    thread.fiber.prepare(&enter);
    thread.state = State::ready;
    thread.paused = false;
    thread.key = nullptr;
    thread.own_stores = 0;
    thread.looked_at = kNeverLooked;
    thread.gives_way_to = 0;
    thread.ran_since_pause = ~0u;
  }
  running_scheduler = this;
  if (count_ != 0) {
    current_ = choices_->choose(count_);
    resume(current_);
    Fiber::switch_between(main_, threads_[index(current_)].fiber);
  }
  current_ = -1;
  return failure_.empty() && !abandoned_;
}

void Scheduler::enter() {
  Scheduler& self = *running_scheduler;
  const int me = self.current_;
  try {
    (*self.bodies_)[index(me)].body();
  } catch (const std::exception& error) {
    self.fail("thread '" + (*self.bodies_)[index(me)].name + "' ended with an exception: " + error.what());
  }
  self.threads_[index(me)].state = State::ended;
  self.ready_ &= ~bit(me);
  self.give_the_turn_away();
  self.leave();
}

void Scheduler::pause(const std::source_location& where) {
  count_step();
  Thread& me = threads_[index(current_)];
  const std::uint32_t could_run = runnable() & ~bit(current_);
  me.gives_way_to |= could_run & ~me.ran_since_pause;
  me.ran_since_pause = 0;
  me.paused = true;
  me.waits_for_what = "spins at " + short_place(where);
  paused_ |= bit(current_);
  give_the_turn_away();
}

void Scheduler::sleep_on(const void* key, std::string what) {
  Thread& me = threads_[index(current_)];
  me.state = State::sleeping;
  me.key = key;
  me.waits_for_what = std::move(what);
  ready_ &= ~bit(current_);
  give_the_turn_away();
}

void Scheduler::wake(const void* key) noexcept {
  for (int i = 0; i < count_; ++i) {
    Thread& thread = threads_[index(i)];
    if (thread.state != State::sleeping || thread.key != key) continue;
    thread.state = State::ready;
    ready_ |= bit(i);
  }
}

void Scheduler::fail(std::string why) {
  failure_ = std::move(why);
  leave();
}

void Scheduler::abandon() {
  abandoned_ = true;
  leave();
}

std::uint32_t Scheduler::runnable_of_paused() const noexcept {
  std::uint32_t able = ready_;
  for (std::uint32_t left = paused_; left != 0; left &= left - 1) {
    const int i = std::countr_zero(left);
    const Thread& thread = threads_[index(i)];
    if (others_stores(thread) == thread.looked_at) able &= ~bit(i);
  }
  std::uint32_t polite = able;
  for (std::uint32_t left = able & paused_; left != 0; left &= left - 1) {
    const int i = std::countr_zero(left);
    if ((threads_[index(i)].gives_way_to & able) != 0) polite &= ~bit(i);
  }
  return polite;
}

void Scheduler::transfer(int next, std::uint32_t able) {
  passed_over_ = able;
  const int from = current_;
  resume(next);
  if (next != from) Fiber::switch_between(threads_[index(from)].fiber, threads_[index(next)].fiber);
}

void Scheduler::resume(int next) noexcept {
  current_ = next;
  put_off_ &= ~bit(next);
  Thread& thread = threads_[index(next)];
  if (thread.paused) {
    thread.paused = false;
    paused_ &= ~bit(next);
    thread.looked_at = others_stores(thread);
  }
  for (int i = 0; i < count_; ++i) {
    threads_[index(i)].gives_way_to &= ~bit(next);
    threads_[index(i)].ran_since_pause |= bit(next);
  }
}

/// The running thread can't go on now. Comes back when it has the turn again; for an ended thread only when
/// all have ended.
void Scheduler::give_the_turn_away() {
  std::uint32_t able = runnable();
  // Looking again at once would find nothing new, save for a thread that is all alone and may have read what
  // was stale.
  if ((able & ~bit(current_)) != 0) able &= ~bit(current_);
  if (able == 0) {
    for (int i = 0; i < count_; ++i) {
      if (threads_[index(i)].state != State::ended) fail_stuck();
    }
    return;
  }
  if ((able & ~put_off_) == 0)
    choices_->settle();
  else
    able &= ~put_off_;
  transfer(nth(able, choices_->choose(std::popcount(able))), able);
}

void Scheduler::fail_stuck() {
  bool spins = false;
  std::string who;
  for (int i = 0; i < count_; ++i) {
    const Thread& thread = threads_[index(i)];
    if (thread.state == State::ended) continue;
    spins = spins || thread.state == State::ready;
    who += (who.empty() ? "" : "; ") + std::string("'") + (*bodies_)[index(i)].name + "' " +
           thread.waits_for_what;
  }
  fail((spins ? "livelock: nobody is left to change anything: " : "deadlock: nobody is left to wake: ") +
       who);
}

void Scheduler::fail_without_progress() {
  fail("no end in sight after " + std::to_string(limits_.steps) +
       " steps: a livelock, or a scenario that needs a higher Options::steps");
}

void Scheduler::leave() {
  const int from = current_;
  Fiber::switch_between(threads_[index(from)].fiber, main_);
  std::terminate();  // nobody comes back to a schedule that was left
}

}  // namespace sluice::model
