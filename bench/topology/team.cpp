#include "topology/team.hpp"

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>

#include "sluice/base/clock.hpp"

namespace sluice::bench {

namespace {

/// How long a thread took, and how much of that it ran.
struct Spent {
  std::int64_t passed_ns = 0;
  std::int64_t ran_ns = 0;
};

class Stopwatch {
 public:
  [[nodiscard]] Spent spent() const noexcept {
    return {monotonic_ns() - began_ns_, platform::thread_cpu_time().count() - ran_before_ns_};
  }

 private:
  std::int64_t began_ns_ = monotonic_ns();
  std::int64_t ran_before_ns_ = platform::thread_cpu_time().count();
};

double starved_share(const std::vector<Spent>& all) {
  double passed_ns = 0;
  double longest_ns = 0;
  double ran_ns = 0;
  for (const Spent& one : all) {
    passed_ns += static_cast<double>(one.passed_ns);
    longest_ns = std::max(longest_ns, static_cast<double>(one.passed_ns));
    ran_ns += static_cast<double>(one.ran_ns);
  }
  // More threads than cores take turns: together they can't have run longer than the cores were there.
  const double available_ns = std::min(passed_ns, longest_ns * static_cast<double>(usable_cores().size()));
  return available_ns > 0 ? std::max(0.0, 1 - ran_ns / available_ns) : 0;
}

}  // namespace

void Team::run() {
  StartLine start(members_.size());
  std::vector<Spent> spent(members_.size());
  std::mutex mutex;
  std::exception_ptr first_failure;
  const auto fail = [&] {
    const std::lock_guard lock(mutex);
    if (first_failure == nullptr) first_failure = std::current_exception();
    failed_.store(true, std::memory_order_relaxed);  // see failed()
  };

  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    threads.emplace_back([&, i] {
      try {
        platform::pin_this_thread(usable_cores()[i % usable_cores().size()]).value();
        const Stopwatch watch;
        members_[i](start);
        spent[i] = watch.spent();
      } catch (...) {
        fail();
        start.arrive();  // whoever still waits at the line goes on, and finds out
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (first_failure != nullptr) std::rethrow_exception(first_failure);
  starved_ = starved_share(spent);
}

}  // namespace sluice::bench
