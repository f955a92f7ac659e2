// What a failed sync was to write counts as written from then on, so a later sync that succeeds says nothing
// about it. A journal must not believe it, nor must its next run.
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

using Positions = std::vector<std::uint64_t>;
const Positions kAll(kShards, UINT64_MAX);

/// Syncs happen when a test asks for them; the parameter says which file's sync fails: the control log's, or
/// one of the two segments'.
struct FailedSync : OnFaultyDisk, testing::WithParamInterface<std::uint64_t> {
  [[nodiscard]] static JournalOptions options(const std::string& where, const std::string& rings) {
    JournalOptions options = small_journal(where + "/journal", rings);
    options.sync_every.reset();
    options.most_unsynced_age.reset();
    return options;
  }
  [[nodiscard]] std::shared_ptr<detail::JournalImpl> journal() {
    return std::make_shared<detail::JournalImpl>(options(root, rings), files);
  }
  using OnFaultyDisk::publish;
  /// Publishes some events, and waits until all of them are in files.
  void publish(Bus& bus, const Journal& journal) {
    Narrator narrator(bus);
    for (int i = 0; i < 40; ++i) ASSERT_TRUE(publish(narrator));
    wait_until_journaled(bus, journal);
  }
  static Result<void> sync(Journal& journal) {
    for (std::uint32_t shard = 0; shard < kShards; ++shard) {
      auto synced = journal.sync(shard, journal.journaled_position(shard), std::chrono::seconds(60));
      if (!synced) return synced;
    }
    return {};
  }
  /// Events that are durable, and events whose sync fails.
  void publish_and_fail(Bus& bus, Journal& journal) {
    publish(bus, journal);
    ASSERT_TRUE(sync(journal));
    publish(bus, journal);
    files.fail({.calls = Call::sync, .nth = GetParam(), .error_number = EIO});
    ASSERT_FALSE(sync(journal));
    ASSERT_EQ(files.failed(), 1U);
  }
  /// What the power leaves of the journal as it is now.
  [[nodiscard]] Log after_a_loss_of_power(std::uint64_t seed) {
    const std::string image = directory.file("image" + std::to_string(seed));
    files.disk().make_image(seed, image);
    detail::JournalImpl left(options(image, ""), detail::posix_file_system());
    const auto started = left.start({.shards = std::vector<ShardRequest>(kShards, {.capacity_bytes = 4096})});
    EXPECT_TRUE(started) << started.error();
    return started ? read_all(left).value() : Log(kShards);
  }
};

TEST_P(FailedSync, is_told_and_nothing_more_becomes_durable_in_that_run) {
  const auto kept = journal();
  Bus bus = Bus::open(small_bus(kept)).value();
  ASSERT_NO_FATAL_FAILURE(publish_and_fail(bus, *kept));
  const Positions durable = durable_positions(*kept);
  publish(bus, *kept);
  ASSERT_TRUE(kept->trouble());
  EXPECT_EQ(kept->trouble()->code, ErrorCode::disk_failed);
  EXPECT_NE(kept->trouble()->message.find("close the bus and open it again"), std::string::npos);
  const auto synced = sync(*kept);
  ASSERT_FALSE(synced) << "and it does not wait";
  EXPECT_EQ(synced.error().code, ErrorCode::durability_unknown);
  EXPECT_EQ(durable_positions(*kept), durable);
  EXPECT_EQ(read_all(*kept).value(), log) << "journaling goes on";
}

TEST_P(FailedSync, makes_the_next_run_write_anew_what_was_not_durable) {
  {
    const auto kept = journal();
    Bus bus = Bus::open(small_bus(kept)).value();
    ASSERT_NO_FATAL_FAILURE(publish_and_fail(bus, *kept));
  }
  const auto kept = journal();
  Bus bus = Bus::open(small_bus(kept)).value();
  EXPECT_FALSE(kept->recovery().was_closed);
  EXPECT_GT(kept->recovery().shards[0].written_anew_bytes, 0U);
  EXPECT_EQ(read_all(*kept).value(), log);
  EXPECT_FALSE(kept->trouble());
  // It says that all of this is durable. So it is.
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    ASSERT_EQ(fault_of(after_a_loss_of_power(seed), log, kAll), "") << "image " << seed;
  }
  publish(bus, *kept);
  EXPECT_TRUE(sync(*kept)) << "and syncing goes on";
}

TEST_P(FailedSync, costs_only_what_was_not_durable_when_the_system_drops_what_it_could_not_write) {
  Positions durable;
  {
    const auto kept = journal();
    Bus bus = Bus::open(small_bus(kept)).value();
    ASSERT_NO_FATAL_FAILURE(publish_and_fail(bus, *kept));
    durable = durable_positions(*kept);
  }
  files.disk().evict_failed(GetParam());
  const auto kept = journal();
  Bus bus = Bus::open(small_bus(kept)).value();
  const Log left = read_all(*kept).value();
  EXPECT_EQ(fault_of(left, log, durable), "");
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    ASSERT_EQ(fault_of(after_a_loss_of_power(seed), log, durable_positions(*kept)), "") << "image " << seed;
  }
}

TEST_P(FailedSync, of_the_recovery_itself_is_not_believed_either) {
  {
    const auto kept = journal();
    Bus bus = Bus::open(small_bus(kept)).value();
    publish(bus, *kept);
    files.fail({.calls = kEveryCall, .error_number = EIO, .times = Fault::Times::from_then_on});
    bus.close(std::chrono::nanoseconds(0));
  }
  files.heal();
  // Perhaps it gets over it at once; perhaps it is opened again.
  files.fail({.calls = Call::sync, .nth = GetParam(), .error_number = EIO});
  if (auto bus = Bus::open(small_bus(journal())); !bus) {
    EXPECT_EQ(bus.error().code, ErrorCode::disk_failed);
  }
  files.heal();
  Bus bus = Bus::open(small_bus(journal())).value();
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    ASSERT_EQ(fault_of(after_a_loss_of_power(seed), log, kAll), "") << "image " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(OfEachFile, FailedSync, testing::Values(1U, 2U, 3U));

}  // namespace
}  // namespace sluice::test
