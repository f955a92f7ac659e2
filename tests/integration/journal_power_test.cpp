// Journals that lose power at any moment: while they are opened, while they run and while they are closed.
// What was durable is there, the rest is a prefix of what was published, and opening asks nobody.
//
// About 100 images by default; 5,000 with SLUICE_TEST_FULL=1. SLUICE_TEST_SEED=n begins with another seed.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "effort.hpp"
#include "hooked_file_system.hpp"
#include "journal_story.hpp"
#include "unit/journal/faulty_file_system.hpp"
#include "unit/journal/temporary_directory.hpp"

namespace sluice::test {
namespace {

using Positions = std::vector<std::uint64_t>;

/// What a loss of power left, and what must be in it.
struct Image {
  std::string directory;
  Positions durable;
  std::size_t run = 0;
  bool is_of_opening = false;  ///< nothing was published in that run yet
};

/// One run of a journal.
struct Run {
  Log log;       ///< all that it had in the end
  Log at_first;  ///< what was there when it began
};

struct Counts {
  std::size_t images = 0;
  std::size_t events = 0;  ///< in them, durable or not
  std::size_t durable = 0;
  std::size_t cut = 0;  ///< images with a torn record
};

/// A journal's life: runs that end in order, by a crash or by a loss of power, and images of all of it.
class Life {
 public:
  explicit Life(std::uint64_t seed) : random_(seed) {
    root_ = directory_.file("root0");
    std::filesystem::create_directories(root_);
    std::filesystem::create_directories(rings());
    watch();
  }

  void live() {
    const std::size_t runs = 2 + random_() % 3;
    for (std::size_t i = 0; i < runs && !testing::Test::HasFailure(); ++i) run_once();
  }

  void look_at_images(Counts& counts) {
    forget_rings();
    for (const Image& image : images_) {
      SCOPED_TRACE("image " + image.directory + " of run " + std::to_string(image.run));
      if (image.run < runs_.size()) look_at(image, counts);
      if (testing::Test::HasFailure()) return;
    }
  }

 private:
  static constexpr std::size_t kMostImages = 8;

  [[nodiscard]] std::string rings() const { return directory_.file("rings"); }
  void forget_rings() {
    std::filesystem::remove_all(rings());
    std::filesystem::create_directories(rings());
  }
  void watch() {
    files_ = std::make_unique<FaultyFileSystem>(detail::posix_file_system(), root_);
    hooked_ = std::make_unique<HookedFileSystem>(*files_, [this] { at_a_call(); });
  }

  /// On any thread of the journal's.
  void at_a_call() {
    const std::lock_guard lock(mutex_);
    if (images_.size() >= kMostImages || hook_random_() % 40 != 0) return;
    Image image{.directory = directory_.file("image" + std::to_string(images_.size())),
                .durable = durable_now_(),
                .run = runs_.size(),
                .is_of_opening = is_opening_};
    files_->disk().make_image(hook_random_(), image.directory);
    images_.push_back(std::move(image));
  }
  void durable_is(std::function<Positions()> durable, bool is_opening) {
    const std::lock_guard lock(mutex_);
    is_opening_ = is_opening;
    durable_now_ = std::move(durable);
  }

  void run_once() {
    const Positions before = durable_now_();
    const auto journal =
        std::make_shared<detail::JournalImpl>(small_journal(root_ + "/journal", rings()), *hooked_);
    auto bus = Bus::open(small_bus(journal));
    ASSERT_TRUE(bus) << bus.error();
    durable_is([&journal] { return durable_positions(*journal); }, false);
    auto there = read_all(*journal);
    ASSERT_TRUE(there) << there.error();
    const Log earlier = runs_.empty() ? Log(kShards) : runs_.back().log;
    ASSERT_EQ(fault_of(*there, earlier, before), "");
    Run run{.log = *there, .at_first = *there};
    publish(*bus, *journal, run);
    ASSERT_EQ(names_.add(run.log), "");
    const auto end = random_() % 3;
    // A process that dies does nothing any more.
    if (end != 0) files_->fail({.error_number = EIO, .times = Fault::Times::from_then_on});
    bus->close(std::chrono::nanoseconds(0));
    bus = Error{ErrorCode::closed, ""};
    const Positions last = durable_positions(*journal);
    durable_is([last] { return last; }, true);
    {
      const std::lock_guard lock(mutex_);
      runs_.push_back(std::move(run));
    }
    files_->heal();
    if (end == 2) lose_power();
  }

  void lose_power() {
    const std::string next = directory_.file("root" + std::to_string(runs_.size()));
    files_->disk().make_image(random_(), next);
    root_ = next;
    forget_rings();
    watch();
  }

  void publish(Bus& bus, Journal& journal, Run& run) {
    Narrator narrator(bus);
    const std::size_t events = random_() % 120;
    for (std::size_t i = 0; i < events; ++i) {
      auto id = narrator.publish(number_, 1 + number_ / 8, run.log);
      ASSERT_TRUE(id) << id.error();
      ++number_;
      const auto shard = static_cast<std::uint32_t>(random_() % kShards);
      const std::uint64_t tail = bus.metrics().shards[shard].tail;
      if (random_() % 16 == 0) (void)journal.store_cursor("reader", shard, tail, CursorRetention::gap);
      if (random_() % 16 != 0) continue;
      const auto synced = journal.sync(shard, tail, std::chrono::seconds(10));
      ASSERT_TRUE(synced) << synced.error();
    }
  }

