#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <span>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include "sluice/bus/bus.hpp"
#include "sluice/journal/journal.hpp"

#include "journal/figures.hpp"
#include "journal/writer.hpp"

namespace sluice::bench {

namespace {

constexpr std::array<std::uint64_t, 3> kThreads{1, 8, 64};

/// How often each of them does it: together as often as one does alone, so that a slow disk is not asked for
/// 64 times as many syncs.
std::uint64_t each_of(std::uint64_t threads, const Effort& effort) {
  return std::max<std::uint64_t>(effort.commits / threads, 8);
}

/// `work(i)` on so many threads at once; how many `work`s a second that is, each being `each` things.
template <class Work>
double per_second(std::uint64_t threads, std::uint64_t each, Work work) {
  std::atomic<bool> failed{false};
  std::vector<std::thread> running;
  const auto began = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      for (std::uint64_t n = 0; n < each; ++n) {
        if (!work(i, n)) failed = true;
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  if (failed) throw Failed("a durable publish or a sync failed");
  return static_cast<double>(threads * each) / took.count();
}

double durable_publishes(const Effort& effort, std::uint64_t threads) {
  const Workplace workplace(effort.directory);
  JournalOptions kept;
  kept.directory = workplace.path() + "/journal";
  BusOptions options;
  options.persistence = journal(kept);
  Bus bus = Bus::open(std::move(options)).value();
  std::vector<Publisher> publishers;
  for (std::uint64_t i = 0; i < threads; ++i) publishers.push_back(bus.publisher("orders.new").value());
  const Order order;
  return per_second(threads, each_of(threads, effort), [&](std::uint64_t thread, std::uint64_t) {
    return publishers[thread].publish(std::as_bytes(std::span(&order, 1)), {.durable = true}).ok();
  });
}

/// As a program does that has a file for each thread and knows of no others.
double one_sync_each(const Effort& effort, std::uint64_t threads) {
  const Workplace workplace(effort.directory);
  std::vector<int> files;
  for (std::uint64_t i = 0; i < threads; ++i) {
    const std::string path = workplace.path() + "/" + std::to_string(i);
    files.push_back(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (files.back() < 0 || ::posix_fallocate(files.back(), 0, 1 << 20) != 0)
      throw Failed("no file: " + path);
  }
  const Order order;
  const double rate =
      per_second(threads, each_of(threads, effort), [&](std::uint64_t thread, std::uint64_t n) {
        const auto offset = static_cast<off_t>(n * sizeof order % (1 << 20));
        return ::pwrite(files[thread], &order, sizeof order, offset) == sizeof order &&
               ::fdatasync(files[thread]) == 0;
      });
  for (const int file : files) ::close(file);
  return rate;
}

}  // namespace

void measure_group_commit(const Effort& effort, std::vector<Figure>& figures) {
  const std::size_t first = figures.size();
  for (const std::uint64_t threads : kThreads) {
    const std::string what = "durable_by_" + std::to_string(threads);
    figures.push_back({what, "sluice", "/s", {}});
    figures.push_back({what, "one_fdatasync_each", "/s", {}});
  }
  for (std::size_t repetition = 0; repetition < effort.repetitions; ++repetition) {
    for (std::size_t i = 0; i < kThreads.size(); ++i) {
      figures[first + 2 * i].readings.push_back(durable_publishes(effort, kThreads[i]));
      figures[first + 2 * i + 1].readings.push_back(one_sync_each(effort, kThreads[i]));
    }
  }
}

}  // namespace sluice::bench
