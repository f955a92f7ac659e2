#include "book.hpp"

namespace trading {

Book::Book(std::size_t expected_orders) : orders_(expected_orders) {}

void Book::submit(OrderId id, Side side, Price price, std::uint32_t size) {
  ++counts_.messages;
  if (id == kNoOrder || orders_.find(id) != nullptr) {
    ++counts_.inconsistent;
    return;
  }
  orders_.insert({id, price, size, side});
  this->side(side).add(price, size);
  look_for_cross();
}

void Book::reduce(OrderId id, std::uint32_t size) {
  ++counts_.messages;
  RestingOrder* order = orders_.find(id);
  if (order == nullptr) {
    ++counts_.unknown_orders;
    return;
  }
  if (size < order->size) {
    order->size -= size;
    side(order->side).reduce(order->price, size);
    return;
  }
  if (size > order->size) ++counts_.inconsistent;
  erase(order);
}

void Book::remove(OrderId id) {
  ++counts_.messages;
  RestingOrder* order = orders_.find(id);
  if (order == nullptr) {
    ++counts_.unknown_orders;
    return;
  }
  erase(order);
}

void Book::apply(const OrderMessage& message) {
  switch (message.type) {
    case MessageType::submission:
      submit(message.order_id, message.side, message.price, message.size);
      return;
    case MessageType::cancellation:
    case MessageType::execution:
      reduce(message.order_id, message.size);
      return;
    case MessageType::deletion:
      remove(message.order_id);
      return;
    case MessageType::hidden_execution:
    case MessageType::cross:
    case MessageType::halt:
      pass();
      return;
  }
}

void Book::start_day() noexcept {
  orders_.clear();
  bids_.clear();
  asks_.clear();
  crossed_ = false;
  counts_ = {};
}

BookSummary Book::summary() const noexcept {
  BookSummary summary = counts_;
  summary.live_orders = orders_.size();
  summary.best_bid = best_bid();
  summary.best_ask = best_ask();
  return summary;
}

void Book::erase(RestingOrder* order) noexcept {
  side(order->side).remove(order->price, order->size);
  orders_.erase(order);
  look_for_cross();
}

void Book::look_for_cross() noexcept {
  const bool crossed = !bids_.empty() && !asks_.empty() && bids_.best().price >= asks_.best().price;
  // Counted when it begins: a book that stays crossed over many messages is one finding, not many.
  if (crossed && !crossed_) ++counts_.crossed;
  crossed_ = crossed;
}

}  // namespace trading
