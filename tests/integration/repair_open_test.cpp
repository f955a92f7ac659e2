// What a repaired journal is to a bus: it opens, tells its gaps, goes on behind them, and a killed run's ring
// still brings in what was not journaled, and what was damaged of it.
#include <sys/wait.h>
#include <unistd.h>

#include "integration/damaged_journal.hpp"

namespace sluice::test {
namespace {

const detail::SalvageProgress kNoProgress = [](std::uint64_t) {};

/// Of ten bytes, so that each event of a killed run takes 64.
std::string text_of(int i) {
  return "event " + std::to_string(1000 + i);
}

class RepairOpen : public testing::Test {
 protected:
  [[nodiscard]] std::string directory() const { return directory_.file("journal"); }
  [[nodiscard]] JournalOptions options() const {
    JournalOptions options = damaged_options(directory());
    options.ring_directory = directory_.path();
    return options;
  }
  /// In a process that dies without closing, once all but the last three events are journaled.
  void run_and_die(int events, std::size_t capacity_bytes = 1 << 20) const {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto kept = journal(options());
      Bus bus = Bus::open({.persistence = kept, .capacity_bytes = capacity_bytes}).value();
      for (int i = 0; i < events; ++i) {
        if (!bus.publish("ring." + std::to_string(i % 3), text_of(i))) ::_exit(1);
        while (i == events - 4 && kept->journaled_position(0) < bus.metrics().shards[0].tail) {
          std::this_thread::yield();
        }
      }
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
  }
  /// Turns a bit of an event's record.
  void damage(std::uint64_t position) const {
    const auto manifest = detail::load_manifest(detail::posix_file_system(), directory()).value().value();
    for (const detail::SegmentEntry& entry : manifest.segments) {
      if (position < entry.begin || position >= entry.begin + entry.bytes) continue;
      std::fstream file(directory() + "/" + segment_name(entry),
                        std::ios::binary | std::ios::in | std::ios::out);
      const auto at = static_cast<std::streamoff>(detail::file_offset(entry, position) + 26);
      const char byte = static_cast<char>(file.seekg(at).get() ^ 1);
      file.seekp(at).put(byte);
    }
  }
  detail::SalvagePlan repair() const {
    auto plan = detail::plan_salvage(detail::posix_file_system(), directory(), kNoProgress).value();
    EXPECT_TRUE(plan.needs_repair());
    detail::carry_out(detail::posix_file_system(), plan, kNoProgress).value();
    return plan;
  }
  static std::vector<std::string> texts(Journal& journal, std::uint64_t from) {
    std::vector<std::string> texts;
    auto read = journal.read(0, from, [&](const EventView& event) {
      texts.emplace_back(event.text());
      return true;
    });
    EXPECT_TRUE(read) << read.error();
    return texts;
  }

