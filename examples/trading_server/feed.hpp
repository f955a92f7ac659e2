#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "book.hpp"
#include "generator.hpp"
#include "order_message.hpp"

namespace trading {

/// A stretch of one day's messages. Many stretches make a day; one may be a whole day.
struct Batch {
  std::span<const OrderMessage>
      messages;             ///< good until the next call of `Feed::next`; empty: the flow is over
  std::uint64_t day = 0;    ///< from 1 on
  bool opens_day = false;   ///< a new day begins with these messages: the book starts empty
  bool closes_day = false;  ///< it ends with them, and `closing` is good
  BookSummary closing;      ///< how the day's book must look now, from another source than the bus
};

/// Where messages come from. Not thread-safe.
class Feed {
 public:
  virtual ~Feed() = default;
  [[nodiscard]] virtual Batch next() = 0;
  /// How many messages there are in all; nothing: it is endless.
  [[nodiscard]] virtual std::optional<std::uint64_t> total_messages() const = 0;
};

/// The same recorded messages over and over, each pass a day of its own. The closing is computed once, by a
/// book that gets the messages straight from memory.
class RecordedFeed final : public Feed {
 public:
  /// `passes` 0: endless. `messages` is not empty.
  RecordedFeed(std::vector<OrderMessage> messages, std::uint64_t passes);
  [[nodiscard]] Batch next() override;
  [[nodiscard]] std::optional<std::uint64_t> total_messages() const override;

 private:
  std::vector<OrderMessage> messages_;
  std::uint64_t passes_;
  std::uint64_t passes_done_ = 0;
  BookSummary closing_;
};

/// Generated messages, in days of `kMessagesPerDay`; the last one may be shorter. The closing comes from the
/// generator's own market, which is no `Book`.
class GeneratedFeed final : public Feed {
 public:
  static constexpr std::uint64_t kMessagesPerDay = 100'000;

  /// `messages` 0: endless.
  GeneratedFeed(std::uint64_t seed, std::uint64_t messages);
  [[nodiscard]] Batch next() override;
  [[nodiscard]] std::optional<std::uint64_t> total_messages() const override;

 private:
  Generator generator_;
  std::uint64_t limit_;
  std::uint64_t made_ = 0;
  std::vector<OrderMessage> buffer_;
};

}  // namespace trading
