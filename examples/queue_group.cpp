// A queue group: three workers share the jobs, each job goes to exactly one of them, and a worker may leave
// in the middle without anything being lost. A subscription outside the group sees every job all the same.
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "sluice/sluice.hpp"

namespace {

constexpr std::uint32_t kJobs = 3'000;
constexpr std::uint32_t kEnough = 200;  // after so many the first worker leaves

struct Job {
  std::uint32_t number = 0;
};

}  // namespace

int main() {
  auto bus = sluice::Bus::open().value();
  std::vector<std::atomic<int>> times_done(kJobs);
  std::array<std::atomic<std::uint32_t>, 3> done_by{};
  std::atomic<std::uint32_t> audited = 0;

  std::vector<sluice::Subscription> members;
  for (std::size_t i = 0; i < done_by.size(); ++i) {
    const std::string name = "worker " + std::to_string(i);
    members.push_back(bus.subscribe({.topic = "jobs.*", .group = "workers", .name = name}).value());
  }
  std::vector<sluice::Runner> threads;
  for (std::size_t i = 0; i < members.size(); ++i) {
    // A thread of the bus runs the handler: it spins for a moment when there is nothing to do, then sleeps.
    auto work = [&, i](const sluice::EventView& event) {
      std::this_thread::sleep_for(std::chrono::microseconds(20));  // as if it asked a database
      ++times_done[event.as<Job>().number];
      if (++done_by[i] == kEnough && i == 0) members[0].cancel();  // what it has begun goes to the others
    };
    threads.push_back(bus.run(members[i], work).value());
  }
  auto audit = bus.subscribe({.topic = "jobs.*", .name = "audit"}).value();
  auto auditor = bus.run(audit, [&](const sluice::EventView&) { ++audited; }).value();

  auto jobs = bus.publisher<Job>("jobs.resize").value();
  for (std::uint32_t number = 0; number < kJobs; ++number) {
    if (jobs.publish({number})) continue;
    std::cerr << jobs.last_error() << '\n';
    return 1;
  }
  // No more publishing: the bus's threads deliver what is there, and end.
  const sluice::CloseReport report = bus.close(std::chrono::seconds(10));

  for (std::size_t i = 0; i < members.size(); ++i) {
    std::cout << members[i].name() << ": " << done_by[i] << " jobs" << (i == 0 ? ", then left" : "") << '\n';
  }
  std::uint32_t exactly_once = 0;
  for (const auto& times : times_done) exactly_once += times == 1 ? 1U : 0U;
  std::cout << "audit: " << audited << " jobs\n"
            << exactly_once << " of " << report.published << " jobs were done exactly once\n";
  return exactly_once == kJobs && audited == kJobs && report.cut_short.empty() ? 0 : 1;
}
