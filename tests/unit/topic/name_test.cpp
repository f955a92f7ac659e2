#include "sluice/topic/name.hpp"

#include <string>

#include <gtest/gtest.h>

namespace sluice {
namespace {

Error refusal(std::string_view name) {
  const auto result = validate_topic(name);
  EXPECT_FALSE(result) << name;
  return result ? Error{ErrorCode::system_error, "accepted"} : result.error();
}

bool says(const Error& error, std::string_view part) {
  return error.message.find(part) != std::string::npos;
}

std::string tokens(std::size_t count) {
  std::string name = "t";
  for (std::size_t i = 1; i < count; ++i) name += ".t";
  return name;
}

TEST(TopicName, accepts_letters_digits_and_the_listed_punctuation) {
  for (const std::string_view name :
       {"orders", "orders.new", "md.trades.AAPL", "a", "0", "A.b.C.9", "_-:/@#$+=~!%&',;", "$SYS.x", "-.-"}) {
    EXPECT_TRUE(validate_topic(name)) << name;
  }
}

TEST(TopicName, refuses_every_other_byte_and_names_its_column) {
  const std::string allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-:/@#$+=~!%&',;";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    if (c == '.' || c == '*' || c == '>') continue;
    const std::string name = std::string("ab") + c + "d";
    const bool expected = c != '\0' && allowed.find(c) != std::string::npos;
    const auto result = validate_topic(name);
    ASSERT_EQ(result.has_value(), expected) << byte;
    if (expected) continue;
    EXPECT_EQ(result.error().code, ErrorCode::invalid_topic);
    EXPECT_TRUE(says(result.error(), "at column 3")) << result.error();
  }
}

TEST(TopicName, shows_the_offending_character_and_what_is_allowed) {
  EXPECT_TRUE(says(refusal("a\"b"), "'\"' at column 2"));
  EXPECT_TRUE(says(refusal("a b"), "a space at column 2"));
  EXPECT_TRUE(says(refusal("caf\xC3\xA9"), "0xC3 at column 4"));
  EXPECT_TRUE(says(refusal("caf\xC3\xA9"), "topic \"caf\\xC3\\xA9\""));
  EXPECT_TRUE(says(refusal(std::string_view("\0", 1)), "0x00 at column 1"));
  EXPECT_TRUE(says(refusal("a b"), "letters, digits and _ - : / @ # $ + = ~ ! % & ' , ;"));
}

TEST(TopicName, refuses_the_empty_name_as_a_missing_topic) {
  EXPECT_EQ(refusal("").code, ErrorCode::missing_topic);
}

TEST(TopicName, refuses_wildcards_and_says_what_they_are_for) {
  for (const std::string_view name : {"orders.*", "ord*ers", "orders.>", ">", "*"}) {
    const Error error = refusal(name);
    EXPECT_EQ(error.code, ErrorCode::wildcard_in_topic) << name;
    EXPECT_TRUE(says(error, "patterns are for subscriptions")) << error;
  }
  EXPECT_TRUE(says(refusal("orders.*"), "'*' at column 8"));
  EXPECT_TRUE(says(refusal("a.>"), "'>' at column 3"));
}

TEST(TopicName, refuses_dots_without_a_token_on_both_sides) {
  EXPECT_TRUE(says(refusal(".a"), "no token before it, at column 1"));
  EXPECT_TRUE(says(refusal("a..b"), "no token before it, at column 3"));
  EXPECT_TRUE(says(refusal("a.b."), "no token after it, at column 4"));
  EXPECT_TRUE(says(refusal("."), "at column 1"));
  EXPECT_EQ(refusal("a..b").code, ErrorCode::invalid_topic);
}

TEST(TopicName, reports_the_first_fault_from_the_left) {
  EXPECT_TRUE(says(refusal("a b.*"), "column 2"));
  EXPECT_EQ(refusal("*.a b").code, ErrorCode::wildcard_in_topic);
  EXPECT_TRUE(says(refusal("a..b c"), "column 3"));
}

TEST(TopicName, takes_255_bytes_and_refuses_256_naming_both_sizes) {
  EXPECT_TRUE(validate_topic(std::string(kMaxTopicBytes, 'a')));
  const Error error = refusal(std::string(kMaxTopicBytes + 1, 'a'));
  EXPECT_EQ(error.code, ErrorCode::invalid_topic);
  EXPECT_TRUE(says(error, "256 bytes") && says(error, "255")) << error;
  EXPECT_LT(error.message.size(), 255U) << "a long name is not repeated in full";
}

TEST(TopicName, takes_32_tokens_and_refuses_33_naming_both_counts) {
  EXPECT_TRUE(validate_topic(tokens(kMaxTopicTokens)));
  const Error error = refusal(tokens(kMaxTopicTokens + 1));
  EXPECT_EQ(error.code, ErrorCode::invalid_topic);
  EXPECT_TRUE(says(error, "33 tokens") && says(error, "32")) << error;
}

}  // namespace
}  // namespace sluice
