#include "sluice/base/result.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace sluice {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return Error{ErrorCode::invalid_option, "odd"};
  return number / 2;
}

TEST(Result, holds_a_value_or_an_error) {
  EXPECT_TRUE(half(4));
  EXPECT_EQ(half(4).value(), 2);
  EXPECT_FALSE(half(3));
  EXPECT_EQ(half(3).error().message, "odd");
  EXPECT_EQ(half(3).value_or(7), 7);
  EXPECT_EQ(half(4).value_or(7), 2);
}

TEST(Result, asking_for_a_missing_value_throws_the_error) {
  try {
    (void)half(3).value();
    FAIL() << "no exception";
  } catch (const BadResult& bad) {
    EXPECT_EQ(bad.error().code, ErrorCode::invalid_option);
    EXPECT_STREQ(bad.what(), "invalid_option: odd");
  }
}

TEST(Result, carries_values_that_can_only_be_moved) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(5));
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 5);
}

TEST(Result, chains_stop_at_the_first_error) {
  EXPECT_EQ(half(8).and_then(half).and_then(half).value(), 1);
  EXPECT_FALSE(half(6).and_then(half));
  EXPECT_EQ(half(8).transform([](int n) { return std::to_string(n); }).value(), "4");
  EXPECT_EQ(half(7).transform([](int n) { return std::to_string(n); }).error().message, "odd");
}

TEST(Result, of_nothing_is_success_until_it_is_given_an_error) {
  const Result<void> fine;
  EXPECT_TRUE(fine);
  EXPECT_NO_THROW(fine.value());
  const Result<void> failed = Error{ErrorCode::closed, "gone"};
  EXPECT_FALSE(failed);
  EXPECT_THROW(failed.value(), BadResult);
}

}  // namespace
}  // namespace sluice
