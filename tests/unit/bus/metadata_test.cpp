#include "bus/metadata.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/bus/event.hpp"

namespace sluice {
namespace {

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

std::vector<std::byte> encoded(const Pairs& pairs) {
  const detail::MetadataSize size = detail::measure(pairs);
  EXPECT_TRUE(size.valid);
  std::vector<std::byte> bytes(size.bytes);
  EXPECT_EQ(detail::encode(pairs, bytes.data()), bytes.data() + bytes.size());
  return bytes;
}

TEST(Metadata, reads_back_as_it_was_encoded) {
  const std::string binary("\0\xff.", 3);
  const Pairs pairs{{"a", "1"}, {"key", ""}, {binary, binary}};
  const std::vector<std::byte> bytes = encoded(pairs);
  const MetadataView view{bytes};
  EXPECT_EQ(Pairs(view.begin(), view.end()), pairs);
  EXPECT_EQ(view.find(binary), binary);
  EXPECT_EQ(view.find(""), std::nullopt);
}

TEST(Metadata, no_pairs_take_no_bytes) {
  EXPECT_EQ(detail::measure({}).bytes, 0U);
  EXPECT_TRUE(detail::measure({}).valid);
  EXPECT_TRUE(MetadataView().empty());
}

TEST(Metadata, its_iterator_steps_both_ways_of_writing_it) {
  const std::vector<std::byte> bytes = encoded({{"a", "1"}, {"b", "2"}});
  const MetadataView view{bytes};
  auto at = view.begin();
  EXPECT_EQ((*at++).first, "a");
  EXPECT_EQ((*at).first, "b");
  EXPECT_EQ(++at, view.end());
}

TEST(Metadata, counts_four_bytes_for_each_pair_towards_the_limit) {
  const std::string value(65'535 - 4 - 1, 'v');
  EXPECT_TRUE(detail::measure(Pairs{{"k", value}}).valid);
  EXPECT_EQ(detail::measure(Pairs{{"k", value}}).bytes, 65'535U);
  EXPECT_FALSE(detail::measure(Pairs{{"kk", value}}).valid);
  EXPECT_FALSE(detail::measure(Pairs{{"k", value}, {"l", ""}}).valid);
}

TEST(Metadata, empty_and_repeated_keys_are_not_encodable) {
  EXPECT_FALSE(detail::measure(Pairs{{"", "v"}}).valid);
  EXPECT_FALSE(detail::measure(Pairs{{"a", "1"}, {"b", "2"}, {"a", "1"}}).valid);
  EXPECT_TRUE(detail::measure(Pairs{{"a", "1"}, {"A", "1"}}).valid) << "case counts";
}

}  // namespace
}  // namespace sluice
