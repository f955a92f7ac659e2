#include "server.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/clock.hpp"

#include "archive.hpp"
#include "audience.hpp"
#include "flow_publisher.hpp"
#include "kind_table.hpp"
#include "pace.hpp"
#include "progress.hpp"
#include "reconciliation.hpp"
#include "stop_signal.hpp"

namespace trading {
namespace {

using std::chrono::seconds;

/// How long everybody who listens may take to read what is left. A ring is read in milliseconds: this is for
/// machines that do something else for a while.
constexpr seconds kDrainDeadline{30};
constexpr std::int64_t kHousekeepingNs = 100'000'000;

/// Flat out, one of 64 is timed; at a given pace there is time to time every one.
PublishTiming timing_for(const Options& options) {
  if (options.rate == 0) return {64, 0};
  return {1, 1'000'000'000 / options.rate};
}

double seconds_between(std::int64_t from_ns, std::int64_t to_ns) {
  return static_cast<double>(to_ns - from_ns) / 1e9;
}

/// What the bus has to say that no call returns: an eviction, a handler that threw. Written by threads of the
/// bus.
class Notices {
 public:
  void add(const sluice::Notice& notice) {
    const std::lock_guard lock(mutex_);
    texts_.push_back(notice.subscription + ": " + notice.message);
  }
  [[nodiscard]] std::vector<std::string> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(texts_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> texts_;
};

sluice::BusOptions bus_options(const Options& options) {
  sluice::BusOptions result;
  result.capacity_bytes = options.ring_bytes;
  result.name = "trading";
  return result;
}

/// What a run stands on, as far as it can be refused.
struct Ground {
  std::shared_ptr<Notices> notices;
  std::optional<Archive> archive;
  sluice::Bus bus;
};

sluice::Result<Ground> lay_ground(const Options& options) {
  auto notices = std::make_shared<Notices>();
  sluice::BusOptions for_bus = bus_options(options);
  for_bus.on_notice = [notices](const sluice::Notice& notice) { notices->add(notice); };
  std::optional<Archive> archive;
  if (!options.journal.empty()) {
    archive.emplace(options.journal);
    for_bus.persistence = archive->persistence();
  }
  return sluice::Bus::open(std::move(for_bus)).transform([&](sluice::Bus&& bus) {
    if (archive) archive->begin(bus);
    return Ground{std::move(notices), std::move(archive), std::move(bus)};
  });
}

class Server {
 public:
  Server(const Options& options, Feed& feed, Ground ground)
      : options_(options),
        feed_(feed),
        notices_(std::move(ground.notices)),
        archive_(std::move(ground.archive)),
        bus_(std::move(ground.bus)),
        publisher_(bus_, options.symbol, timing_for(options)),
        kinds_(bus_, options.symbol),
        audience_(bus_, kinds_, options, timing_for(options).every),
        progress_(stderr),
        pace_(options.rate, options.duration, stop_requested) {}

  Report run(std::string source) {
    Report report;
    report.source = std::move(source);
    report.symbol = options_.symbol;
    report.rate = options_.rate;
    report.sampled_every = timing_for(options_).every;
    publish_all();
    shut_down(report);
    settle(report);
    return report;
  }

 private:
  void publish_all() {
    for (Batch batch = feed_.next(); !batch.messages.empty(); batch = feed_.next()) {
      if (!publish(batch)) return;
    }
  }

  /// False when it is time to stop, or the bus refused.
  bool publish(const Batch& batch) {
    if (batch.opens_day && !publish(DayMarker::open(batch.day))) return false;
    for (const OrderMessage& message : batch.messages) {
      if (!publish(message)) return false;
    }
    if (!batch.closes_day) return true;
    if (!publish(DayMarker::close(batch.day, batch.closing))) return false;
    ++days_closed_;
    return true;
  }

  template <class Message>
  bool publish(const Message& message) {
    if (!pace_.next()) return false;
    if (pace_.now_ns() >= next_housekeeping_ns_) [[unlikely]]
      keep_house();
    return publisher_.publish(message);
  }

  void keep_house() {
    next_housekeeping_ns_ = pace_.now_ns() + kHousekeepingNs;
    audience_.sample_lag();
    if (progress_.visible()) progress_.draw(how_far());
  }

  [[nodiscard]] Progress how_far() const {
    Progress progress;
    progress.published = publisher_.counts().total();
    progress.seconds = seconds_between(pace_.start_ns(), pace_.now_ns());
    if (const auto total = feed_.total_messages()) {
      progress.fraction = static_cast<double>(publisher_.counts().messages()) / static_cast<double>(*total);
    }
    if (options_.duration.count() > 0) {
      const double limit = static_cast<double>(options_.duration.count()) / 1e9;
      progress.fraction = std::max(progress.fraction.value_or(0), progress.seconds / limit);
    }
    return progress;
  }

  /// Publishing has ended: lets everybody read to the end, then closes the bus.
  void shut_down(Report& report) {
    audience_.sample_lag();
    if (!audience_.wait_for_gating(kDrainDeadline)) {
      books_.report("drain", "the subscribers that gate did not catch up within 30 s");
    }
    const std::int64_t gating_done_ns = sluice::monotonic_ns();
    audience_.hurry_screen();
    const sluice::DrainReport drained = bus_.drain(kDrainDeadline);
    for (const std::string& pending : drained.pending)
      books_.report("drain", pending + " is not done within 30 s");
    report.seconds = seconds_between(pace_.start_ns(), gating_done_ns);
    report.drain_seconds = seconds_between(gating_done_ns, sluice::monotonic_ns());

    if (archive_) archive_->note_trouble(books_);
    const std::int64_t closing_ns = sluice::monotonic_ns();
    const sluice::CloseReport closed = bus_.close();
    close_seconds_ = seconds_between(closing_ns, sluice::monotonic_ns());
    books_.expect_equal("close", "number of events published by the bus's count", closed.published,
                        publisher_.counts().total());
    for (const std::string& name : closed.cut_short) books_.report("close", name + " was cut short");
    audience_.join();
  }

  void settle(Report& report) {
    report.interrupted = pace_.was_stopped();
    report.published = publisher_.counts().total();
    report.by_kind = publisher_.counts().by_kind;
    report.passes = days_closed_;
    if (!publisher_.error().empty()) books_.report("publisher", publisher_.error());
    for (const std::string& notice : notices_->take()) books_.report("bus", notice);
    audience_.settle(publisher_, books_, report);
    if (archive_) {
      report.journal = archive_->settle({publisher_.topics(), publisher_.checksum()}, options_,
                                        bus_options(options_), books_);
      report.journal->close_seconds = close_seconds_;
    }
    report.problems = books_.problems();
  }

  const Options& options_;
  Feed& feed_;
  std::shared_ptr<Notices> notices_;
  std::optional<Archive> archive_;
  sluice::Bus bus_;
  FlowPublisher publisher_;
  KindTable kinds_;
  Audience audience_;
  ProgressBar progress_;
  Reconciliation books_;
  Pace pace_;  ///< last: its time begins when everything is ready
  std::int64_t next_housekeeping_ns_ = 0;
  std::uint64_t days_closed_ = 0;
  double close_seconds_ = 0;
};

}  // namespace

sluice::Result<Report> run_server(const Options& options, Feed& feed, std::string source) {
  return lay_ground(options).transform(
      [&](Ground&& ground) { return Server(options, feed, std::move(ground)).run(std::move(source)); });
}

}  // namespace trading
