#include "tools/text.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace sluice::tools {
namespace {

TEST(Text, shows_times_as_iso_8601_with_nanoseconds) {
  EXPECT_EQ(iso_time(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(iso_time(1'709'210'096'000'000'042), "2024-02-29T12:34:56.000000042Z");
  EXPECT_EQ(iso_time(-1), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(iso_time(std::numeric_limits<std::int64_t>::max()), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(iso_time(std::numeric_limits<std::int64_t>::min()), "1677-09-21T00:12:43.145224192Z");
}

TEST(Text, takes_valid_utf8_without_control_characters_for_text) {
  for (const char* text :
       {"", "42 pears", "a\tb\r\n", "gr\xc3\xbc\xc3\x9f", "\xe2\x82\xac", "\xf0\x9f\x8d\x90"}) {
    EXPECT_TRUE(is_text(text)) << text;
  }
  for (const char* bytes : {"\x01", "a\x7f", "\xff", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                            "\xf4\x90\x80\x80", "\xc2\x9b", "\xe2\x82"}) {
    EXPECT_FALSE(is_text(bytes)) << quoted(bytes);
  }
  EXPECT_FALSE(is_text(std::string_view("\0", 1)));
}

TEST(Text, quotes_on_one_line_and_shows_what_a_terminal_would_obey) {
  EXPECT_EQ(quoted("a \"b\" \\ \n\t\r"), R"("a \"b\" \\ \n\t\r")");
  EXPECT_EQ(quoted("\x1b[31m"), R"("\x1b[31m")");
  EXPECT_EQ(quoted("\xc3\xbc\xff\xc2\x9b"), "\"\xc3\xbc\\xff\\xc2\\x9b\"");
}

TEST(Text, makes_any_bytes_valid_utf8) {
  EXPECT_EQ(as_utf8("\xc3\xbc\xff"), "\xc3\xbc\\xff");
  EXPECT_EQ(as_utf8("\xe2\x82"), "\\xe2\\x82");
}

TEST(Text, cuts_between_characters) {
  EXPECT_EQ(beginning("abc", 3), "abc");
  EXPECT_EQ(beginning("abc", 2), "ab");
  EXPECT_EQ(beginning("a\xe2\x82\xac", 3), "a");
}

TEST(Text, shows_numbers_for_people) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1'000), "1,000");
  EXPECT_EQ(grouped(1'234'567), "1,234,567");
  EXPECT_EQ(size_text(1'023), "1023 bytes");
  EXPECT_EQ(size_text(1'536), "1.5 KiB");
  EXPECT_EQ(size_text(std::uint64_t{64} << 20U), "64.0 MiB");
  const std::byte bytes[] = {std::byte{0x2a}, std::byte{0}, std::byte{0xf0}};
  EXPECT_EQ(hex(bytes), "2a00f0");
}

}  // namespace
}  // namespace sluice::tools
