#include "../../../src/topic/name_index.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace sluice {
namespace {

/// An index whose entries are hashes by id, so that a test decides what collides.
class NameIndexTest : public ::testing::Test {
 protected:
  void add(std::uint64_t hash) {
    hashes_.push_back(hash);
    index_.reserve([this](std::uint32_t id) { return hashes_[id]; });
    index_.insert(hash, static_cast<std::uint32_t>(hashes_.size() - 1));
  }

  /// What is found under a hash if the names behind the ids are equal to nothing but `wanted`.
  std::optional<std::uint32_t> find(std::uint64_t hash, std::uint32_t wanted) const {
    return index_.find(hash, [wanted](std::uint32_t id) { return id == wanted; });
  }

  NameIndex index_;
  std::vector<std::uint64_t> hashes_;
};

TEST_F(NameIndexTest, finds_nothing_while_it_is_empty) {
  EXPECT_EQ(index_.find(0, [](std::uint32_t) { return true; }), std::nullopt);
  EXPECT_EQ(index_.find(~std::uint64_t{0}, [](std::uint32_t) { return true; }), std::nullopt);
}

TEST_F(NameIndexTest, tells_names_of_one_hash_apart_by_asking) {
  for (int i = 0; i < 5; ++i) add(0xABCD'0000'0000'0001);
  for (std::uint32_t id = 0; id < 5; ++id) EXPECT_EQ(find(0xABCD'0000'0000'0001, id), id);
  EXPECT_EQ(find(0xABCD'0000'0000'0001, 99), std::nullopt);
}

TEST_F(NameIndexTest, asks_only_about_names_whose_hash_agrees_in_its_upper_half) {
  add(0x0000'0001'0000'0007);
  add(0x0000'0002'0000'0007);
  std::vector<std::uint32_t> asked;
  (void)index_.find(0x0000'0002'0000'0007, [&](std::uint32_t id) {
    asked.push_back(id);
    return false;
  });
  EXPECT_EQ(asked, std::vector<std::uint32_t>{1});
}

TEST_F(NameIndexTest, walks_on_from_the_last_slot_to_the_first) {
  for (std::uint64_t i = 0; i < 10; ++i) add(i << 32U | 0xFFFF'FFFF);
  for (std::uint32_t id = 0; id < 10; ++id) EXPECT_EQ(find(hashes_[id], id), id);
}

TEST_F(NameIndexTest, keeps_every_entry_through_growth_even_if_all_collide) {
  for (std::uint64_t i = 0; i < 1'000; ++i) add(i << 32U);
  for (std::uint32_t id = 0; id < 1'000; ++id) ASSERT_EQ(find(hashes_[id], id), id);
  EXPECT_EQ(find(std::uint64_t{1'000} << 32U, 1'000), std::nullopt);
}

}  // namespace
}  // namespace sluice
