#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "order_message.hpp"

namespace trading {

/// The generator's own market: resting orders on a ladder of price ticks, first come first served on each.
/// Kept apart from `Book` on purpose: it knows who is first in the queue at a price, and since it is built in
/// another way, its best prices are a second opinion on the book's.
///
/// Invariant: every buyer's tick lies below every seller's. `add` relies on its caller for that.
///
/// Not thread-safe.
class OrderLadder {
 public:
  using Tick = std::int32_t;
  /// An order's place in the pool; it is used again once the order is gone.
  using Slot = std::uint32_t;

  struct Order {
    OrderId id = kNoOrder;
    std::uint32_t size = 0;
    Side side = Side::buy;
    Tick tick = 0;
    Slot ahead = kNone;  ///< in the queue at its tick
    Slot behind = kNone;
    std::uint32_t rank = 0;  ///< where `live_` has it
  };

  /// A ladder of ticks 0 to `ticks` - 1.
  explicit OrderLadder(Tick ticks) : queues_(static_cast<std::size_t>(ticks)) {}

  [[nodiscard]] std::size_t size() const noexcept { return live_.size(); }
  [[nodiscard]] std::optional<Tick> best(Side side) const noexcept {
    return count(side) == 0 ? std::nullopt : std::optional(side == Side::buy ? best_bid_ : best_ask_);
  }
  /// The `rank`-th live order, in no particular order; `rank` is below `size()`.
  [[nodiscard]] const Order& nth(std::size_t rank) const noexcept { return orders_[live_[rank]]; }
  /// The order that trades next on that side; there must be one.
  [[nodiscard]] const Order& first(Side side) const noexcept {
    return orders_[queue(side == Side::buy ? best_bid_ : best_ask_).first];
  }

  void add(OrderId id, Side side, Tick tick, std::uint32_t size);
  /// Takes `size` shares, at most what is left; an order without shares is gone.
  void take(const Order& order, std::uint32_t size);
  void clear() noexcept;

 private:
  static constexpr Slot kNone = 0xFFFF'FFFFU;

  struct Queue {
    Slot first = kNone;
    Slot last = kNone;
  };

  [[nodiscard]] std::size_t count(Side side) const noexcept { return side == Side::buy ? buyers_ : sellers_; }
  [[nodiscard]] Queue& queue(Tick tick) noexcept { return queues_[static_cast<std::size_t>(tick)]; }
  [[nodiscard]] const Queue& queue(Tick tick) const noexcept {
    return queues_[static_cast<std::size_t>(tick)];
  }
  [[nodiscard]] Slot free_slot();
  void remove(Slot slot);
  void find_best(Side side) noexcept;

  std::vector<Queue> queues_;
  std::vector<Order> orders_;  ///< the pool
  std::vector<Slot> free_;
  std::vector<Slot> live_;
  std::size_t buyers_ = 0;
  std::size_t sellers_ = 0;
  Tick best_bid_ = 0;  ///< while there are buyers
  Tick best_ask_ = 0;  ///< while there are sellers
};

}  // namespace trading
