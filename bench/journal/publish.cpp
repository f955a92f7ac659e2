#include <array>
#include <memory>

#include "sluice/base/clock.hpp"
#include "sluice/base/histogram.hpp"
#include "sluice/base/platform.hpp"
#include "sluice/bus/bus.hpp"
#include "sluice/journal/journal.hpp"

#include "journal/figures.hpp"
#include "journal/writer.hpp"

namespace sluice::bench {

namespace {

/// A million a second.
constexpr std::int64_t kEveryNs = 1'000;

struct Publishing {
  const char* name;
  bool journaled;
  const char* ring_directory;
};
constexpr std::array kKinds{Publishing{"without_journal", false, ""},
                            Publishing{"with_journal", true, "/dev/shm"},
                            Publishing{"with_journal_without_ring_file", true, ""}};

/// What publishes take, each by itself, on a rate that leaves time between them; the clock's own time off.
Histogram publish(const Publishing& kind, const Effort& effort) {
  const Workplace workplace(effort.directory);
  BusOptions options;
  if (kind.journaled) {
    JournalOptions kept;
    kept.directory = workplace.path() + "/journal";
    kept.ring_directory = kind.ring_directory;
    options.persistence = journal(kept);
  }
  Bus bus = Bus::open(std::move(options)).value();
  auto publisher = bus.publisher<Order>("orders.new").value();
  Histogram took_ns;
  Order order;
  std::int64_t clock_ns = kEveryNs;
  for (int i = 0; i < 1'000; ++i) {
    const std::int64_t before_ns = monotonic_ns();
    clock_ns = std::min(clock_ns, monotonic_ns() - before_ns);
  }
  std::int64_t due_ns = monotonic_ns();
  for (std::uint64_t i = 0; i < effort.publishes; ++i, due_ns += kEveryNs) {
    order.number = i;
    std::int64_t began_ns = monotonic_ns();
    while (began_ns < due_ns) began_ns = monotonic_ns();
    if (!publisher.publish(order)) throw BadResult(publisher.last_error());
    const std::int64_t ns = monotonic_ns() - began_ns - clock_ns;
    took_ns.record(static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0)));
  }
  return took_ns;
}

}  // namespace

void measure_publish(const Effort& effort, std::vector<Figure>& figures) {
  const std::size_t first = figures.size();
  for (const Publishing& kind : kKinds) {
    figures.push_back({"publish_p50", kind.name, "ns", {}});
    figures.push_back({"publish_p99", kind.name, "ns", {}});
  }
  platform::name_this_thread("publisher");
  for (std::size_t repetition = 0; repetition < effort.repetitions; ++repetition) {
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
      const Histogram took_ns = publish(kKinds[i], effort);
      figures[first + 2 * i].readings.push_back(static_cast<double>(took_ns.percentile(50)));
      figures[first + 2 * i + 1].readings.push_back(static_cast<double>(took_ns.percentile(99)));
    }
  }
}

}  // namespace sluice::bench
