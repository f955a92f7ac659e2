#include "trading_server/generator.hpp"

#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "trading_server/book.hpp"

namespace trading {
namespace {

std::vector<OrderMessage> generate(Generator& generator, std::size_t count) {
  std::vector<OrderMessage> messages;
  while (messages.size() < count) messages.push_back(generator.next());
  return messages;
}

TEST(Generator, makes_the_same_flow_from_the_same_seed) {
  Generator first(5, 1'000);
  Generator second(5, 1'000);
  Generator other(6, 1'000);
  const auto flow = generate(first, 1'000);
  EXPECT_EQ(flow, generate(second, 1'000));
  EXPECT_NE(flow, generate(other, 1'000));
}

TEST(Generator, makes_messages_that_a_book_finds_nothing_odd_about) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    Generator generator(seed, 50'000);
    Book book;
    for (const OrderMessage& message : generate(generator, 50'000)) book.apply(message);
    const BookSummary summary = book.summary();
    EXPECT_EQ(summary.unknown_orders, 0U) << "seed " << seed;
    EXPECT_EQ(summary.inconsistent, 0U) << "seed " << seed;
    EXPECT_EQ(summary.crossed, 0U) << "seed " << seed;
    EXPECT_EQ(summary.live_orders, generator.live_orders()) << "seed " << seed;
  }
}

TEST(Generator, agrees_with_a_book_on_the_best_prices_after_every_message) {
  Generator generator(9, 20'000);
  Book book;
  for (int count = 0; count < 20'000; ++count) {
    book.apply(generator.next());
    ASSERT_EQ(book.best_bid(), generator.best_bid()) << "message " << count;
    ASSERT_EQ(book.best_ask(), generator.best_ask()) << "message " << count;
  }
}

TEST(Generator, executes_at_the_best_price_only) {
  Generator generator(3, 20'000);
  Book book;
  int executions = 0;
  for (const OrderMessage& message : generate(generator, 20'000)) {
    if (message.type == MessageType::execution) {
      ++executions;
      ASSERT_EQ(message.price, message.side == Side::buy ? book.best_bid() : book.best_ask());
    }
    book.apply(message);
  }
  EXPECT_GT(executions, 1'000);
}

TEST(Generator, mixes_all_kinds_like_a_busy_morning) {
  Generator generator(1, 400'000);
  std::array<int, 8> counts{};
  constexpr int kMessages = 400'000;
  for (int count = 0; count < kMessages; ++count) ++counts[static_cast<std::size_t>(generator.next().type)];
  const auto share = [&](MessageType type) {
    return counts[static_cast<std::size_t>(type)] * 100 / kMessages;
  };
  EXPECT_GE(share(MessageType::submission), 40);
  EXPECT_GE(share(MessageType::deletion), 30);
  EXPECT_GE(share(MessageType::execution), 5);
  EXPECT_GE(share(MessageType::hidden_execution), 3);
  EXPECT_GT(counts[static_cast<std::size_t>(MessageType::cancellation)], 0);
  EXPECT_EQ(counts[static_cast<std::size_t>(MessageType::cross)], 1) << "one auction at the open";
  EXPECT_EQ(counts[static_cast<std::size_t>(MessageType::halt)] % 3, 0) << "halt, quote, trade";
  EXPECT_GT(counts[static_cast<std::size_t>(MessageType::halt)], 0);
}

TEST(Generator, moves_its_clock_forwards_within_trading_hours) {
  for (const std::uint64_t per_day : {1ULL, 100ULL, 10'000ULL, 1'000'000'000'000ULL}) {
    Generator generator(2, per_day);
    std::int64_t last = 34'200'000'000'000;
    for (const OrderMessage& message : generate(generator, 5'000)) {
      ASSERT_GE(message.time_ns, last);
      last = message.time_ns;
    }
    EXPECT_LE(last, 57'600'000'000'000);
  }
}

TEST(Generator, moves_its_prices) {
  Generator generator(4, 100'000);
  generate(generator, 1'000);
  const auto before = generator.best_bid();
  generate(generator, 99'000);
  EXPECT_NE(before, generator.best_bid());
}

TEST(Generator, starts_a_day_with_an_empty_market) {
  Generator generator(1, 1'000);
  generate(generator, 1'000);
  generator.start_day();
  EXPECT_EQ(generator.live_orders(), 0U);
  EXPECT_FALSE(generator.best_bid());
  Book book;
  for (const OrderMessage& message : generate(generator, 1'000)) book.apply(message);
  EXPECT_EQ(book.summary().unknown_orders, 0U);
}

}  // namespace
}  // namespace trading
