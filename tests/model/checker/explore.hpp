#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/checker/scheduler.hpp"
#include "model/checker/site.hpp"

namespace sluice::model {

/// How far an exploration goes.
struct Options {
  std::string name = {};        ///< tells replay strings of several explorations apart
  int preemptions = 2;          ///< per schedule: times that a thread is interrupted which could have gone on
  int stale_reads = 1;          ///< per thread: loads that return another store than the newest
  int spurious_failures = 1;    ///< per thread: weak compare-and-swaps that fail for no reason
  int spurious_wakes = 0;       ///< per thread: futex waits that end for no reason
  std::uint32_t steps = 4'000;  ///< operations per schedule before it is called endless; 60,000 at most
  /// Runs schedules too that are known to come to the same as others: to test that they do.
  bool run_redundant = false;
  /// Stops unfinished after so many schedules, 0: none. `Report::exhausted` says whether it came to that.
  std::uint64_t max_schedules = 0;
  /// Not 0: draws that many schedules instead of walking all, without a bound on preemptions.
  std::uint64_t random_schedules = 0;
  std::uint64_t seed = 1;
  std::vector<Mutation> mutations = {};
  std::string replay = {};  ///< a string from a report: runs that schedule alone, with a trace
};

/// What one schedule runs. Built anew for each, by the function given to `explore`.
class Scenario {
 public:
  /// At most eight. What bodies share is captured by them, usually one shared_ptr.
  void thread(std::string name, std::function<void()> body) {
    threads_.push_back({std::move(name), std::move(body)});
  }
  /// Runs when all threads have ended, seeing all they did.
  void finally(std::function<void()> check) { checks_.push_back(std::move(check)); }

  [[nodiscard]] std::vector<ModelThread>& threads() noexcept { return threads_; }
  [[nodiscard]] const std::vector<std::function<void()>>& checks() const noexcept { return checks_; }

 private:
  std::vector<ModelThread> threads_;
  std::vector<std::function<void()>> checks_;
};

struct Report {
  [[nodiscard]] bool passed() const noexcept { return failure.empty(); }
  [[nodiscard]] bool saw(std::string_view outcome) const { return outcomes.count(std::string(outcome)) != 0; }

  std::string name;
  std::string failure;           ///< what went wrong first, empty when nothing did
  std::string replay;            ///< of the failing schedule, or of the one replayed
  std::string trace;             ///< the same
  bool exhausted = false;        ///< every schedule within the bounds was run
  std::uint64_t schedules = 0;   ///< distinct ones
  std::uint64_t redundant = 0;   ///< runs that came to the same as one of these
  std::uint64_t operations = 0;  ///< in all runs
  std::uint64_t restarts = 0;    ///< times that a fact about who touches what was refuted
  std::size_t contended = 0;     ///< locations that are shared and written
  double seconds = 0;
  std::map<std::string, std::uint64_t, std::less<>> outcomes;  ///< how often each was recorded
  std::vector<Site> sites;                                     ///< orderings that were executed
  std::vector<std::string> unmet_mutations;                    ///< that no operation came by
};
std::ostream& operator<<(std::ostream& out, const Report& report);

/// Runs `build` and the threads it describes under every schedule that `options` allow, until one fails.
///
/// With SLUICE_MODEL_REPLAY=<string> in the environment the exploration that the string names replays it
/// instead; SLUICE_MODEL_SEED=<number> overrides the seed of random ones.
Report explore(const Options& options, const std::function<void(Scenario&)>& build);

/// Fails the schedule unless `holds`. In threads and in `finally`.
void require(bool holds, std::string_view what, std::source_location where = std::source_location::current());
/// Counts what a schedule came to: the numbers, with blanks between. In `finally`.
void outcome(std::initializer_list<std::int64_t> numbers);
void outcome(const std::string& text);
/// Pauses until `holds()`; what it reads must be atomics.
template <class Condition>
void await(Condition holds, std::source_location where = std::source_location::current());

namespace detail {
void pause(const std::source_location& where);
}  // namespace detail

template <class Condition>
void await(Condition holds, std::source_location where) {
  while (!holds()) detail::pause(where);
}

}  // namespace sluice::model
