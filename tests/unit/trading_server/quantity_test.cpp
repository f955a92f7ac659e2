#include "trading_server/quantity.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace trading {
namespace {

using namespace std::chrono_literals;

TEST(Quantity, reads_counts) {
  EXPECT_EQ(parse_count("0"), 0U);
  EXPECT_EQ(parse_count("5_000'000"), 5'000'000U);
  EXPECT_EQ(parse_count("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  for (const std::string_view text :
       {"", "-1", "+1", "1.0", "_1", "1_", "1__0", " 1", "1k", "18446744073709551616"}) {
    EXPECT_FALSE(parse_count(text)) << text;
  }
}

TEST(Quantity, reads_durations) {
  EXPECT_EQ(parse_duration("0"), 0ns);
  EXPECT_EQ(parse_duration("250ns"), 250ns);
  EXPECT_EQ(parse_duration("20us"), 20us);
  EXPECT_EQ(parse_duration("1.5ms"), 1'500us);
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("10m"), 10min);
  EXPECT_EQ(parse_duration("8h"), 8h);
  for (const std::string_view text :
       {"", "30", "s", "-1s", "1.s", ".5s", "1.2.3s", "1 s", "1sec", "99999999h"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Quantity, reads_bytes) {
  EXPECT_EQ(parse_bytes("65536"), 65'536U);
  EXPECT_EQ(parse_bytes("64KiB"), 65'536U);
  EXPECT_EQ(parse_bytes("1MiB"), 1U << 20);
  EXPECT_EQ(parse_bytes("1GiB"), 1U << 30);
  for (const std::string_view text : {"", "MiB", "1MB", "1.5MiB", "-1", "18446744073709551615KiB"}) {
    EXPECT_FALSE(parse_bytes(text)) << text;
  }
}

TEST(Quantity, writes_counts_with_commas) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1'000), "1,000");
  EXPECT_EQ(format_count(123'456'789), "123,456,789");
}

TEST(Quantity, writes_three_digits_of_a_duration) {
  EXPECT_EQ(format_duration(0), "0 ns");
  EXPECT_EQ(format_duration(999), "999 ns");
  EXPECT_EQ(format_duration(1'000), "1.00 us");
  EXPECT_EQ(format_duration(12'340), "12.3 us");
  EXPECT_EQ(format_duration(999'499), "999 us");
  EXPECT_EQ(format_duration(999'500), "1.00 ms");
  EXPECT_EQ(format_duration(20'100'000), "20.1 ms");
  EXPECT_EQ(format_duration(3'500'000'000), "3.50 s");
  EXPECT_EQ(format_duration(99'900'000'000), "99.9 s");
}

TEST(Quantity, writes_long_durations_in_minutes_and_hours) {
  EXPECT_EQ(format_duration(100'000'000'000), "1 m 40 s");
  EXPECT_EQ(format_duration(3'599'999'999'999), "59 m 59 s");
  EXPECT_EQ(format_duration(28'800'000'000'000), "8 h 0 m");
}

TEST(Quantity, writes_bytes) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1'023), "1023 B");
  EXPECT_EQ(format_bytes(12'800), "12.5 KiB");
  EXPECT_EQ(format_bytes(1U << 20), "1.00 MiB");
  EXPECT_EQ(format_bytes(1U << 30), "1.00 GiB");
}

TEST(Quantity, writes_prices_in_dollars) {
  EXPECT_EQ(format_price(5'853'300), "585.3300");
  EXPECT_EQ(format_price(5), "0.0005");
  EXPECT_EQ(format_price(-10'001), "-1.0001");
}

}  // namespace
}  // namespace trading
