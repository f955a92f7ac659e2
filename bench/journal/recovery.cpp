#include <array>
#include <chrono>
#include <memory>

#include <sys/wait.h>
#include <unistd.h>

#include "sluice/base/platform.hpp"
#include "sluice/bus/bus.hpp"
#include "sluice/journal/journal.hpp"

#include "journal/figures.hpp"
#include "journal/writer.hpp"

namespace sluice::bench {

namespace {

constexpr std::uint64_t kRecordBytes = 160;  ///< of an `Order`

BusOptions options_in(const std::string& directory) {
  JournalOptions kept;
  kept.directory = directory + "/journal";
  BusOptions options;
  options.persistence = journal(kept);
  options.timestamps = Timestamps::per_batch;
  options.capacity_bytes = std::size_t{4} << 20;
  return options;
}

/// A process that publishes so many bytes and dies without closing; nothing of it is synced.
void publish_and_die(const std::string& directory, std::uint64_t bytes) {
  const pid_t child = ::fork();
  if (child == 0) {
    Bus bus = Bus::open(options_in(directory)).value();
    auto publisher = bus.publisher<Order>("orders.new").value();
    const std::array<Order, 32> orders{};
    for (std::uint64_t at = 0; at < bytes; at += kRecordBytes * orders.size()) {
      if (!publisher.publish_batch(orders)) ::_exit(1);
    }
    ::_exit(0);
  }
  int status = -1;
  if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) {
    throw Failed("the process that was to die could not publish");
  }
}

}  // namespace

void measure_recovery(const Effort& effort, std::vector<Figure>& figures) {
  figures.push_back({"recovery", "opening", "s", {}});
  figures.push_back({"recovery", "bytes", "MiB", {}});
  for (std::size_t repetition = 0; repetition < effort.repetitions; ++repetition) {
    const Workplace workplace(effort.directory);
    publish_and_die(workplace.path(), effort.recovered_bytes);
    const auto began = std::chrono::steady_clock::now();
    const Bus bus = Bus::open(options_in(workplace.path())).value();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    const auto& figure = bus.metrics().shards[0];
    figures[figures.size() - 2].readings.push_back(took.count());
    figures.back().readings.push_back(static_cast<double>(figure.tail) / (1 << 20));
  }
}

}  // namespace sluice::bench