  TemporaryDirectory directory_{TemporaryDirectory::fast_parent()};
};

TEST_F(RepairOpen, a_reader_is_told_of_the_gap_and_publishing_goes_on) {
  std::vector<std::uint64_t> positions;
  {
    Bus bus = Bus::open({.persistence = journal(options())}).value();
    Subscription firehose = bus.subscribe({}).value();
    for (int i = 0; i < 30; ++i) bus.publish("a", "event " + std::to_string(i)).value();
    firehose.poll([&](const EventView& event) { positions.push_back(event.position()); });
  }
  ASSERT_EQ(positions.size(), 30U);
  damage(positions[10]);
  damage(positions[29]);
  const auto plan = repair();
  EXPECT_EQ(plan.events, 28U);
  const auto kept = journal(options());
  {
    Bus bus = Bus::open({.persistence = kept}).value();
    const auto gap = kept->read(0, positions[10], [](const EventView&) { return true; });
    ASSERT_FALSE(gap);
    EXPECT_EQ(gap.error().code, ErrorCode::gap);
    EXPECT_NE(gap.error().message.find(std::to_string(positions[11])), std::string::npos) << gap.error();
    EXPECT_EQ(texts(*kept, 0).size(), 10U) << "up to the gap";
    EXPECT_EQ(texts(*kept, positions[11]).size(), 18U) << "behind it";
    Subscription firehose = bus.subscribe({}).value();
    bus.publish("b", "more").value();
    firehose.poll([&](const EventView& event) {
      EXPECT_GT(event.position(), positions[29]) << "no position is given away twice";
      positions.push_back(event.position());
    });
  }
  // And once more, over the end that was lost.
  Bus bus = Bus::open({.persistence = kept}).value();
  EXPECT_EQ(texts(*kept, positions.back()), std::vector<std::string>{"more"});
  EXPECT_EQ(kept->read(0, positions[29], [](const EventView&) { return true; }).error().code, ErrorCode::gap);
}

TEST_F(RepairOpen, the_last_runs_ring_brings_back_what_is_damaged_and_what_was_never_journaled) {
  run_and_die(200);
  const auto view = detail::plan_salvage(detail::posix_file_system(), directory(), kNoProgress).value();
  ASSERT_FALSE(view.needs_repair());
  damage(64 * 50);
  damage(64 * 120);
  const auto plan = repair();
  EXPECT_TRUE(plan.lost.empty());
  const auto kept = journal(options());
  Bus bus = Bus::open({.persistence = kept}).value();
  EXPECT_TRUE(kept->recovery().ring.empty()) << kept->recovery().ring;
  const auto all = texts(*kept, 0);
  ASSERT_EQ(all.size(), 200U);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)], text_of(i));
}

TEST_F(RepairOpen, a_lost_segment_comes_back_from_a_ring_that_has_all_of_it) {
  run_and_die(200);
  const auto manifest = detail::load_manifest(detail::posix_file_system(), directory()).value().value();
  std::filesystem::remove(directory() + "/" + segment_name(manifest.segments[0]));
  EXPECT_TRUE(repair().lost.empty());
  const auto kept = journal(options());
  Bus bus = Bus::open({.persistence = kept}).value();
  EXPECT_EQ(texts(*kept, 0).size(), 200U);
}

TEST_F(RepairOpen, a_lost_segment_leaves_a_gap_before_what_only_the_ring_has) {
  run_and_die(200, 4096);
  const auto manifest = detail::load_manifest(detail::posix_file_system(), directory()).value().value();
  std::filesystem::remove(directory() + "/" + segment_name(manifest.segments[0]));
  const auto plan = repair();
  ASSERT_EQ(plan.lost.size(), 1U);
  EXPECT_EQ(plan.lost[0].from, 0U);
  const auto kept = journal(options());
  Bus bus = Bus::open({.persistence = kept}).value();
  EXPECT_EQ(kept->read(0, 0, [](const EventView&) { return true; }).error().code, ErrorCode::gap);
  // Each event takes 64 bytes. How many were not journaled when the process died is chance.
  const auto rest = texts(*kept, plan.lost[0].to);
  ASSERT_EQ(rest.size(), 200 - plan.lost[0].to / 64);
  for (std::size_t i = 0; i < rest.size(); ++i) {
    EXPECT_EQ(rest[i], text_of(static_cast<int>(plan.lost[0].to / 64 + i)));
  }
}

TEST_F(RepairOpen, a_manifest_that_is_lost_is_made_anew_with_the_ring_that_is_there) {
  run_and_die(200);
  std::ofstream(directory() + "/MANIFEST", std::ios::binary | std::ios::in | std::ios::out)
      .seekp(20)
      .put('?');
  const auto plan = repair();
  EXPECT_TRUE(plan.ring != nullptr);
  const auto kept = journal(options());
  Bus bus = Bus::open({.persistence = kept}).value();
  EXPECT_EQ(texts(*kept, 0).size(), 200U);
}

}  // namespace
}  // namespace sluice::test
