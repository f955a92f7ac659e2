#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "trading_server/book.hpp"

namespace trading {

/// A book by the most plodding way there is: a plain list of orders that is searched from end to end, and
/// best prices that are looked for among all of them after every message. It shares no code and no idea with
/// `Book`, and keeps no price that could go stale. For consistent messages.
class PloddingBook {
 public:
  void apply(const OrderMessage& message) {
    const int type = static_cast<int>(message.type);
    ++summary_.messages;
    if (type == 1)
      orders_.push_back({message.order_id, message.price, message.size, message.side == Side::buy});
    if (type >= 2 && type <= 4) take(message.order_id, type == 3 ? kAll : message.size);
    look_at_all();
  }

  [[nodiscard]] const BookSummary& summary() const { return summary_; }

 private:
  struct Order {
    OrderId id;
    Price price;
    std::int64_t shares;
    bool buys;
  };
  static constexpr std::int64_t kAll = -1;

  void take(OrderId id, std::int64_t shares) {
    for (std::size_t place = 0; place < orders_.size(); ++place) {
      Order& order = orders_[place];
      if (order.id != id) continue;
      order.shares -= shares == kAll ? order.shares : shares;
      if (order.shares <= 0) orders_.erase(orders_.begin() + static_cast<std::ptrdiff_t>(place));
      return;
    }
    ++summary_.unknown_orders;
  }

  void look_at_all() {
    summary_.live_orders = orders_.size();
    summary_.best_bid.reset();
    summary_.best_ask.reset();
    for (const Order& order : orders_) {
      std::optional<Price>& best = order.buys ? summary_.best_bid : summary_.best_ask;
      if (!best || (order.buys ? order.price > *best : order.price < *best)) best = order.price;
    }
    const bool is_crossed =
        summary_.best_bid && summary_.best_ask && *summary_.best_bid >= *summary_.best_ask;
    if (is_crossed && !was_crossed_) ++summary_.crossed;
    was_crossed_ = is_crossed;
  }

  std::vector<Order> orders_;
  BookSummary summary_;
  bool was_crossed_ = false;
};

}  // namespace trading
