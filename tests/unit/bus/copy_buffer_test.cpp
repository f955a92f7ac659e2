#include "sluice/bus/detail/copy_buffer.hpp"

#include <cstring>
#include <string>

#include <gtest/gtest.h>

namespace sluice::detail {
namespace {

/// Three records of a log that begins at position 0, 64 bytes apart.
class CopyBufferTest : public testing::Test {
 protected:
  CopyBufferTest() {
    for (std::size_t i = 0; i < sizeof log_; ++i) log_[i] = static_cast<std::byte>(i);
    buffer_.reserve(256, 8);
  }
  void copy() {
    buffer_.copy([this](std::uint64_t position, std::size_t) { return log_ + position; });
  }
  static log::CommitWord word(std::uint32_t length) {
    return log::CommitWord::committed(log::RecordKind::data, length);
  }

  std::byte log_[192];
  CopyBuffer buffer_;
};

TEST_F(CopyBufferTest, gives_back_whole_records_in_order_with_the_word_that_was_planned) {
  buffer_.plan(0, word(40));
  buffer_.plan(128, word(30));
  EXPECT_EQ(buffer_.planned_bytes(), 96U) << "each on its own 32 bytes";
  copy();
  ASSERT_EQ(buffer_.size(), 2U);
  EXPECT_EQ(buffer_.front().position, 0U);
  std::uint64_t bits;
  std::memcpy(&bits, buffer_.bytes(buffer_.front()), sizeof bits);
  EXPECT_EQ(bits, word(40).bits());
  EXPECT_EQ(std::memcmp(buffer_.bytes(buffer_.front()) + 8, log_ + 8, 32), 0);
  buffer_.pop();
  EXPECT_EQ(buffer_.front().position, 128U);
  EXPECT_EQ(std::memcmp(buffer_.bytes(buffer_.front()) + 8, log_ + 136, 22), 0);
  EXPECT_FALSE(buffer_.empty());
  buffer_.pop();
  EXPECT_TRUE(buffer_.empty());
}

TEST_F(CopyBufferTest, a_popped_records_bytes_stay_until_it_is_cleared) {
  buffer_.plan(0, word(40));
  copy();
  const std::byte* bytes = buffer_.bytes(buffer_.front());
  buffer_.pop();
  EXPECT_EQ(std::memcmp(bytes + 8, log_ + 8, 32), 0);
  buffer_.clear();
  EXPECT_EQ(buffer_.size(), 0U);
  EXPECT_EQ(buffer_.planned_bytes(), 0U);
}

TEST_F(CopyBufferTest, grows_and_never_shrinks) {
  EXPECT_EQ(buffer_.capacity_bytes(), 256U);
  buffer_.reserve(100, 8);
  EXPECT_EQ(buffer_.capacity_bytes(), 256U);
  buffer_.reserve(1'000, 8);
  EXPECT_EQ(buffer_.capacity_bytes(), 1'000U);
}

TEST_F(CopyBufferTest, marks_the_first_that_is_left_as_redelivered) {
  buffer_.mark_first_redelivered();  // of nothing
  buffer_.plan(0, word(40));
  buffer_.plan(64, word(40));
  buffer_.mark_first_redelivered();
  EXPECT_TRUE(buffer_.front().redelivered);
  buffer_.pop();
  EXPECT_FALSE(buffer_.front().redelivered);
}

}  // namespace
}  // namespace sluice::detail
