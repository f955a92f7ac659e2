// Kills processes that publish into a journal, and looks at what it kept: at random moments, at each call of
// the file system, while the journal is being opened again, twice in a row.
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "crash/reconcile.hpp"
#include "crash/victim.hpp"

namespace sluice::crash {
namespace {

constexpr const char* kHelp = R"(usage: crash_test [--cycles N] [--seed N] [--json]

Each cycle forks a process that publishes into a journal (1, 2 or 4 producers, claims held open at random) and
kills it with SIGKILL: at a random moment, or before, in the middle of or behind its k-th call of the file
system; in a third of the cycles the next process dies while it opens the journal. Then everything that the
journal kept is compared with what was published.

  --cycles N   how many (default 20)
  --seed N     of everything drawn (default: drawn, and printed)
  --json       one object: cycles, acknowledged, lost, changed, duplicated, from_rings, failures, seed

Exit status 0: nothing lost, changed or duplicated, and every journal could be opened and read.
)";

/// Cycles on one journal, before the next begins with an empty one.
constexpr std::uint64_t kCyclesPerJournal = 10;

struct Options {
  std::uint64_t cycles = 20;
  std::uint64_t seed = std::random_device()();
  bool json = false;
};

class CrashTest {
 public:
  explicit CrashTest(const Options& options) : options_(options), random_(options.seed) {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-crash-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory could be made: " + name);
    directory_ = name;
  }
  ~CrashTest() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  int run() {
    for (std::uint64_t cycle = 0; cycle < options_.cycles; ++cycle) {
      if (cycle % kCyclesPerJournal == 0) begin_journal();
      Plan plan = next_plan();
      kill_one(plan);
      for (unsigned again = draw(3) == 0 ? 1 + draw(2) : 0; again != 0; --again) {
        // Dies while it recovers, or soon after.
        plan.kill_at_call = 1 + draw(40);
        plan.kill_when = static_cast<KillingFileSystem::When>(draw(3));
        kill_one(plan);
      }
      add(reconcile(plan, *ledger_), cycle);
      if (!options_.json && ::isatty(STDERR_FILENO) != 0) {
        std::fprintf(stderr, "\rcrash_test: %llu of %llu cycles", static_cast<unsigned long long>(cycle + 1),
                     static_cast<unsigned long long>(options_.cycles));
      }
    }
    finish_journal();
    return report();
  }

 private:
  unsigned draw(unsigned below) { return static_cast<unsigned>(random_() % below); }

  void begin_journal() {
    finish_journal();
    ledger_->clear();
    plan_ = {};
    plan_.journal.directory = directory_ + "/journal-" + std::to_string(journals_++);
    plan_.journal.first_segment_bytes = std::uint64_t{16 * 1024} << draw(3);
    plan_.journal.most_segment_bytes = plan_.journal.first_segment_bytes << draw(3);
    if (draw(2) == 0) plan_.journal.sync_every = std::chrono::milliseconds(1 + draw(5));
    plan_.single_producer_shard = draw(2) == 0;
    plan_.shards = 1 + draw(2);
  }

  /// What the journal's last cycle acknowledged is its sum.
  void finish_journal() {
    total_.acknowledged += acknowledged_;
    acknowledged_ = 0;
    if (!plan_.journal.directory.empty()) std::filesystem::remove_all(plan_.journal.directory);
  }

  Plan next_plan() {
    Plan plan = plan_;
    plan.producers = 1U << draw(3);
    plan.seed = random_();
    if (draw(2) == 0) {
      plan.kill_at_call = 1 + draw(200);
      plan.kill_when = static_cast<KillingFileSystem::When>(draw(3));
    }
    return plan;
  }

