// The book builder against computations that have nothing in common with it: a plodding one in C++ after
// every single message, and an awk script at the end of a file.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "order_flow.hpp"
#include "plodding_book.hpp"
#include "trading_server/generator.hpp"
#include "trading_server/random.hpp"

namespace trading {
namespace {

std::string text_of(const std::optional<Price>& price) {
  return price ? std::to_string(*price) : "none";
}

/// What the script prints; nothing when there is no awk on this machine.
std::optional<std::string> best_prices_by_awk(const std::filesystem::path& file) {
  const auto script = source_tree() / "examples" / "trading_server" / "best_prices.awk";
  const std::string command = "command -v awk > /dev/null || { echo none; exit; }; awk -f '" +
                              script.string() + "' '" + file.string() + "'";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string output;
  for (int c = std::fgetc(pipe.get()); c != EOF; c = std::fgetc(pipe.get())) output += static_cast<char>(c);
  return output == "none\n" ? std::nullopt : std::optional(output);
}

void expect_agreement(const std::vector<OrderMessage>& messages, std::string_view source) {
  Book book(1);
  PloddingBook plodding;
  for (std::size_t count = 1; count <= messages.size(); ++count) {
    book.apply(messages[count - 1]);
    plodding.apply(messages[count - 1]);
    ASSERT_EQ(book.summary(), plodding.summary()) << source << " after message " << count;
  }
}

TEST(BestPrices, equal_those_of_a_plodding_computation_after_every_message) {
  for (const auto& file : recorded_files()) expect_agreement(messages_of(file), file.string());
}

TEST(BestPrices, of_generated_flow_equal_those_of_a_plodding_computation_after_every_message) {
  Generator generator(42, 1'000);
  std::vector<OrderMessage> messages;
  while (messages.size() < 3'000) messages.push_back(generator.next());
  expect_agreement(messages, "generator");
}

/// The generator's flow never crosses the book. Here four orders rest at a time, at random within ten prices.
TEST(BestPrices, of_flow_that_crosses_the_book_equal_those_of_a_plodding_computation) {
  Random random(44);
  std::vector<OrderMessage> messages;
  for (OrderId id = 1; id <= 2'000; ++id) {
    const auto price = static_cast<Price>(100 + random.below(10));
    messages.push_back(submission(id, random.below(2) == 0 ? Side::buy : Side::sell, price, 5));
    messages.push_back(on_order(MessageType::execution, id - 3, 2));
    messages.push_back(on_order(MessageType::deletion, id - 4, 3));
  }
  expect_agreement(messages, "crossing flow");
  PloddingBook plodding;
  for (const OrderMessage& message : messages) plodding.apply(message);
  EXPECT_GT(plodding.summary().crossed, 100U);
}

TEST(BestPrices, equal_those_of_an_awk_script_at_the_end_of_a_file) {
  for (const auto& file : recorded_files()) {
    const auto output = best_prices_by_awk(file);
    if (!output) return;
    Book book;
    for (const OrderMessage& message : messages_of(file)) book.apply(message);
    const BookSummary summary = book.summary();
    EXPECT_EQ(*output, "best_bid=" + text_of(summary.best_bid) + "\nbest_ask=" + text_of(summary.best_ask) +
                           "\nunknown_orders=" + std::to_string(summary.unknown_orders) +
                           "\nlive_orders=" + std::to_string(summary.live_orders) +
                           "\nmessages=" + std::to_string(summary.messages) + "\n")
        << file;
  }
}

TEST(BestPrices, of_the_sample_are_known) {
  Book book;
  for (const OrderMessage& message : messages_of(sample_file())) book.apply(message);
  const BookSummary summary = book.summary();
  EXPECT_EQ(summary.messages, 404U);
  EXPECT_EQ(summary.best_bid, 5'849'900);
  EXPECT_EQ(summary.best_ask, 5'850'000);
  EXPECT_EQ(summary.unknown_orders, 127U) << "the sample begins in the middle of a day";
  EXPECT_EQ(summary.live_orders, 133U);
  EXPECT_EQ(summary.inconsistent, 0U);
}

}  // namespace
}  // namespace trading
