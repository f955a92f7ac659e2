// How old an event may grow before the disk has it, and what becomes of publishing beyond that.
#include <cerrno>
#include <chrono>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include "faulty_disk.hpp"
#include "unit/bus/support.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// A journal that syncs every millisecond, on a disk whose syncs a test makes fail.
struct JournalUnsynced : OnFaultyDisk {
  std::shared_ptr<detail::JournalImpl> journal(WhenFull when_full) {
    JournalOptions options = small_journal(root + "/journal", rings);
    options.when_full = when_full;
    options.most_unsynced_age.reset();
    options.first_segment_bytes = options.most_segment_bytes =
        4 << 20;  // making another would need a sync, too
    return std::make_shared<detail::JournalImpl>(options, files);
  }
  void break_disk() {
    files.fail({.calls = Call::sync, .error_number = EIO, .times = Fault::Times::from_then_on});
  }
  void publish_some(const Bus& bus, const Journal& journal, Narrator& narrator) {
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(publish(narrator));
    wait_until_journaled(bus, journal);
  }
};

TEST_F(JournalUnsynced, has_no_age_once_all_is_durable) {
  const auto kept = journal(WhenFull::block);
  Bus bus = open(kept, kSoon);
  Narrator narrator(bus);
  EXPECT_EQ(kept->unsynced_age(), 0ns);
  publish_some(bus, *kept, narrator);
  await([&] { return kept->unsynced_age() == 0ns; });
  for (std::uint32_t shard = 0; shard < kShards; ++shard) {
    EXPECT_EQ(durable_positions(*kept)[shard], bus.metrics().shards[shard].tail);
  }
}

TEST_F(JournalUnsynced, holds_publishers_back_when_it_grows_too_old_and_loses_nothing) {
  {
    const auto kept = journal(WhenFull::block);
    Bus bus = open(kept, kSoon);
    Narrator narrator(bus);
    publish_some(bus, *kept, narrator);
    break_disk();
    auto published = publish(narrator);
    while (published) published = publish(narrator);
    EXPECT_EQ(published.error().code, ErrorCode::timed_out) << published.error();
    ASSERT_TRUE(kept->trouble());
    EXPECT_EQ(kept->trouble()->code, ErrorCode::disk_failed) << *kept->trouble();
    EXPECT_GT(kept->unsynced_age(), 2ms);
    files.heal();
  }
  const auto kept = journal(WhenFull::block);
  Bus bus = open(kept, kSoon);
  EXPECT_EQ(read_all(*kept).value(), log);
}

TEST_F(JournalUnsynced, goes_on_keeping_events_where_that_is_the_policy_and_says_so) {
  const auto kept = journal(WhenFull::go_on);
  Bus bus = open(kept, kSoon);
  Narrator narrator(bus);
  publish_some(bus, *kept, narrator);
  break_disk();
  ASSERT_TRUE(publish(narrator));
  await([&] { return kept->trouble().has_value(); });
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(publish(narrator));
  wait_until_journaled(bus, *kept);
  EXPECT_GT(kept->unsynced_age(), 2ms);
  EXPECT_EQ(read_all(*kept).value(), log) << "all of it is in files";
  files.heal();
}

TEST_F(JournalUnsynced, is_limited_to_what_syncs_can_keep) {
  const auto refusal = [&](std::optional<std::chrono::nanoseconds> sync_every,
                           std::chrono::nanoseconds limit) {
    JournalOptions options = small_journal(root + "/journal", rings);
    options.sync_every = sync_every;
    options.most_unsynced_age = limit;
    return Bus::open(small_bus(sluice::journal(options)));
  };
  expect_error(refusal(10ms, 9ms), ErrorCode::invalid_option, {"most_unsynced_age is 9000000 ns"});
  expect_error(refusal(10ms, 25h), ErrorCode::invalid_option, {"24 hours"});
  expect_error(refusal(std::nullopt, 1s), ErrorCode::invalid_option, {"give sync_every"});
}

}  // namespace
}  // namespace sluice::test
