#include "audience.hpp"

#include <algorithm>
#include <thread>

#include "sluice/base/clock.hpp"

namespace trading {
namespace {

constexpr std::string_view kRiskGroup = "risk";

sluice::SubscribeOptions events_of(const Options& options, std::string name) {
  sluice::SubscribeOptions result;
  result.topic = "md." + options.symbol + ".>";
  result.name = std::move(name);
  return result;
}

sluice::SubscribeOptions risk_worker(const Options& options, std::uint64_t number) {
  sluice::SubscribeOptions result = events_of(options, "risk-" + std::to_string(number));
  result.group = kRiskGroup;
  return result;
}

sluice::SubscribeOptions auditor() {
  sluice::SubscribeOptions result;
  result.name = "auditor";
  return result;
}

sluice::SubscribeOptions screen(const Options& options) {
  sluice::SubscribeOptions result = events_of(options, "screen");
  result.overload = sluice::Overload::drop_oldest;
  result.wait = sluice::WaitStrategy::sleepy();
  return result;
}

Latency summarize(const sluice::Histogram& histogram) {
  return {histogram.count(), histogram.percentile(50), histogram.percentile(99), histogram.percentile(99.9),
          histogram.max()};
}

}  // namespace

Audience::Audience(sluice::Bus& bus, const KindTable& kinds, const Options& options,
                   std::uint64_t timed_every)
    : book_(bus, events_of(options, "book"), std::make_unique<BookBuilder>(kinds, timed_every)),
      auditor_(bus, auditor(), std::make_unique<Auditor>(kinds, timed_every)),
      screen_(bus, screen(options), std::make_unique<Screen>(kinds, 1, options.screen_delay)) {
  for (std::uint64_t number = 1; number <= options.risk_workers; ++number) {
    risk_.push_back(std::make_unique<Listener<RiskWorker>>(bus, risk_worker(options, number),
                                                           std::make_unique<RiskWorker>(kinds, timed_every)));
  }
}

template <class Visitor>
void Audience::for_each_gating(Visitor visit) {
  visit(book_);
  for (const auto& worker : risk_) visit(*worker);
  visit(auditor_);
}

template <class Visitor>
void Audience::for_each(Visitor visit) {
  for_each_gating(visit);
  visit(screen_);
}

void Audience::sample_lag() {
  for_each([](auto& listener) {
    listener.most_lag_bytes = std::max(listener.most_lag_bytes, listener.subscription.lag_bytes());
  });
}

bool Audience::wait_for_gating(std::chrono::nanoseconds deadline) {
  const std::int64_t end_ns = sluice::monotonic_ns() + deadline.count();
  while (true) {
    std::uint64_t most = 0;
    for_each_gating([&](auto& listener) { most = std::max(most, listener.subscription.lag_bytes()); });
    if (most == 0) return true;
    if (sluice::monotonic_ns() > end_ns) return false;
    // Short against the time that is being measured, and off the core that the others need.
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

void Audience::join() {
  for_each([](auto& listener) { listener.runner.join(); });
}

void Audience::settle(const FlowPublisher& published, Reconciliation& books, Report& report) const {
  sluice::Histogram gating = book_.handler->meter().latency();
  for (const auto& worker : risk_) gating.merge(worker->handler->meter().latency());
  gating.merge(auditor_.handler->meter().latency());
  report.delivery = summarize(gating);
  report.publish = summarize(published.latency());

  settle_book(published, books, report);
  settle_risk(published, books, report);
  settle_auditor(published, books, report);
  settle_screen(published, books, report);
}

/// What holds for every listener: the bus counts as the handler does, and nothing was left behind.
template <class Handler>
SubscriberReport Audience::settle(const Listener<Handler>& listener, Reconciliation& books) const {
  const sluice::Subscription& subscription = listener.subscription;
  const std::string& name = subscription.name();
  books.expect_equal(name, "number of events by the bus's count", subscription.received(),
                     listener.handler->counts().total());
  books.expect_equal(name, "number of unread events", subscription.unfinished(), 0);
  books.expect_equal(name, "number of failed handlers", listener.runner.exceptions(), 0);

  SubscriberReport row;
  row.name = name;
  row.policy = to_string(sluice::Overload::block);
  row.received = subscription.received();
  row.lost = subscription.lost();
  row.lag_bytes = subscription.lag_bytes();
  row.most_lag_bytes = listener.most_lag_bytes;
  row.delivery = summarize(listener.handler->meter().latency());
  return row;
}

void Audience::settle_book(const FlowPublisher& published, Reconciliation& books, Report& report) const {
  const BookBuilder& builder = *book_.handler;
  SubscriberReport row = settle(book_, books);
  books.expect_equal(row.name, builder.counts(), published.counts());
  books.expect_equal(row.name, "number of lost events", row.lost, 0);
  books.expect_equal(row.name, "number of messages in the book", builder.messages(),
                     published.counts().messages());
  books.expect_equal(row.name, "number of days closed", builder.days_closed(), report.passes);
  if (builder.days_off() > 0) books.report(row.name, builder.first_difference());

  const BookSummary totals = builder.totals();
  report.pass = builder.last_close();
  report.unknown_orders = totals.unknown_orders;
  report.inconsistent = totals.inconsistent;
  report.crossed = totals.crossed;
  row.expected = published.counts().total();
  row.ok = books.ok(row.name);
  report.subscribers.push_back(std::move(row));
}

void Audience::settle_risk(const FlowPublisher& published, Reconciliation& books, Report& report) const {
  KindCounts received;
  Turnover turnover;
  for (const auto& worker : risk_) {
    SubscriberReport row = settle(*worker, books);
    row.group = kRiskGroup;
    books.expect_equal(row.name, "number of lost events", row.lost, 0);
    row.ok = books.ok(row.name);
    report.subscribers.push_back(std::move(row));

    const RiskWorker& handler = *worker->handler;
    for (std::size_t kind = 0; kind < kKinds; ++kind)
      received.by_kind[kind] += handler.counts().by_kind[kind];
    turnover.shares += handler.turnover().shares;
    turnover.value += handler.turnover().value;
  }

  constexpr std::string_view kWho = "group risk";
  books.expect_equal(kWho, received, published.counts());
  books.expect_equal(kWho, "number of shares traded", turnover.shares, published.turnover().shares);
  books.expect_equal(kWho, "value of shares traded", turnover.value, published.turnover().value);
  report.groups.push_back(
      {std::string(kRiskGroup), risk_.size(), received.total(), published.counts().total(), books.ok(kWho)});
}

void Audience::settle_auditor(const FlowPublisher& published, Reconciliation& books, Report& report) const {
  const Auditor& findings = *auditor_.handler;
  SubscriberReport row = settle(auditor_, books);
  books.expect_equal(row.name, findings.counts(), published.counts());
  books.expect_equal(row.name, "number of lost events", row.lost, 0);
  books.expect_equal(row.name, "number of events out of order", findings.out_of_order(), 0);
  books.expect_equal(row.name, "number of events of unknown topics", findings.strangers(), 0);
  books.expect_equal(row.name, "checksum over all events", findings.checksum(), published.checksum());
  row.expected = published.counts().total();
  row.ok = books.ok(row.name);
  report.subscribers.push_back(std::move(row));
}

void Audience::settle_screen(const FlowPublisher& published, Reconciliation& books, Report& report) const {
  SubscriberReport row = settle(screen_, books);
  row.policy = to_string(sluice::Overload::drop_oldest);
  books.expect_equal(row.name, "sum of received and lost events", row.received + row.lost,
                     published.counts().total());
  row.expected = published.counts().total();
  row.ok = books.ok(row.name);
  report.subscribers.push_back(std::move(row));
}

}  // namespace trading
