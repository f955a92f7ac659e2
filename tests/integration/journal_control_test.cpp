// The control log makes way for a new one when most of what it says is no longer true, whatever fails
// meanwhile.
#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "effort.hpp"
#include "journal/journal_view.hpp"
#include "journal_story.hpp"
#include "unit/journal/faulty_file_system.hpp"
#include "unit/journal/temporary_directory.hpp"

namespace sluice::test {
namespace {

namespace fs = std::filesystem;

/// Of a control log that makes way: 1 MiB.
constexpr std::uintmax_t kLarge = 1 << 20;

struct JournalControl : testing::Test {
  TemporaryDirectory directory{TemporaryDirectory::fast_parent()};
  std::string rings = made(directory.file("rings"));

  [[nodiscard]] JournalOptions options(const std::string& root) const {
    JournalOptions options = small_journal(root + "/journal", rings);
    options.sync_every.reset();
    options.most_unsynced_age.reset();
    return options;
  }
  /// Of all control logs there are.
  [[nodiscard]] static std::uintmax_t control_bytes(const std::string& root) {
    std::uintmax_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(root + "/journal")) {
      if (entry.path().filename().string().starts_with("control-")) bytes += entry.file_size();
    }
    return bytes;
  }
  /// Stores a cursor until the log would not take another without making way.
  static std::uint64_t store_until_large(Journal& journal, const std::string& root) {
    std::uint64_t position = 0;
    for (std::uintmax_t bytes = 0; bytes < kLarge; bytes = control_bytes(root)) {
      // Far from the limit many at once, for looking takes longer than storing.
      for (int i = bytes + 10'000 < kLarge ? 100 : 1; i > 0; --i) {
        position += 32;
        journal.store_cursor("reader", 0, position, CursorRetention::gap).value();
      }
    }
    return position;
  }
};

TEST_F(JournalControl, stays_small_however_often_a_cursor_moves) {
  const std::string root = made(directory.file("root"));
  {
    const auto kept = journal(options(root));
    Bus bus = Bus::open(small_bus(kept)).value();
    ASSERT_TRUE(bus.publish("early", "1"));
    ASSERT_TRUE(kept->store_cursor("holder", 1, 0, CursorRetention::hold));
    for (std::uint64_t i = 1; i <= 100'000; ++i) {
      ASSERT_TRUE(kept->store_cursor("reader", 0, 0, CursorRetention::gap));
    }
    EXPECT_LE(control_bytes(root), kLarge + 100);
    ASSERT_TRUE(bus.publish("late", "2"));
  }
  const auto kept = journal(options(root));
  Bus bus = Bus::open(small_bus(kept)).value();
  EXPECT_EQ(kept->load_cursor("reader", 0).value(), 0U);
  EXPECT_EQ(kept->load_cursor("holder", 1).value(), 0U);
  EXPECT_EQ(bus.topic("early").value()->id(), 0U);
  EXPECT_EQ(bus.topic("late").value()->id(), 1U);
}

TEST_F(JournalControl, loses_nothing_when_a_call_fails_while_it_makes_way) {
  std::uint64_t renewals = 0;
  for (std::uint64_t nth = 1;; nth += Effort{1, 1, 4}.now()) {
    SCOPED_TRACE("call " + std::to_string(nth));
    const std::string root = made(directory.file("root" + std::to_string(nth)));
    FaultyFileSystem files(detail::posix_file_system(), root);
    std::uint64_t position = 0;
    bool has_failed = false;
    {
      const auto kept = std::make_shared<detail::JournalImpl>(options(root), files);
      Bus bus = Bus::open(small_bus(kept)).value();
      ASSERT_TRUE(bus.publish("early", "1"));
      wait_until_journaled(bus, *kept);
      position = store_until_large(*kept, root);
      files.fail({.calls = kEveryChange, .nth = nth, .error_number = EIO});
      std::uint64_t refused = 0;
      for (int i = 0; i < 20; ++i) {
        const auto stored = kept->store_cursor("reader", 0, position + 32, CursorRetention::gap);
        if (stored) position += 32;
        if (!stored) ++refused;
      }
      has_failed = files.failed() != 0;
      EXPECT_LE(refused, 1U) << "it recovers with the disk";
      files.heal();
      ASSERT_TRUE(bus.publish("late", "2"));
      wait_until_journaled(bus, *kept);
      // It dies here: nothing below is told to it.
      fs::copy(root, root + ".left", fs::copy_options::recursive);
    }
    renewals += control_bytes(root + ".left") < kLarge ? 1U : 0U;
    const auto view = detail::JournalView::open(detail::posix_file_system(), root + ".left/journal").value();
    EXPECT_FALSE(view->control_fault());
    EXPECT_EQ(view->control().state.cursors.at({"reader", 0}).position, position);
    JournalOptions left = options(root + ".left");
    left.ring_directory.clear();
    detail::JournalImpl again(left, detail::posix_file_system());
    const auto started =
        again.start({.shards = std::vector<ShardRequest>(kShards, {.capacity_bytes = 4096})});
    ASSERT_TRUE(started) << started.error();
    ASSERT_EQ(started->topics.size(), 2U);
    EXPECT_EQ(started->topics[1].name, "late");
    if (!has_failed) break;
  }
  EXPECT_GT(renewals, 2U);
}

}  // namespace
}  // namespace sluice::test