  /// Forks, waits until the child publishes, and kills it a moment later, unless it kills itself.
  void kill_one(const Plan& plan) {
    ledger_->publishing.store(0, std::memory_order_relaxed);  // the child is made behind it
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("fork failed");
    if (child == 0) {
      publish_until_killed(plan, *ledger_);
      ::_exit(1);
    }
    const std::chrono::microseconds moment(draw(30'000));
    const auto began = std::chrono::steady_clock::now();
    int status = 0;
    bool ended = false;
    for (auto until = began + std::chrono::seconds(30);;) {
      ended = ::waitpid(child, &status, WNOHANG) == child;
      const auto now = std::chrono::steady_clock::now();
      if (ended || now >= until) break;
      // SYNC publishing: see publish_until_killed.
      if (ledger_->publishing.load(std::memory_order_acquire) != 0 && until > now + moment)
        until = now + moment;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    if (!ended) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
    }
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
      total_.failures.push_back("a publishing process ended by itself, with status " +
                                std::to_string(status));
    }
  }

  void add(const Findings& found, std::uint64_t cycle) {
    acknowledged_ = found.acknowledged;
    total_.lost += found.lost;
    total_.changed += found.changed;
    total_.duplicated += found.duplicated;
    total_.from_rings += found.from_rings;
    for (const std::string& failure : found.failures) {
      total_.failures.push_back("cycle " + std::to_string(cycle) + ": " + failure);
    }
    if (found.lost + found.changed + found.duplicated != 0 && total_.failures.size() < 20) {
      total_.failures.push_back("cycle " + std::to_string(cycle) + ": " + std::to_string(found.lost) +
                                " lost, " + std::to_string(found.changed) + " changed, " +
                                std::to_string(found.duplicated) + " duplicated");
    }
  }

  int report() const {
    if (options_.json) {
      std::cout << "{\"cycles\":" << options_.cycles << ",\"acknowledged\":" << total_.acknowledged
                << ",\"lost\":" << total_.lost << ",\"changed\":" << total_.changed
                << ",\"duplicated\":" << total_.duplicated << ",\"from_rings\":" << total_.from_rings
                << ",\"failures\":" << total_.failures.size() << ",\"seed\":" << options_.seed << "}\n";
    } else {
      std::cout << "\ncycles        " << options_.cycles << "\nacknowledged  " << total_.acknowledged
                << " events whose publish had returned\nlost          " << total_.lost << "\nchanged       "
                << total_.changed << "\nduplicated    " << total_.duplicated << "\nfrom rings    "
                << total_.from_rings << " of them were in no file when their process died\nseed          "
                << options_.seed << "\n";
    }
    for (const std::string& failure : total_.failures) std::cerr << "crash_test: " << failure << "\n";
    return total_.failures.empty() ? 0 : 1;
  }

  Options options_;
  std::mt19937_64 random_;
  std::string directory_;
  SharedLedger ledger_;
  Plan plan_;
  std::uint64_t journals_ = 0;
  std::uint64_t acknowledged_ = 0;  ///< on the present journal
  Findings total_;
};

int main_with(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = arguments[i];
    const auto number = [&](std::uint64_t& into) {
      const std::string_view text = i + 1 < count ? arguments[++i] : "";
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
      if (error == std::errc() && !text.empty() && end == text.data() + text.size()) return true;
      std::cerr << "crash_test: " << word << " wants a number, not '" << text << "'; see --help\n";
      return false;
    };
    if (word == "--help" || word == "-h") {
      std::cout << kHelp;
      return 0;
    }
    if (word == "--json") {
      options.json = true;
    } else if (word == "--cycles") {
      if (!number(options.cycles)) return 2;
    } else if (word == "--seed") {
      if (!number(options.seed)) return 2;
    } else {
      std::cerr << "crash_test: unknown option '" << word << "'; see --help\n";
      return 2;
    }
  }
  return CrashTest(options).run();
}

}  // namespace
}  // namespace sluice::crash

int main(int count, char** arguments) {
  try {
    return sluice::crash::main_with(count, arguments);
  } catch (const std::exception& failure) {
    std::cerr << "crash_test: " << failure.what() << "\n";
    return 1;
  }
}
