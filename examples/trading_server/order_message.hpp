#pragma once

#include <cstdint>

namespace trading {

/// In 1/10,000 of a dollar: $585.33 is 5,853,300.
using Price = std::int64_t;

/// The exchange numbers orders from 1.
using OrderId = std::int64_t;
/// Stands in messages that concern no visible order.
inline constexpr OrderId kNoOrder = 0;

/// What happened, with LOBSTER's own numbers.
enum class MessageType : std::uint8_t {
  submission = 1,        ///< a new limit order
  cancellation = 2,      ///< part of an order was withdrawn
  deletion = 3,          ///< all that was left of an order was withdrawn
  execution = 4,         ///< a visible order traded, in part or whole
  hidden_execution = 5,  ///< an order traded that was never shown
  cross = 6,             ///< an auction's trade
  halt = 7,              ///< trading stops (price -1), quoting resumes (0) or trading resumes (1)
};

/// The side of the *resting* order: an execution of a sell order is somebody else's purchase.
enum class Side : std::int32_t { buy = 1, sell = -1 };

/// One line of a LOBSTER message file.
struct OrderMessage {
  std::int64_t time_ns = 0;  ///< since midnight at the exchange
  OrderId order_id = 0;
  Price price = 0;         ///< for a halt: its status (-1, 0 or 1)
  std::uint32_t size = 0;  ///< shares: added, withdrawn or traded
  Side side = Side::buy;
  MessageType type = MessageType::submission;

  friend bool operator==(const OrderMessage&, const OrderMessage&) = default;
};

}  // namespace trading
