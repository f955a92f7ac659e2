#include "trading_server/lobster.hpp"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "order_flow.hpp"

namespace trading {
namespace {

const std::string kLine = "34200.004241176,1,16113575,18,5853300,1\n";

std::string refusal_of(std::string_view text) {
  const auto result = parse_lobster(text, "flow.csv");
  if (result.has_value()) return "accepted";
  EXPECT_EQ(result.error().code, sluice::ErrorCode::invalid_option);
  return result.error().message;
}

void expect_refusal(std::string_view text, std::string_view begins, std::string_view contains) {
  const std::string message = refusal_of(text);
  EXPECT_TRUE(message.starts_with(begins)) << message;
  EXPECT_NE(message.find(contains), std::string::npos) << message;
}

TEST(Lobster, reads_every_field) {
  const auto messages = parse_lobster(kLine + "34200.5,4,16113575,7,5853300,-1\n", "flow.csv").value();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0], (OrderMessage{34'200'004'241'176, 16'113'575, 5'853'300, 18, Side::buy,
                                       MessageType::submission}));
  EXPECT_EQ(messages[1],
            (OrderMessage{34'200'500'000'000, 16'113'575, 5'853'300, 7, Side::sell, MessageType::execution}));
}

TEST(Lobster, keeps_each_nanosecond) {
  for (std::int64_t nanosecond : {1, 9, 123'456'789, 999'999'999}) {
    const std::string digits = std::to_string(1'000'000'000 + nanosecond).substr(1);
    const auto messages = parse_lobster("57599." + digits + ",1,1,1,1,1", "flow.csv").value();
    EXPECT_EQ(messages[0].time_ns, 57'599'000'000'000 + nanosecond);
  }
  EXPECT_EQ(parse_lobster("34200,1,1,1,1,1", "flow.csv").value()[0].time_ns, 34'200'000'000'000);
  EXPECT_EQ(parse_lobster("0.05,1,1,1,1,1", "flow.csv").value()[0].time_ns, 50'000'000);
}

TEST(Lobster, takes_both_line_ends_and_a_last_line_without_one) {
  const std::string line = kLine.substr(0, kLine.size() - 1);
  for (const std::string_view between : {"\n", "\r\n"}) {
    for (const std::string_view last : {"", "\n", "\r\n"}) {
      std::string text = line;
      text.append(between).append(line).append(last);
      const auto messages = parse_lobster(text, "flow.csv");
      ASSERT_TRUE(messages.has_value()) << messages.error();
      EXPECT_EQ(messages.value().size(), 2U);
      EXPECT_EQ(messages.value()[1].side, Side::buy);
    }
  }
}

TEST(Lobster, takes_messages_that_concern_no_visible_order) {
  const auto messages = parse_lobster(
      "1,5,0,3,5859000,-1\n1,5,-1,3,5859000,1\n1,6,-1,0,0,-1\n1,7,0,0,-1,-1\n1,7,0,0,0,-1\n1,7,0,0,1,-1\n",
      "flow.csv");
  ASSERT_TRUE(messages.has_value()) << messages.error();
  EXPECT_EQ(messages.value().size(), 6U);
  EXPECT_EQ(messages.value()[3].price, -1);
}

TEST(Lobster, refuses_a_text_without_messages) {
  expect_refusal("", "flow.csv: ", "empty");
  expect_refusal("\n", "flow.csv:1:1: ", "the line is empty");
}

TEST(Lobster, names_file_line_column_and_field_of_what_it_refuses) {
  expect_refusal(kLine + "34200.x,1,1,1,1,1\n", "flow.csv:2:1: time is \"34200.x\"",
                 "expected seconds after midnight");
  expect_refusal(kLine + "34201,8,1,1,1,1\n", "flow.csv:2:7: type is \"8\"", "expected 1 (new)");
  expect_refusal(kLine + "34201,1,0,1,1,1\n", "flow.csv:2:9: order_id is \"0\"", "expected an order number");
  expect_refusal(kLine + "34201,1,1,0,1,1\n", "flow.csv:2:11: size is \"0\"", "expected 1 to 4294967295");
  expect_refusal(kLine + "34201,1,1,1,58.53,1\n", "flow.csv:2:13: price is \"58.53\"",
                 "without a decimal point");
  expect_refusal(kLine + "34201,1,1,1,1,0\n", "flow.csv:2:15: direction is \"0\"",
                 "expected 1 (buy) or -1 (sell)");
}

TEST(Lobster, refuses_what_is_not_quite_a_number) {
  for (const std::string_view time : {"", ".5", "1.", "-1", "+1", "1e3", " 1", "1 ", "86400", "1.0000000001",
                                      "1.2.3", "99999999999999999999", "nan", "0x10"}) {
    expect_refusal(std::string(time) + ",1,1,1,1,1\n", "flow.csv:1:1: time is ", "expected");
  }
  for (const std::string_view size : {"", "-1", "+1", "1.0", "4294967296", "99999999999999999999", "1 "}) {
    expect_refusal("1,1,1," + std::string(size) + ",1,1\n", "flow.csv:1:7: size is ", "expected");
  }
  expect_refusal("1,1,9223372036854775808,1,1,1\n", "flow.csv:1:5: order_id is ", "expected");
  expect_refusal("1,1,1,1,1000000000001,1\n", "flow.csv:1:9: price is ", "expected");
  expect_refusal("1,7,0,0,2,-1\n", "flow.csv:1:9: price is ", "trading halts");
}

TEST(Lobster, refuses_lines_with_too_few_or_too_many_fields) {
  expect_refusal("34200\n", "flow.csv:1:1: ", "1 field;");
  expect_refusal("1,1,1,1,1\n", "flow.csv:1:1: ", "5 fields; expected 6");
  expect_refusal("1,1,1,1,1,1,\n", "flow.csv:1:1: ", "7 fields; expected 6");
  expect_refusal(kLine + "\n" + kLine, "flow.csv:2:1: ", "the line is empty");
}

TEST(Lobster, refuses_time_that_goes_backwards) {
  expect_refusal(kLine + "34200.004241175,1,1,1,1,1\n", "flow.csv:2:1: time is \"34200.004241175\"",
                 "earlier than the line before");
}

TEST(Lobster, shows_strange_bytes_of_a_line_without_passing_them_on) {
  const std::string message = refusal_of("1,\x1b[2J\x01\xff,1,1,1,1\n");
  EXPECT_NE(message.find("\"?[2J??\""), std::string::npos) << message;
  expect_refusal(std::string(1'000, 'x') + ",1,1,1,1,1", "flow.csv:1:1: ", std::string(40, 'x') + "...\"");
}

TEST(Lobster, says_which_file_can_not_be_read_and_why) {
  const auto missing = read_lobster_file("/no/such/flow.csv");
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, sluice::ErrorCode::system_error);
  EXPECT_NE(missing.error().message.find("/no/such/flow.csv: No such file"), std::string::npos)
      << missing.error().message;

  const auto directory = read_lobster_file(std::filesystem::temp_directory_path().string());
  ASSERT_FALSE(directory.has_value());
  EXPECT_EQ(directory.error().code, sluice::ErrorCode::system_error) << directory.error().message;
}

TEST(Lobster, reads_recorded_files_whole) {
  for (const auto& file : recorded_files()) {
    const auto messages = read_lobster_file(file.string());
    ASSERT_TRUE(messages.has_value()) << messages.error();
    EXPECT_GT(messages.value().size(), 400U);
  }
}

}  // namespace
}  // namespace trading
