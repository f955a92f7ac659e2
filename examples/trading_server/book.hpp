#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "order_message.hpp"
#include "order_table.hpp"
#include "price_levels.hpp"

namespace trading {

/// How a day looks from the book's side: its best prices, and what was odd.
struct BookSummary {
  std::uint64_t messages = 0;        ///< applied since the day began, of every kind
  std::uint64_t unknown_orders = 0;  ///< of these, on orders that were placed before the day's first message
  std::uint64_t inconsistent = 0;    ///< of these, a number used twice, or more shares taken than were left
  std::uint64_t crossed = 0;         ///< times that the best bid came to lie at or above the best ask
  std::uint64_t live_orders = 0;     ///< that rest in the book now
  std::optional<Price> best_bid;     ///< nothing: nobody buys
  std::optional<Price> best_ask;     ///< nothing: nobody sells

  friend bool operator==(const BookSummary&, const BookSummary&) = default;
};

/// A limit order book of one symbol, built from the exchange's messages.
///
/// Order flow begins in the middle of things: messages on orders placed earlier can't change a book that
/// never saw them. They are counted (`unknown_orders`) and otherwise passed over. Nothing that a message says
/// can break the book: a number used twice keeps the first order, and taking more than is left takes what is
/// left; both are counted as `inconsistent`.
///
/// Not thread-safe.
class Book {
 public:
  /// `expected_orders`: how many rest at a time; more is fine and costs a rehash.
  explicit Book(std::size_t expected_orders = 1024);

  /// A new order. At or through the other side's best price it crosses the book: reported, not matched.
  void submit(OrderId id, Side side, Price price, std::uint32_t size);
  /// A partial cancellation or an execution.
  void reduce(OrderId id, std::uint32_t size);
  /// A deletion.
  void remove(OrderId id);
  /// A message that leaves the book as it is: a hidden trade, a cross, a halt.
  void pass() noexcept { ++counts_.messages; }
  /// Whichever of these `message` is.
  void apply(const OrderMessage& message);

  /// Begins a new day: an empty book, and every count at 0.
  void start_day() noexcept;

  [[nodiscard]] std::optional<Price> best_bid() const noexcept { return price_of_best(bids_); }
  [[nodiscard]] std::optional<Price> best_ask() const noexcept { return price_of_best(asks_); }
  /// Whether the best bid lies at or above the best ask now.
  [[nodiscard]] bool is_crossed() const noexcept { return crossed_; }
  [[nodiscard]] BookSummary summary() const noexcept;

 private:
  [[nodiscard]] static std::optional<Price> price_of_best(const PriceLevels& levels) noexcept {
    return levels.empty() ? std::nullopt : std::optional<Price>(levels.best().price);
  }
  [[nodiscard]] PriceLevels& side(Side side) noexcept { return side == Side::buy ? bids_ : asks_; }
  void erase(RestingOrder* order) noexcept;
  void look_for_cross() noexcept;

  OrderTable orders_;
  PriceLevels bids_{Side::buy};
  PriceLevels asks_{Side::sell};
  bool crossed_ = false;
  BookSummary counts_;  ///< its last three fields are filled in by `summary`
};

}  // namespace trading
