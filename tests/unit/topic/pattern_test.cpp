#include "sluice/topic/pattern.hpp"

#include <string>

#include <gtest/gtest.h>

namespace sluice {
namespace {

Pattern pattern(std::string_view text) {
  return Pattern::parse(text).value();
}

Error refusal(std::string_view text) {
  const auto result = Pattern::parse(text);
  EXPECT_FALSE(result) << text;
  return result ? Error{ErrorCode::system_error, "accepted"} : result.error();
}

bool says(const Error& error, std::string_view part) {
  return error.message.find(part) != std::string::npos;
}

TEST(Pattern, without_a_wildcard_matches_its_own_name_alone) {
  const Pattern exact = pattern("orders.new");
  EXPECT_TRUE(exact.is_exact());
  EXPECT_TRUE(exact.matches("orders.new"));
  for (const std::string_view other :
       {"orders", "orders.new.eu", "orders.newer", "Orders.new", "orders.ne"}) {
    EXPECT_FALSE(exact.matches(other)) << other;
  }
}

TEST(Pattern, star_matches_exactly_one_token_wherever_it_stands) {
  EXPECT_TRUE(pattern("orders.*").matches("orders.new"));
  EXPECT_FALSE(pattern("orders.*").matches("orders"));
  EXPECT_FALSE(pattern("orders.*").matches("orders.new.eu"));
  EXPECT_FALSE(pattern("orders.*").matches("ordersx.new"));
  EXPECT_TRUE(pattern("*.new").matches("orders.new"));
  EXPECT_FALSE(pattern("*.new").matches("orders.old"));
  EXPECT_TRUE(pattern("md.*.AAPL").matches("md.trades.AAPL"));
  EXPECT_FALSE(pattern("md.*.AAPL").matches("md.trades.eu.AAPL"));
  EXPECT_TRUE(pattern("*").matches("orders"));
  EXPECT_FALSE(pattern("*").matches("orders.new"));
}

TEST(Pattern, tail_matches_one_or_more_tokens) {
  EXPECT_TRUE(pattern("md.>").matches("md.fx"));
  EXPECT_TRUE(pattern("md.>").matches("md.fx.EURUSD"));
  EXPECT_FALSE(pattern("md.>").matches("md"));
  EXPECT_FALSE(pattern("md.>").matches("mdx.fx"));
  EXPECT_TRUE(pattern("*.>").matches("md.fx.EURUSD"));
  EXPECT_FALSE(pattern("*.>").matches("md"));
  EXPECT_FALSE(pattern("*.>").is_exact());
  EXPECT_FALSE(pattern("*.>").matches_everything());
}

TEST(Pattern, empty_text_is_the_firehose) {
  EXPECT_EQ(pattern(""), Pattern::everything());
  EXPECT_EQ(pattern(">"), Pattern::everything());
  EXPECT_EQ(pattern("").text(), ">");
  EXPECT_TRUE(Pattern::everything().matches_everything());
  EXPECT_FALSE(Pattern::everything().is_exact());
  EXPECT_TRUE(Pattern::everything().matches("a"));
  EXPECT_TRUE(Pattern::everything().matches("a.b.c"));
}

TEST(Pattern, never_matches_the_empty_name) {
  for (const std::string_view text : {"", "*", "a", "a.>", "*.>"})
    EXPECT_FALSE(pattern(text).matches("")) << text;
}

TEST(Pattern, refuses_a_wildcard_inside_a_token) {
  for (const std::string_view text : {"ord*", "*ers", "o*s", "a.b>", ">a", "**", "a.*>", "*x.b", "a.x*.b"}) {
    const Error error = refusal(text);
    EXPECT_EQ(error.code, ErrorCode::invalid_pattern) << text;
    EXPECT_TRUE(says(error, "whole token")) << error;
  }
  EXPECT_TRUE(says(refusal("orders.n*w"), "'*' at column 9"));
  EXPECT_TRUE(says(refusal("*.b>"), "'>' at column 4")) << "a proper wildcard before it is not the fault";
}

TEST(Pattern, refuses_a_tail_that_is_not_last) {
  const Error error = refusal("a.>.b");
  EXPECT_EQ(error.code, ErrorCode::invalid_pattern);
  EXPECT_TRUE(says(error, "'>' at column 3") && says(error, "last")) << error;
}

TEST(Pattern, keeps_the_rules_of_names_for_the_rest) {
  EXPECT_TRUE(says(refusal("a..*"), "column 3"));
  EXPECT_TRUE(says(refusal("*."), "column 2"));
  EXPECT_TRUE(says(refusal("a .*"), "a space at column 2"));
  EXPECT_TRUE(says(refusal(std::string(256, 'a')), "256"));
  EXPECT_EQ(refusal("a b").code, ErrorCode::invalid_pattern);
  EXPECT_TRUE(says(refusal("a b"), "pattern \"a b\""));
}

TEST(Pattern, equals_another_of_the_same_text_only) {
  EXPECT_EQ(pattern("a.*"), pattern("a.*"));
  EXPECT_NE(pattern("a.*"), pattern("a.>"));
}

}  // namespace
}  // namespace sluice
