#include "trading_server/json.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace trading {
namespace {

std::string quoted(std::string_view text) {
  JsonWriter json;
  json.member("k", text);
  return json.finish();
}

TEST(Json, writes_members_of_every_kind_in_order) {
  JsonWriter json;
  json.member("count", std::numeric_limits<std::uint64_t>::max());
  json.member("price", std::optional<std::int64_t>(-5));
  json.member("none", std::optional<std::int64_t>());
  json.member("seconds", 1.5, 3);
  json.member("literal", "text");
  json.member("yes", true);
  json.member("no", false);
  EXPECT_EQ(
      json.finish(),
      R"({"count":18446744073709551615,"price":-5,"none":null,"seconds":1.500,"literal":"text","yes":true,)"
      R"("no":false})");
}

TEST(Json, nests_objects_and_arrays) {
  JsonWriter json;
  json.begin_array("empty");
  json.end_array();
  json.begin_array("texts");
  json.element("a");
  json.element("b");
  json.end_array();
  json.begin_array("objects");
  json.begin_object();
  json.member("a", std::uint64_t{1});
  json.end_object();
  json.begin_object();
  json.end_object();
  json.end_array();
  json.begin_object("inner");
  json.member("b", std::uint64_t{2});
  json.end_object();
  json.member("last", std::uint64_t{3});
  EXPECT_EQ(json.finish(),
            R"({"empty":[],"texts":["a","b"],"objects":[{"a":1},{}],"inner":{"b":2},"last":3})");
}

TEST(Json, escapes_what_may_not_stand_in_a_text) {
  EXPECT_EQ(quoted("say \"hi\" \\ bye"), R"({"k":"say \"hi\" \\ bye"})");
  EXPECT_EQ(quoted(std::string_view("a\n\t\x01\0b\x7f", 7)),
            "{\"k\":\"a\\u000a\\u0009\\u0001\\u0000b\\u007f\"}");
}

TEST(Json, keeps_utf8_and_replaces_what_is_none) {
  EXPECT_EQ(quoted("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"),
            "{\"k\":\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\"}");
  EXPECT_EQ(quoted("\xff x \xc3"), R"({"k":"\ufffd x \ufffd"})");
  EXPECT_EQ(quoted("\xe2\x82"), R"({"k":"\ufffd\ufffd"})");
}

TEST(Json, has_no_infinite_numbers) {
  JsonWriter json;
  json.member("a", std::numeric_limits<double>::infinity(), 2);
  json.member("b", std::numeric_limits<double>::quiet_NaN(), 2);
  EXPECT_EQ(json.finish(), R"({"a":null,"b":null})");
}

}  // namespace
}  // namespace trading
