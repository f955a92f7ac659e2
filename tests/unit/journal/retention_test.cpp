#include "journal/retention.hpp"

#include <chrono>
#include <vector>

#include <gtest/gtest.h>

#include "journal/segment_format.hpp"

namespace sluice::detail {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kRoom = 16 * 1024;
constexpr std::uint64_t kFile = kRoom + kSegmentHeaderBytes;
constexpr std::int64_t kSecond = 1'000'000'000;

/// Full segments of a shard, sealed a second apart from `first_second` on, with ten events each; and one that
/// is being written.
std::vector<SegmentEntry> shard_of(std::uint32_t shard, std::size_t full, std::int64_t first_second = 1) {
  std::vector<SegmentEntry> segments;
  for (std::uint64_t i = 0; i < full; ++i) {
    segments.push_back({.shard = shard,
                        .begin = i * kRoom,
                        .bytes = kRoom,
                        .end = (i + 1) * kRoom,
                        .sealed_ns = (first_second + static_cast<std::int64_t>(i)) * kSecond,
                        .events = 10});
  }
  segments.push_back({.shard = shard, .begin = full * kRoom, .bytes = kRoom});
  return segments;
}

std::vector<SegmentEntry> joined(std::vector<SegmentEntry> segments, const std::vector<SegmentEntry>& more) {
  segments.insert(segments.end(), more.begin(), more.end());
  return segments;
}

/// Where the segments that are removed begin, by shard.
std::vector<std::pair<std::uint32_t, std::uint64_t>> removed(const RemovalPlan& plan) {
  std::vector<std::pair<std::uint32_t, std::uint64_t>> places;
  for (const SegmentEntry& segment : plan.segments) places.emplace_back(segment.shard, segment.begin / kRoom);
  return places;
}
using Places = std::vector<std::pair<std::uint32_t, std::uint64_t>>;

TEST(Retention, without_limits_keeps_everything) {
  const RemovalPlan plan = plan_removal({}, shard_of(0, 100), {}, 1'000'000 * kSecond, kFile);
  EXPECT_TRUE(plan.segments.empty());
  EXPECT_FALSE(plan.held);
  EXPECT_EQ(plan.bytes, 102 * kFile);
}

TEST(Retention, by_age_removes_what_was_full_so_long_ago_and_never_the_last) {
  const auto at = [](std::int64_t second) {
    return removed(plan_removal({.age = 10s}, shard_of(0, 3), {}, second * kSecond, 0));
  };
  EXPECT_EQ(at(10), Places{});
  EXPECT_EQ(at(11), (Places{{0, 0}}));
  EXPECT_EQ(at(12), (Places{{0, 0}, {0, 1}}));
  EXPECT_EQ(at(1'000'000), (Places{{0, 0}, {0, 1}, {0, 2}}));
}

TEST(Retention, by_age_removes_nothing_of_a_future_that_a_clock_set_back_left) {
  EXPECT_EQ(removed(plan_removal({.age = 1s}, shard_of(0, 3, 100), {}, 1, 0)), Places{});
  constexpr auto kEarliest = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(removed(plan_removal({.age = 1s}, shard_of(0, 3, 100), {}, kEarliest, 0)), Places{});
}

TEST(Retention, removes_what_is_too_old_behind_what_another_limit_removes) {
  std::vector<SegmentEntry> segments = shard_of(0, 2);
  segments[0].sealed_ns = 100 * kSecond;  // the clock was set back since
  EXPECT_EQ(removed(plan_removal({.age = 10s}, segments, {}, 20 * kSecond, 0)), Places{});
  EXPECT_EQ(removed(plan_removal({.age = 10s, .events = 10}, segments, {}, 20 * kSecond, 0)),
            (Places{{0, 0}, {0, 1}}));
}

TEST(Retention, of_a_closed_journal_keeps_each_shards_last_segment) {
  std::vector<SegmentEntry> segments = shard_of(0, 2);
  segments.pop_back();
  EXPECT_EQ(removed(plan_removal({.age = 1s}, segments, {}, 1'000'000 * kSecond, 0)), (Places{{0, 0}}));
}

TEST(Retention, by_bytes_counts_all_files_and_the_one_to_come) {
  const auto with = [](std::uint64_t files, std::uint64_t coming) {
    return removed(plan_removal({.bytes = files * kFile}, shard_of(0, 3), {}, 0, coming * kFile));
  };
  EXPECT_EQ(with(4, 0), Places{});
  EXPECT_EQ(with(4, 1), (Places{{0, 0}}));
  EXPECT_EQ(with(2, 0), (Places{{0, 0}, {0, 1}}));
  EXPECT_EQ(with(2, 1), (Places{{0, 0}, {0, 1}, {0, 2}}));
}

TEST(Retention, by_bytes_takes_what_was_sealed_first_from_whatever_shard) {
  const auto segments = joined(shard_of(0, 2, 10), shard_of(3, 3, 9));  // 10, 11 and 9, 10, 11
  const auto with = [&](std::uint64_t files) {
    return removed(plan_removal({.bytes = files * kFile}, segments, {}, 0, 0));
  };
  EXPECT_EQ(with(6), (Places{{3, 0}}));
  EXPECT_EQ(with(5), (Places{{0, 0}, {3, 0}}));
  EXPECT_EQ(with(4), (Places{{0, 0}, {3, 0}, {3, 1}}));
}

TEST(Retention, that_can_t_come_below_its_bytes_names_nobody_if_nobody_holds) {
  const RemovalPlan plan = plan_removal({.bytes = kFile}, shard_of(0, 2), {}, 0, kFile);
  EXPECT_EQ(plan.bytes, 2 * kFile);
  EXPECT_FALSE(plan.held);
}

TEST(Retention, by_events_keeps_at_least_so_many_of_the_full_segments) {
  const auto with = [](std::uint64_t events) {
    return removed(plan_removal({.events = events}, shard_of(0, 3), {}, 0, 0));
  };
  EXPECT_EQ(with(31), Places{});
  EXPECT_EQ(with(21), Places{});
  EXPECT_EQ(with(20), (Places{{0, 0}}));
  EXPECT_EQ(with(10), (Places{{0, 0}, {0, 1}}));
}

TEST(Retention, by_events_counts_a_segment_that_nobody_counted_as_none) {
  std::vector<SegmentEntry> segments = shard_of(0, 3);
  segments[2].events.reset();
  EXPECT_EQ(removed(plan_removal({.events = 10}, segments, {}, 0, 0)), (Places{{0, 0}}));
}

TEST(Retention, keeps_what_a_cursor_holds_and_names_it_where_space_is_the_limit) {
  const auto cursors = [](std::uint64_t position) {
    return Cursors{{{"slow", 0}, {position, CursorRetention::hold}},
                   {{"ahead", 0}, {3 * kRoom, CursorRetention::hold}},
                   {{"elsewhere", 1}, {0, CursorRetention::hold}},
                   {{"careless", 0}, {0, CursorRetention::gap}}};
  };
  const auto plan = [&](std::uint64_t position) {
    return plan_removal({.age = 1s, .bytes = 2 * kFile, .events = 1}, shard_of(0, 3), cursors(position),
                        1'000'000 * kSecond, 0);
  };
  const RemovalPlan held = plan(kRoom + 32);
  EXPECT_EQ(removed(held), (Places{{0, 0}}));
  ASSERT_TRUE(held.held);
  EXPECT_EQ(held.held->name, "slow");
  EXPECT_EQ(held.held->position, kRoom + 32);
  EXPECT_EQ(held.bytes, 3 * kFile);

  const RemovalPlan fits = plan(2 * kRoom);
  EXPECT_EQ(removed(fits), (Places{{0, 0}, {0, 1}})) << "a cursor at a segment's end needs it no more";
  EXPECT_FALSE(fits.held) << "it holds a segment, but not one too many";
}

}  // namespace
}  // namespace sluice::detail
