#include "listeners.hpp"

#include <thread>

#include "quantity.hpp"

namespace trading {
namespace {

std::string describe(const BookSummary& book) {
  const auto price = [](const std::optional<Price>& value) { return value ? format_price(*value) : "none"; };
  return "bid " + price(book.best_bid) + ", ask " + price(book.best_ask) + ", " +
         format_count(book.messages) + " messages, " + format_count(book.unknown_orders) +
         " on unknown orders, " + format_count(book.inconsistent) + " inconsistent, " +
         format_count(book.crossed) + " crossed, " + format_count(book.live_orders) + " live orders";
}

void add_counts(BookSummary& totals, const BookSummary& day) {
  totals.messages += day.messages;
  totals.unknown_orders += day.unknown_orders;
  totals.inconsistent += day.inconsistent;
  totals.crossed += day.crossed;
}

}  // namespace

void BookBuilder::handle(const sluice::EventView& event) {
  const std::optional<Kind> kind = kinds_->of(event);
  if (!kind) return;
  meter_.see(event);
  counts_.count(*kind);
  switch (*kind) {
    case Kind::submission: {
      const auto& order = event.as<Submission>();
      book_.submit(order.order_id, order.side, order.price, order.size);
      return;
    }
    case Kind::cancellation: {
      const auto& order = event.as<Cancellation>();
      book_.reduce(order.order_id, order.size);
      return;
    }
    case Kind::deletion:
      book_.remove(event.as<Deletion>().order_id);
      return;
    case Kind::execution: {
      const auto& order = event.as<Execution>();
      book_.reduce(order.order_id, order.size);
      return;
    }
    case Kind::hidden:
    case Kind::cross:
    case Kind::halt:
      book_.pass();
      return;
    case Kind::day:
      mark_day(event.as<DayMarker>());
      return;
  }
}

void BookBuilder::mark_day(const DayMarker& marker) {
  const BookSummary today = book_.summary();
  if (marker.phase == DayMarker::Phase::open) {
    add_counts(totals_, today);
    book_.start_day();
    return;
  }
  ++days_closed_;
  last_close_ = today;
  if (today == marker.closing()) return;
  if (days_off_++ == 0) {
    first_difference_ = "day " + format_count(marker.day) + " closed with " + describe(today) +
                        "; expected " + describe(marker.closing());
  }
}

BookSummary BookBuilder::totals() const noexcept {
  BookSummary totals = totals_;
  add_counts(totals, book_.summary());
  return totals;
}

void RiskWorker::handle(const sluice::EventView& event) {
  const std::optional<Kind> kind = kinds_->of(event);
  if (!kind) return;
  meter_.see(event);
  counts_.count(*kind);
  if (*kind == Kind::execution) {
    const auto& trade = event.as<Execution>();
    turnover_.add(trade.size, trade.price);
  } else if (*kind == Kind::hidden) {
    const auto& trade = event.as<HiddenExecution>();
    turnover_.add(trade.size, trade.price);
  }
}

void Auditor::handle(const sluice::EventView& event) {
  if (event.shard() >= last_positions_.size()) last_positions_.resize(event.shard() + std::size_t{1});
  std::optional<std::uint64_t>& last = last_positions_[event.shard()];
  if (last && event.position() <= *last) ++out_of_order_;
  last = event.position();

  const std::optional<Kind> kind = kinds_->of(event);
  if (!kind) {
    ++strangers_;
    return;
  }
  meter_.see(event);
  counts_.count(*kind);
  checksum_.add(static_cast<std::uint64_t>(*kind));
  checksum_.add(event.payload());
}

void Screen::handle(const sluice::EventView& event) {
  const std::optional<Kind> kind = kinds_->of(event);
  if (!kind) return;
  meter_.see(event);
  counts_.count(*kind);
  if (*kind == Kind::execution) last_trade_ = event.as<Execution>().price;
  if (delay_.count() > 0 && !hurry_.load(std::memory_order_relaxed)) std::this_thread::sleep_for(delay_);
}

}  // namespace trading
