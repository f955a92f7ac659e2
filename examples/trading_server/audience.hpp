#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/bus/bus.hpp"

#include "flow_publisher.hpp"
#include "kind_table.hpp"
#include "listeners.hpp"
#include "options.hpp"
#include "reconciliation.hpp"
#include "report.hpp"

namespace trading {

/// Everybody who listens, each on a thread of the bus:
///
/// | name             | sees                          | when it is slow                                   |
/// |------------------|-------------------------------|---------------------------------------------------|
/// | `book`           | the stock's events            | publishers wait                                   |
/// | `risk-1`, `-2`.. | its share of them             | publishers wait; the others take more of the work |
/// | `auditor`        | everything: the firehose      | publishers wait                                   |
/// | `screen`         | the stock's events            | loses the oldest, and knows how many              |
///
/// For the thread that publishes.
class Audience {
 public:
  /// Subscribes and starts them all. Throws `sluice::BadResult` when the bus refuses. `timed_every`: each
  /// times one delivery of so many.
  Audience(sluice::Bus& bus, const KindTable& kinds, const Options& options, std::uint64_t timed_every);

  /// Notes how far everybody is behind.
  void sample_lag();
  /// Waits until all who gate have caught up with the publisher; false: not within `deadline`.
  [[nodiscard]] bool wait_for_gating(std::chrono::nanoseconds deadline);
  void hurry_screen() noexcept { screen_.handler->hurry(); }
  /// Waits until all threads have ended; the bus was closed before. Then the findings may be read.
  void join();

  /// Checks everybody's findings against what was published, and writes them down.
  void settle(const FlowPublisher& published, Reconciliation& books, Report& report) const;

 private:
  /// A subscription, who handles its events, and the thread that does it. In this order: the thread goes
  /// first.
  template <class Handler>
  struct Listener {
    Listener(sluice::Bus& bus, sluice::SubscribeOptions options, std::unique_ptr<Handler> its_handler)
        : handler(std::move(its_handler)),
          subscription(bus.subscribe(std::move(options)).value()),
          runner(bus.run(subscription,
                         [to = handler.get()](const sluice::EventView& event) { to->handle(event); })
                     .value()) {}

    std::unique_ptr<Handler> handler;
    sluice::Subscription subscription;
    sluice::Runner runner;
    std::uint64_t most_lag_bytes = 0;
  };

  template <class Visitor>
  void for_each(Visitor visit);
  template <class Visitor>
  void for_each_gating(Visitor visit);

  template <class Handler>
  SubscriberReport settle(const Listener<Handler>& listener, Reconciliation& books) const;
  void settle_book(const FlowPublisher& published, Reconciliation& books, Report& report) const;
  void settle_risk(const FlowPublisher& published, Reconciliation& books, Report& report) const;
  void settle_auditor(const FlowPublisher& published, Reconciliation& books, Report& report) const;
  void settle_screen(const FlowPublisher& published, Reconciliation& books, Report& report) const;

  Listener<BookBuilder> book_;
  std::vector<std::unique_ptr<Listener<RiskWorker>>> risk_;
  Listener<Auditor> auditor_;
  Listener<Screen> screen_;
};

}  // namespace trading
