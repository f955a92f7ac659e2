#include "sluice/bus/type_identity.hpp"

#include <gtest/gtest.h>

namespace {

struct Trade {
  double price;
};
template <class A, class B>
struct Pair {
  A a;
  B b;
};

}  // namespace

namespace sluice {
namespace {

TEST(TypeName, is_what_the_compiler_calls_the_type_and_nothing_more) {
  EXPECT_EQ(type_name<int>(), "int");
  EXPECT_EQ(type_name<Trade>(), "{anonymous}::Trade");
}

TEST(TypeName, is_whole_for_a_type_whose_name_has_brackets_in_it) {
  EXPECT_NE(type_name<char[4]>(), type_name<char[8]>());
  EXPECT_EQ(type_name<char[4]>().back(), ']');
}

TEST(TypeHash, differs_where_only_what_follows_a_bracket_does) {
  EXPECT_NE((type_hash<Pair<char[4], int>>()), (type_hash<Pair<char[4], float>>()));
}

}  // namespace
}  // namespace sluice
