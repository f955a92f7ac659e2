#include "model/checker/explore.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <unordered_set>

#include "model/checker/execution.hpp"

namespace sluice::model {
namespace {

/// What `require` throws outside of threads; inside them a schedule is left without unwinding.
struct CheckFailed {
  std::string what;
};

/// A replay string: name/facts-choices.
struct Replay {
  std::string_view name;
  std::string_view facts;
  std::string_view choices;

  static Replay parse(std::string_view text) {
    Replay replay;
    if (const std::size_t slash = text.rfind('/'); slash != std::string_view::npos) {
      replay.name = text.substr(0, slash);
      text.remove_prefix(slash + 1);
    }
    const std::size_t dash = text.find('-');
    replay.facts = text.substr(0, dash);
    if (dash != std::string_view::npos) replay.choices = text.substr(dash + 1);
    return replay;
  }
};

std::map<std::string, std::uint64_t, std::less<>>* recorded_outcomes = nullptr;

class Explorer {
 public:
  Explorer(const Options& options, const std::function<void(Scenario&)>& build)
      : options_(options), build_(build) {
    options_.steps = std::min(options_.steps, 60'000u);
    report_.name = options.name;
  }

  Report run() {
    const auto start = std::chrono::steady_clock::now();
    recorded_outcomes = &report_.outcomes;
    if (!options_.replay.empty())
      replay(options_.replay);
    else
      search();
    recorded_outcomes = nullptr;
    report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return std::move(report_);
  }

 private:
  enum class End : std::uint8_t { passed, failed, abandoned };

  void search() {
    Facts facts;
    while (!search_under(facts)) {
      ++report_.restarts;
      report_.schedules = 0;
      report_.redundant = 0;
      report_.operations = 0;
      report_.outcomes.clear();
    }
  }

  [[nodiscard]] Choices first_choices() const {
    return options_.random_schedules != 0 ? Choices::random(options_.seed) : Choices::exhaustive();
  }

  /// False when a fact was refuted; `facts` then holds the new one.
  bool search_under(Facts& facts) {
    Execution execution(first_choices(), facts);
    execution.sites.mutate(options_.mutations);
    std::unordered_set<std::uint64_t> drawn;
    for (;;) {
      const End end = run_one(execution);
      if (end == End::abandoned) {
        facts = std::move(execution.known);
        return false;
      }
      const bool again =
          execution.choices.is_settled() ||
          (execution.choices.is_random() && !drawn.insert(execution.choices.fingerprint()).second);
      ++(again ? report_.redundant : report_.schedules);
      report_.operations += execution.scheduler.steps();
      if (end == End::failed) {
        keep_failure(execution);
        break;
      }
      ++tried_;
      if (options_.random_schedules != 0 ? tried_ >= options_.random_schedules
                                         : options_.max_schedules != 0 && tried_ >= options_.max_schedules) {
        break;
      }
      if (!execution.choices.next()) {
        report_.exhausted = true;
        break;
      }
    }
    report_.contended = execution.known.contended();
    report_.sites = execution.sites.list();
    report_.unmet_mutations = execution.sites.unmet_mutations();
    return true;
  }

  End run_one(Execution& execution) {
    execution.memory.clear();
    failure_.clear();
    Scenario scenario;
    build_(scenario);
    if (scenario.threads().size() > kMaxThreads) {
      failure_ = "more than 8 threads: raise kMaxThreads";
      return End::failed;
    }
    execution.memory.begin(static_cast<int>(scenario.threads().size()),
                           {options_.stale_reads, options_.spurious_failures, options_.spurious_wakes});
    if (!execution.scheduler.run(scenario.threads(),
                                 {options_.preemptions, options_.steps, options_.run_redundant})) {
      if (execution.scheduler.was_abandoned()) return End::abandoned;
      failure_ = execution.scheduler.failure();
      return End::failed;
    }
    try {
      for (const auto& check : scenario.checks()) check();
    } catch (const CheckFailed& failed) {
      failure_ = failed.what;
      return End::failed;
    }
    return End::passed;
  }

  /// Runs the failing schedule once more, with names and a trace.
  void keep_failure(Execution& found) {
    const std::string choices = found.choices.to_string();
    report_.failure = failure_;
    report_.replay =
        (options_.name.empty() ? "" : options_.name + '/') + found.known.to_string() + '-' + choices;
    const auto outcomes = report_.outcomes;
    if (run_traced(Facts::parse(found.known.to_string()), choices) == End::failed) report_.failure = failure_;
    report_.outcomes = outcomes;
  }

  End run_traced(Facts facts, std::string_view choices) {
    Execution execution(Choices::replay(choices), std::move(facts));
    execution.sites.mutate(options_.mutations);
    execution.trace.begin();
    const End end = run_one(execution);
    report_.trace = execution.trace.text();
    report_.operations += execution.scheduler.steps();
    report_.sites = execution.sites.list();
    return end;
  }

  void replay(const std::string& text) {
    const Replay replay = Replay::parse(text);
    report_.replay = text;
    report_.schedules = 1;
    switch (run_traced(Facts::parse(replay.facts), replay.choices)) {
      case End::passed:
        break;
      case End::failed:
        report_.failure = failure_;
        break;
      case End::abandoned:
        report_.failure =
            "the replayed schedule does not fit: it is of another scenario, or of other options";
        break;
    }
  }

  Options options_;
  const std::function<void(Scenario&)>& build_;
  Report report_;
  std::string failure_;
  std::uint64_t tried_ = 0;
};

}  // namespace

void Execution::refuse() noexcept {
  std::fprintf(stderr, "model: an atomic of the model lives only inside model::explore\n");
  std::abort();
}

Report explore(const Options& options, const std::function<void(Scenario&)>& build) {
  Options ours = options;
  if (const char* text = std::getenv("SLUICE_MODEL_REPLAY"); text != nullptr && ours.replay.empty()) {
    if (Replay::parse(text).name == ours.name) ours.replay = text;
  }
  if (const char* seed = std::getenv("SLUICE_MODEL_SEED"); seed != nullptr) {
    ours.seed = std::strtoull(seed, nullptr, 0);
  }
  Report report = Explorer(ours, build).run();
  if (!ours.replay.empty() && options.replay.empty()) {
    std::fprintf(stderr, "model: replayed %s: %s\n%s", ours.replay.c_str(),
                 report.passed() ? "passed" : report.failure.c_str(), report.trace.c_str());
  }
  return report;
}

void require(bool holds, std::string_view what, std::source_location where) {
  if (holds) return;
  std::string text = short_place(where) + ": " + std::string(what);
  Execution& execution = Execution::current();
  if (execution.is_running()) execution.scheduler.fail(std::move(text));
  throw CheckFailed{std::move(text)};
}

void outcome(std::initializer_list<std::int64_t> numbers) {
  std::string text;
  for (const std::int64_t number : numbers) text += (text.empty() ? "" : " ") + std::to_string(number);
  outcome(text);
}

void outcome(const std::string& text) {
  if (recorded_outcomes != nullptr) ++(*recorded_outcomes)[text];
}

void detail::pause(const std::source_location& where) {
  Execution& execution = Execution::current();
  if (execution.is_running()) execution.memory.pause(where);
}

std::ostream& operator<<(std::ostream& out, const Report& report) {
  out << (report.name.empty() ? "" : report.name + ": ");
  if (!report.passed()) {
    out << report.failure << "\nreplay: SLUICE_MODEL_REPLAY='" << report.replay << "'\n" << report.trace;
  }
  out << report.schedules << (report.exhausted ? " schedules, all there are; " : " schedules, not all; ")
      << report.redundant << " redundant; " << report.operations << " operations, " << report.contended
      << " contended locations, " << report.restarts << " restarts, " << report.seconds << " s\n";
  for (const auto& [text, count] : report.outcomes) out << "  outcome " << text << ": " << count << '\n';
  for (const std::string& at : report.unmet_mutations)
    out << "  no operation met the mutation at " << at << '\n';
  return out;
}

}  // namespace sluice::model
