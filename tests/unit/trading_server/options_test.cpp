#include "trading_server/options.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace trading {
namespace {

using namespace std::chrono_literals;

sluice::Result<Options> parse(std::vector<const char*> arguments) {
  return parse_options(arguments);
}

void expect_refusal(std::vector<const char*> arguments, std::string_view begins, std::string_view contains) {
  const auto result = parse(std::move(arguments));
  ASSERT_FALSE(result.has_value()) << begins;
  EXPECT_EQ(result.error().code, sluice::ErrorCode::invalid_option);
  EXPECT_TRUE(result.error().message.starts_with(begins)) << result.error().message;
  EXPECT_NE(result.error().message.find(contains), std::string::npos) << result.error().message;
}

TEST(Options, without_arguments_are_a_short_run_of_the_generator) {
  const Options options = parse({}).value();
  EXPECT_EQ(options.input, "");
  EXPECT_EQ(options.events, 5'000'000U);
  EXPECT_EQ(options.rate, 0U);
  EXPECT_EQ(options.symbol, "AAPL");
  EXPECT_EQ(options.journal, "") << "nothing is kept";
  EXPECT_FALSE(options.json);
  EXPECT_FALSE(options.help);
}

TEST(Options, are_taken_with_a_space_or_an_equals_sign) {
  const Options options =
      parse({"--input", "flow.csv", "--repeat=5_000", "--json", "--symbol=MSFT", "--rate", "1000",
             "--risk-workers", "4", "--screen-delay=1.5ms", "--ring", "4MiB", "--journal", "kept"})
          .value();
  EXPECT_EQ(options.input, "flow.csv");
  EXPECT_EQ(options.repeat, 5'000U);
  EXPECT_EQ(options.symbol, "MSFT");
  EXPECT_EQ(options.rate, 1'000U);
  EXPECT_EQ(options.risk_workers, 4U);
  EXPECT_EQ(options.screen_delay, 1'500us);
  EXPECT_EQ(options.ring_bytes, 4U << 20);
  EXPECT_EQ(options.journal, "kept");
  EXPECT_TRUE(options.json);
}

TEST(Options, with_a_duration_and_no_amount_are_endless_until_then) {
  EXPECT_EQ(parse({"--duration", "30s"}).value().events, 0U);
  EXPECT_EQ(parse({"--duration", "30s"}).value().duration, 30s);
  EXPECT_EQ(parse({"--duration", "8h", "--input", "f"}).value().repeat, 0U);
  EXPECT_EQ(parse({"--duration", "8h", "--events", "7"}).value().events, 7U);
  EXPECT_EQ(parse({"--input", "f", "--repeat", "7", "--duration", "8h"}).value().repeat, 7U);
}

TEST(Options, name_an_option_that_is_not_there_and_one_that_is_like_it) {
  expect_refusal({"--repaet", "3"}, "there is no option --repaet", "did you mean --repeat?");
  expect_refusal({"--frobnicate=3"}, "there is no option --frobnicate;", "--help");
  expect_refusal({"-x"}, "there is no option -x;", "");
  expect_refusal({"flow.csv"}, "what to do with \"flow.csv\"?", "--input flow.csv");
  expect_refusal({"--a-very-long-name-that-no-option-has-because-nobody-would-type-it"},
                 "there is no option --a-very", "--help");
}

TEST(Options, say_what_a_value_should_have_been) {
  expect_refusal({"--events", "many"}, "--events is \"many\"; expected a whole number",
                 "1 to 1,000,000,000,000,000");
  expect_refusal({"--events", "0"}, "--events is \"0\"", "whole number");
  expect_refusal({"--events", "-5"}, "--events is \"-5\"", "whole number");
  expect_refusal({"--input", "f", "--repeat", "1.5"}, "--repeat is \"1.5\"", "whole number");
  expect_refusal({"--seed", "18446744073709551616"}, "--seed is ", "whole number");
  expect_refusal({"--duration", "30"}, "--duration is \"30\"; expected a time", "such as 30s");
  expect_refusal({"--duration", "0"}, "--duration is \"0\"", "1.00 ms");
  expect_refusal({"--screen-delay", "2s"}, "--screen-delay is \"2s\"", "1.00 s");
  expect_refusal({"--risk-workers", "33"}, "--risk-workers is \"33\"", "1 to 32");
  expect_refusal({"--rate", "0"}, "--rate is \"0\"", "1 to 100,000,000");
  expect_refusal({"--ring", "100000"}, "--ring is \"100000\"", "power of two");
  expect_refusal({"--ring", "32KiB"}, "--ring is \"32KiB\"", "64KiB");
  expect_refusal({"--symbol", "A.B"}, "--symbol is \"A.B\"", "no dot");
  expect_refusal({"--symbol", "*"}, "--symbol is \"*\"", "wildcard");
  expect_refusal({"--symbol", ""}, "--symbol is \"\"", "symbol");
  expect_refusal({"--input", ""}, "--input is \"\"", "file");
  expect_refusal({"--journal", ""}, "--journal is \"\"", "directory");
}

TEST(Options, ask_for_a_value_that_is_missing) {
  expect_refusal({"--input"}, "--input needs a value", "--input FILE");
  expect_refusal({"--input", "--json"}, "--input needs a value", "--input FILE");
  expect_refusal({"--json=yes"}, "--json takes no value", "\"=yes\"");
}

TEST(Options, refuse_combinations_without_a_meaning) {
  expect_refusal({"--repeat", "3"}, "--repeat says how often to go through a file", "--input FILE");
  expect_refusal({"--input", "f", "--events", "3"}, "--events is for generated order flow", "leave out one");
  expect_refusal({"--seed", "3", "--input", "f"}, "--seed is for generated order flow", "leave out one");
  expect_refusal({"--json", "--json"}, "--json is given twice", "once");
}

TEST(Options, that_ask_for_help_need_to_make_no_sense) {
  EXPECT_TRUE(parse({"--help"}).value().help);
  EXPECT_TRUE(parse({"-h"}).value().help);
  EXPECT_TRUE(parse({"--repeat", "3", "--help"}).value().help);
}

TEST(Usage, names_every_option_with_examples) {
  const std::string text = usage();
  for (const std::string_view name :
       {"--input FILE", "--repeat N", "--events N", "--seed N", "--symbol NAME", "--duration TIME",
        "--rate N", "--risk-workers N", "--screen-delay TIME", "--ring BYTES", "--journal DIR", "--json",
        "--help", "Examples:", "Exit status:"}) {
    EXPECT_NE(text.find(name), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace trading
