#include "sluice/base/error.hpp"

#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr auto kLastCode = static_cast<unsigned>(ErrorCode::durability_unknown);

TEST(ErrorCode, every_code_has_a_spelling_of_its_own) {
  std::set<std::string_view> spellings;
  for (unsigned code = 0; code <= kLastCode; ++code)
    spellings.insert(to_string(static_cast<ErrorCode>(code)));
  EXPECT_EQ(spellings.size(), kLastCode + 1);
  EXPECT_EQ(spellings.count("unknown_error"), 0U);
  EXPECT_EQ(to_string(ErrorCode::would_block), "would_block");
}

TEST(ErrorCode, a_number_that_is_no_code_still_has_a_spelling) {
  EXPECT_EQ(to_string(static_cast<ErrorCode>(kLastCode + 1)), "unknown_error");
}

TEST(Error, shows_its_code_and_its_message) {
  const Error error{ErrorCode::too_large, "a record of 70,000 bytes"};
  EXPECT_EQ(error.to_string(), "too_large: a record of 70,000 bytes");
  std::ostringstream out;
  out << error;
  EXPECT_EQ(out.str(), error.to_string());
}

TEST(Error, without_a_message_is_its_code_alone) {
  EXPECT_EQ((Error{ErrorCode::closed, ""}).to_string(), "closed");
}

}  // namespace
}  // namespace sluice
