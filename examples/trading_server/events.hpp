#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "book.hpp"
#include "order_message.hpp"

namespace trading {

/// What is published: one topic and one type for each kind, `md.<symbol>.<kind>`. Order flow on the bus is
/// not one stream of records with a tag: who wants executions only subscribes to `md.*.execution` and sees
/// nothing else.
enum class Kind : std::uint8_t { submission, cancellation, deletion, execution, hidden, cross, halt, day };
inline constexpr std::size_t kKinds = 8;
inline constexpr std::array<std::string_view, kKinds> kKindNames = {
    "submission", "cancellation", "deletion", "execution", "hidden", "cross", "halt", "day"};

[[nodiscard]] constexpr std::string_view to_string(Kind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}
[[nodiscard]] constexpr Kind kind_of(MessageType type) {
  return static_cast<Kind>(static_cast<std::uint8_t>(type) - 1);
}
[[nodiscard]] inline std::string topic_of(std::string_view symbol, Kind kind) {
  return "md." + std::string(symbol) + "." + std::string(to_string(kind));
}

/// A new order.
struct Submission {
  std::int64_t time_ns;  ///< since midnight at the exchange, here and below
  OrderId order_id;
  Price price;
  std::uint32_t size;
  Side side;
};

/// Part of an order was withdrawn.
struct Cancellation {
  std::int64_t time_ns;
  OrderId order_id;
  Price price;
  std::uint32_t size;  ///< withdrawn
  Side side;
};

/// All that was left of an order was withdrawn.
struct Deletion {
  std::int64_t time_ns;
  OrderId order_id;
  Price price;
  std::uint32_t size;  ///< withdrawn
  Side side;
};

/// A visible order traded.
struct Execution {
  std::int64_t time_ns;
  OrderId order_id;
  Price price;
  std::uint32_t size;  ///< traded
  Side side;
};

/// An order traded that was never shown, and so has no number.
struct HiddenExecution {
  std::int64_t time_ns;
  Price price;
  std::uint32_t size;
  Side side;
};

/// An auction's trade.
struct Cross {
  std::int64_t time_ns;
  Price price;
  std::uint64_t size;
};

/// Trading halts (-1), quoting resumes (0), trading resumes (1).
struct Halt {
  std::int64_t time_ns;
  std::int64_t status;
};

/// Brackets a day: the book starts empty at the open, and must look at the close as the other fields say. A
/// run that is interrupted leaves its last day open.
struct DayMarker {
  enum class Phase : std::uint64_t { open, close };

  std::uint64_t day;  ///< from 1 on
  Phase phase;
  // At the close only, else 0.
  std::uint64_t messages;
  std::uint64_t unknown_orders;
  std::uint64_t inconsistent;
  std::uint64_t crossed;
  std::uint64_t live_orders;
  Price best_bid;  ///< 0: nobody buys
  Price best_ask;  ///< 0: nobody sells

  [[nodiscard]] static DayMarker open(std::uint64_t day) { return {day, Phase::open, 0, 0, 0, 0, 0, 0, 0}; }
  [[nodiscard]] static DayMarker close(std::uint64_t day, const BookSummary& book) {
    return {day,
            Phase::close,
            book.messages,
            book.unknown_orders,
            book.inconsistent,
            book.crossed,
            book.live_orders,
            book.best_bid.value_or(0),
            book.best_ask.value_or(0)};
  }
  [[nodiscard]] BookSummary closing() const {
    const auto price = [](Price value) { return value == 0 ? std::nullopt : std::optional(value); };
    return {messages, unknown_orders, inconsistent, crossed, live_orders, price(best_bid), price(best_ask)};
  }
};

/// Payloads travel as bytes, and their checksum is taken over these bytes: none of them may be padding.
template <class T>
inline constexpr bool kAllBytesCount = std::has_unique_object_representations_v<T> && sizeof(T) % 8 == 0;
static_assert(kAllBytesCount<Submission> && kAllBytesCount<Cancellation> && kAllBytesCount<Deletion> &&
              kAllBytesCount<Execution> && kAllBytesCount<HiddenExecution> && kAllBytesCount<Cross> &&
              kAllBytesCount<Halt> && kAllBytesCount<DayMarker>);

}  // namespace trading
