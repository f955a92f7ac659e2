#pragma once

#include "model/checker/choices.hpp"
#include "model/checker/facts.hpp"
#include "model/checker/scheduler.hpp"
#include "model/checker/site.hpp"
#include "model/checker/trace.hpp"
#include "model/checker/weak_memory.hpp"

namespace sluice::model {

/// Everything that one exploration is made of, where the policy's static functions and atomics find it. One
/// at a time in a process, on one system thread.
class Execution {
 public:
  Execution(Choices first, Facts facts)
      : choices(std::move(first)),
        known(std::move(facts)),
        scheduler(choices),
        memory(choices, known, sites, scheduler, trace) {
    outer_ = current_;
    current_ = this;
  }
  ~Execution() { current_ = outer_; }
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  /// The one that atomics belong to; ends the program where there is none.
  [[nodiscard]] static Execution& current() noexcept {
    if (current_ == nullptr) [[unlikely]]
      refuse();
    return *current_;
  }
  /// False while the scenario is built and after its threads have ended: then atomics are plain values.
  [[nodiscard]] bool is_running() const noexcept { return scheduler.current() >= 0; }

  Choices choices;
  Facts known;
  Sites sites;
  Trace trace;
  Scheduler scheduler;
  WeakMemory memory;

 private:
  [[noreturn]] static void refuse() noexcept;

  static inline Execution* current_ = nullptr;
  Execution* outer_ = nullptr;
};

}  // namespace sluice::model
