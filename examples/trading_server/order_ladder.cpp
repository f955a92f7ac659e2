#include "order_ladder.hpp"

#include <algorithm>

namespace trading {

void OrderLadder::add(OrderId id, Side side, Tick tick, std::uint32_t size) {
  const Slot slot = free_slot();
  Queue& queue = this->queue(tick);
  orders_[slot] = {id, size, side, tick, queue.last, kNone, static_cast<std::uint32_t>(live_.size())};
  live_.push_back(slot);
  (queue.last == kNone ? queue.first : orders_[queue.last].behind) = slot;
  queue.last = slot;

  if (side == Side::buy) {
    best_bid_ = buyers_++ == 0 ? tick : std::max(best_bid_, tick);
  } else {
    best_ask_ = sellers_++ == 0 ? tick : std::min(best_ask_, tick);
  }
}

void OrderLadder::take(const Order& order, std::uint32_t size) {
  const Slot slot = live_[order.rank];
  orders_[slot].size -= size;
  if (orders_[slot].size == 0) remove(slot);
}

void OrderLadder::clear() noexcept {
  std::fill(queues_.begin(), queues_.end(), Queue{});
  orders_.clear();
  free_.clear();
  live_.clear();
  buyers_ = sellers_ = 0;
}

OrderLadder::Slot OrderLadder::free_slot() {
  if (free_.empty()) {
    orders_.emplace_back();
    return static_cast<Slot>(orders_.size() - 1);
  }
  const Slot slot = free_.back();
  free_.pop_back();
  return slot;
}

void OrderLadder::remove(Slot slot) {
  const Order order = orders_[slot];
  Queue& queue = this->queue(order.tick);
  (order.ahead == kNone ? queue.first : orders_[order.ahead].behind) = order.behind;
  (order.behind == kNone ? queue.last : orders_[order.behind].ahead) = order.ahead;

  // The last of the live orders takes the place of the one that leaves.
  live_[order.rank] = live_.back();
  orders_[live_.back()].rank = order.rank;
  live_.pop_back();
  free_.push_back(slot);

  --(order.side == Side::buy ? buyers_ : sellers_);
  if (queue.first == kNone) find_best(order.side);
}

/// Walks away from the other side until somebody is there.
void OrderLadder::find_best(Side side) noexcept {
  if (count(side) == 0) return;
  Tick& best = side == Side::buy ? best_bid_ : best_ask_;
  const Tick step = side == Side::buy ? -1 : 1;
  while (queue(best).first == kNone) best += step;
}

}  // namespace trading
