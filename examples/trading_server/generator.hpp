#pragma once

#include <cstdint>
#include <optional>

#include "order_ladder.hpp"
#include "order_message.hpp"
#include "random.hpp"

namespace trading {

/// Makes order flow that looks like a busy stock's: orders around a fair value that wanders, most of them
/// deleted again, some cut, some executed in the order of price and time, trades against hidden orders, a
/// rare halt, an auction at the open. The mix is that of AAPL on the morning of 2012-06-21: 47 % submissions,
/// 37 % deletions, 10 % executions, 6 % hidden ones, and a few partial cancellations.
///
/// Every message is consistent with those before it: it names a live order, takes no more than is left, and
/// no order is placed at or through the other side's best price. Endless; the same seed gives the same flow
/// everywhere.
///
/// Not thread-safe.
class Generator {
 public:
  /// `messages_per_day` sets the pace of the messages' own clock, so that as many fill the hours from 9:30 to
  /// 16:00. Asking for more is fine: the clock then stands still at the close.
  Generator(std::uint64_t seed, std::uint64_t messages_per_day) noexcept;

  /// An empty market at 9:30. The constructor has begun the first day.
  void start_day();
  [[nodiscard]] OrderMessage next();

  [[nodiscard]] std::optional<Price> best_bid() const noexcept;
  [[nodiscard]] std::optional<Price> best_ask() const noexcept;
  [[nodiscard]] std::uint64_t live_orders() const noexcept { return ladder_.size(); }

 private:
  using Tick = OrderLadder::Tick;

  void advance_clock() noexcept;
  void move_fair_value() noexcept;
  OrderMessage submit();
  OrderMessage cancel();
  OrderMessage remove();
  OrderMessage execute();
  OrderMessage execute_hidden();
  OrderMessage open_auction();
  OrderMessage halt();
  [[nodiscard]] std::uint32_t order_size() noexcept;
  [[nodiscard]] Side coin() noexcept { return random_.below(2) == 0 ? Side::buy : Side::sell; }
  [[nodiscard]] Side side_to_trade() noexcept;
  [[nodiscard]] OrderMessage message(MessageType type) const noexcept;
  [[nodiscard]] OrderMessage message_on(const OrderLadder::Order& order, MessageType type,
                                        std::uint32_t size) const noexcept;

  Random random_;
  std::uint64_t mean_gap_ns_;
  OrderLadder ladder_;
  Tick fair_value_ = 0;
  std::int64_t time_ns_ = 0;
  OrderId last_id_ = kNoOrder;
  bool opened_ = false;    ///< today's auction is over
  Price halt_status_ = 1;  ///< as in the messages; 1: trading
};

}  // namespace trading
