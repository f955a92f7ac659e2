#include "sluice/base/hash.hpp"

#include <array>
#include <bit>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace sluice {
namespace {

std::string text_of(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text.push_back(static_cast<char>('a' + i % 23));
  return text;
}

TEST(Hash, never_changes) {
  // These decide which shard a topic belongs to, in files too: if one fails, the function is wrong, not the
  // test.
  EXPECT_EQ(mix64(0), 0U);
  EXPECT_EQ(mix64(1), 0x5692161d100b05e5U);
  EXPECT_EQ(hash_bytes(""), 0xc0551eea8377144bU);
  EXPECT_EQ(hash_bytes("a"), 0x5e7b7b96a7c6cc5bU);
  EXPECT_EQ(hash_bytes("abc"), 0x8ebdfa405a161269U);
  EXPECT_EQ(hash_bytes("orders"), 0x60206cb04d1858acU);
  EXPECT_EQ(hash_bytes("orders.new"), 0x7f6389ee18b5a379U);
  EXPECT_EQ(hash_bytes("md.trades.AAPL.1"), 0xfc69ee134b23e15bU);
  EXPECT_EQ(hash_bytes("md.trades.AAPL.12"), 0xd31056246ecd163aU);
  EXPECT_EQ(hash_bytes(text_of(100)), 0x3200f88940e008cbU);
}

TEST(Hash, is_the_same_at_compile_time_and_at_run_time) {
  constexpr std::array<std::uint64_t, 5> kCompiled{hash_bytes(""), hash_bytes("ab"), hash_bytes("\xff\x80 x"),
                                                   hash_bytes("md.trades"),
                                                   hash_bytes("a.name.longer.than.16")};
  const std::array<std::string, 5> texts{"", "ab", "\xff\x80 x", "md.trades", "a.name.longer.than.16"};
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(hash_bytes(texts[i]), kCompiled[i]) << texts[i];
}

TEST(Hash, does_not_depend_on_where_the_text_lies) {
  for (std::size_t size = 0; size < 70; ++size) {
    const std::string text = text_of(size);
    const std::string shifted = "xyz" + text + "tail";
    EXPECT_EQ(hash_bytes(std::string_view(shifted).substr(3, size)), hash_bytes(text)) << size;
  }
}

TEST(Hash, every_byte_of_every_length_counts) {
  for (std::size_t size = 1; size < 70; ++size) {
    const std::string text = text_of(size);
    for (std::size_t at = 0; at < size; ++at) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      EXPECT_NE(hash_bytes(changed), hash_bytes(text)) << size << " bytes, byte " << at;
    }
  }
}

TEST(Hash, tells_texts_apart_that_differ_only_in_length) {
  std::set<std::uint64_t> hashes;
  for (std::size_t size = 0; size < 70; ++size) hashes.insert(hash_bytes(std::string(size, '\0')));
  for (std::size_t size = 1; size < 70; ++size) hashes.insert(hash_bytes(std::string(size, 'a')));
  EXPECT_EQ(hashes.size(), 139U);
}

TEST(Hash, a_flipped_input_bit_flips_about_half_the_output_bits) {
  constexpr int kSamples = 400;
  std::mt19937_64 random(20240601);
  for (const std::size_t size : {3U, 7U, 12U, 16U, 33U}) {
    std::array<int, 64> flips{};
    for (int sample = 0; sample < kSamples; ++sample) {
      std::string text(size, '\0');
      for (char& c : text) c = static_cast<char>(random());
      std::string changed = text;
      changed[random() % size] ^= static_cast<char>(1U << (random() % 8));
      const std::uint64_t difference = hash_bytes(text) ^ hash_bytes(changed);
      for (std::size_t bit = 0; bit < 64; ++bit) flips[bit] += static_cast<int>(difference >> bit & 1U);
    }
    // 400 fair coins: 200 heads, standard deviation 10; six of them on each side.
    for (const int count : flips) {
      EXPECT_GT(count, 140) << size;
      EXPECT_LT(count, 260) << size;
    }
  }
}

TEST(Hash, spreads_numbered_names_evenly_by_their_high_and_low_bits) {
  constexpr std::size_t kNames = 64'000;
  std::array<int, 64> by_low{};
  std::array<int, 64> by_high{};
  std::set<std::uint64_t> distinct;
  for (std::size_t i = 0; i < kNames; ++i) {
    const std::uint64_t hash = hash_bytes("md.trades." + std::to_string(i));
    ++by_low[hash % 64];
    ++by_high[hash >> 58U];
    distinct.insert(hash);
  }
  EXPECT_EQ(distinct.size(), kNames);
  // 1000 expected in each, standard deviation 31.
  for (std::size_t bin = 0; bin < 64; ++bin) {
    EXPECT_NEAR(by_low[bin], 1000, 190);
    EXPECT_NEAR(by_high[bin], 1000, 190);
  }
}

}  // namespace
}  // namespace sluice