  void look_at(const Image& image, Counts& counts) {
    const Run& run = runs_[image.run];
    const JournalOptions options = small_journal(image.directory + "/journal", rings());
    Log log;
    {
      const auto journal = std::make_shared<detail::JournalImpl>(options, detail::posix_file_system());
      auto bus = Bus::open(small_bus(journal));
      ASSERT_TRUE(bus) << bus.error();
      auto kept = read_all(*journal);
      ASSERT_TRUE(kept) << kept.error();
      log = *std::move(kept);
      ASSERT_EQ(fault_of(log, run.log, image.durable), "");
      check_report(journal->recovery(), log, image);
      ASSERT_NO_FATAL_FAILURE(publish_behind(*bus, *journal, log));
      count(image, journal->recovery(), log, counts);
    }
    detail::JournalImpl again(options, detail::posix_file_system());
    const auto started =
        again.start({.shards = std::vector<ShardRequest>(kShards, {.capacity_bytes = 4096})});
    ASSERT_TRUE(started) << started.error();
    const auto kept = read_all(again);
    ASSERT_TRUE(kept) << kept.error();
    EXPECT_EQ(*kept, log) << "opened, closed and opened again";
  }

  /// What is missing was told.
  void check_report(const JournalRecovery& recovery, const Log& log, const Image& image) const {
    const Run& run = runs_[image.run];
    if (recovery.is_new) return;
    if (recovery.was_closed) {
      EXPECT_TRUE(log == run.log || log == run.at_first) << "it says that it was closed, and is shorter";
      return;
    }
    ASSERT_TRUE(recovery.shards.size() == kShards || image.is_of_opening);
    for (const ShardRecovery& shard : recovery.shards) {
      EXPECT_EQ(shard.tail_unknown, shard.position) << "shard " << shard.shard;
      EXPECT_EQ(shard.from_ring, 0U);
    }
  }

  /// Events that follow have ids of their own, and no reader is beyond them.
  void publish_behind(Bus& bus, Journal& journal, Log& log) {
    Log behind(kShards);
    Narrator narrator(bus);
    for (std::uint64_t i = 0; i < 12; ++i) {
      const auto id = narrator.publish(number_++, 9, behind);
      ASSERT_TRUE(id) << id.error();
    }
    ASSERT_EQ(names_.add(behind), "");
    for (std::uint32_t shard = 0; shard < kShards; ++shard) {
      const auto cursor = journal.load_cursor("reader", shard).value();
      if (cursor && !behind[shard].empty()) {
        EXPECT_LE(*cursor, behind[shard][0].position) << "shard " << shard;
      }
      log[shard].insert(log[shard].end(), behind[shard].begin(), behind[shard].end());
    }
  }

  void count(const Image& image, const JournalRecovery& recovery, const Log& log, Counts& counts) const {
    ++counts.images;
    const auto is_cut = [](const ShardRecovery& shard) { return shard.cut_at.has_value(); };
    if (std::any_of(recovery.shards.begin(), recovery.shards.end(), is_cut)) ++counts.cut;
    for (std::uint32_t shard = 0; shard < kShards; ++shard) {
      counts.events += log[shard].size();
      counts.durable += count_below(runs_[image.run].log[shard], image.durable[shard]);
    }
  }

  TemporaryDirectory directory_{TemporaryDirectory::fast_parent()};
  std::string root_;
  std::mt19937_64 random_;
  std::mt19937_64 hook_random_{random_()};
  std::unique_ptr<FaultyFileSystem> files_;
  std::unique_ptr<HookedFileSystem> hooked_;
  std::uint64_t number_ = 0;
  Names names_;

  std::mutex mutex_;  ///< for what the journal's threads use too
  std::function<Positions()> durable_now_ = [] { return Positions(kShards); };
  bool is_opening_ = true;
  std::vector<Run> runs_;
  std::vector<Image> images_;
};

TEST(JournalPower, lost_at_any_moment_costs_nothing_that_was_durable) {
  const std::size_t wanted = Effort{.full = 5'000, .sample = 100, .sanitized = 20}.now();
  const char* given = std::getenv("SLUICE_TEST_SEED");
  std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
  Counts counts;
  for (; counts.images < wanted; ++seed) {
    SCOPED_TRACE("SLUICE_TEST_SEED=" + std::to_string(seed));
    Life life(seed);
    life.live();
    if (!HasFailure()) life.look_at_images(counts);
    if (HasFailure()) break;
  }
  std::printf("%zu images: %zu durable events, all kept; %zu events in all; %zu images torn\n", counts.images,
              counts.durable, counts.events, counts.cut);
  EXPECT_GT(counts.durable, counts.images) << "it shows something";
  EXPECT_GT(counts.cut, 0U);
}

}  // namespace
}  // namespace sluice::test
