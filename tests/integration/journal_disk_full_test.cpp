// A disk that is full, and what becomes of publishing: it waits for room, or goes on and leaves a gap that is
// told. Room that comes back is used.
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "faulty_disk.hpp"

namespace sluice::test {
namespace {

/// A journal on a disk that a test makes full.
struct FullDisk : OnFaultyDisk {
  std::shared_ptr<detail::JournalImpl> journal(WhenFull when_full) {
    JournalOptions options = small_journal(root + "/journal", rings);
    options.when_full = when_full;
    options.full_patience = std::chrono::milliseconds(1);
    return std::make_shared<detail::JournalImpl>(options, files);
  }
  void fill() {
    files.fail({.calls = Call::write | Call::allocate | Call::create,
                .error_number = ENOSPC,
                .times = Fault::Times::from_then_on});
  }
};

TEST_F(FullDisk, holds_publishers_back_once_the_ring_is_full_and_loses_nothing) {
  {
    const auto kept = journal(WhenFull::block);
    Bus bus = open(kept, kSoon);
    Narrator narrator(bus);
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(publish(narrator));
    fill();
    auto published = publish(narrator);
    while (published) published = publish(narrator);
    EXPECT_EQ(published.error().code, ErrorCode::timed_out) << published.error();
    ASSERT_TRUE(kept->trouble());
    EXPECT_EQ(kept->trouble()->code, ErrorCode::disk_full);
    EXPECT_NE(kept->trouble()->message.find("make room"), std::string::npos) << *kept->trouble();

    files.heal();
    for (int i = 0; i < 20; ++i) {
      while (!publish(narrator)) {
      }
    }
    wait_until_journaled(bus, *kept);
    while (kept->trouble()) std::this_thread::yield();
  }
  const auto kept = journal(WhenFull::block);
  Bus bus = open(kept);
  EXPECT_TRUE(kept->recovery().was_closed);
  EXPECT_EQ(read_all(*kept).value(), log);
}

TEST_F(FullDisk, keeps_what_was_published_for_the_next_run_if_it_stays_full) {
  {
    const auto kept = journal(WhenFull::block);
    Bus bus = open(kept, kSoon);
    Narrator narrator(bus);
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(publish(narrator));
    fill();
    while (publish(narrator)) {
    }
    bus.close(std::chrono::nanoseconds(0));
  }
  files.heal();
  const auto kept = journal(WhenFull::block);
  Bus bus = open(kept);
  EXPECT_FALSE(kept->recovery().was_closed);
  EXPECT_EQ(read_all(*kept).value(), log);
}

TEST_F(FullDisk, leaves_a_gap_that_is_told_if_publishing_is_to_go_on) {
  std::uint64_t gap_begins = 0;
  History before;
  for (int run = 0; run < 2; ++run) {
    const auto kept = journal(WhenFull::go_on);
    Bus bus = open(kept);
    if (run == 0) {
      Narrator narrator(bus);
      for (int i = 0; i < 50; ++i) ASSERT_TRUE(publish(narrator));
      wait_until_journaled(bus, *kept);
      before = log[0];
      gap_begins = kept->journaled_position(0);
      fill();
      // Many times what the ring holds.
      for (int i = 0; i < 3'000; ++i) {
        auto published = publish(narrator);
        ASSERT_TRUE(published) << published.error();
      }
      EXPECT_EQ(kept->journaled_position(0), gap_begins);
      EXPECT_EQ(kept->trouble()->code, ErrorCode::disk_full);
      files.heal();
      while (kept->trouble() || kept->journaled_position(0) < log[0].back().position) {
        ASSERT_TRUE(publish(narrator));
      }
      wait_until_journaled(bus, *kept);
    } else {
      EXPECT_TRUE(kept->recovery().was_closed);
    }
    History kept_events;
    const auto visit = [&](const EventView& event) {
      kept_events.emplace_back(event);
      return true;
    };
    EXPECT_EQ(kept->read(0, 0, visit).value(), gap_begins);
    EXPECT_EQ(kept_events, before);
    const auto gap = kept->read(0, gap_begins, visit);
    ASSERT_FALSE(gap);
    EXPECT_EQ(gap.error().code, ErrorCode::gap);
    const std::string names = "begins at ";
    const std::uint64_t gap_ends =
        std::stoull(gap.error().message.substr(gap.error().message.find(names) + names.size()));
    EXPECT_GT(gap_ends, gap_begins);
    const auto synced = kept->sync(0, gap_begins + log::kAlignment, std::chrono::seconds(60));
    ASSERT_FALSE(synced) << "what was let go is not called durable";
    EXPECT_EQ(synced.error().code, ErrorCode::gap);
    kept_events.clear();
    ASSERT_TRUE(kept->read(0, gap_ends, visit));
    const auto behind = static_cast<std::ptrdiff_t>(count_below(log[0], gap_ends));
    EXPECT_EQ(kept_events, History(log[0].begin() + behind, log[0].end()));
    EXPECT_FALSE(kept_events.empty());
  }
}

TEST_F(FullDisk, that_never_has_room_again_is_told_as_an_unknown_tail) {
  std::uint64_t gap_begins = 0;
  {
    const auto kept = journal(WhenFull::go_on);
    Bus bus = open(kept);
    Narrator narrator(bus);
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(publish(narrator));
    wait_until_journaled(bus, *kept);
    gap_begins = kept->journaled_position(0);
    fill();
    for (int i = 0; i < 3'000; ++i) ASSERT_TRUE(publish(narrator));
    bus.close(std::chrono::nanoseconds(0));
  }
  files.heal();
  const auto kept = journal(WhenFull::go_on);
  Bus bus = open(kept);
  EXPECT_FALSE(kept->recovery().was_closed);
  EXPECT_EQ(kept->recovery().shards[0].tail_unknown, gap_begins);
}

}  // namespace
}  // namespace sluice::test
