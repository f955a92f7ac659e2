#include "journal/retention.hpp"

#include <algorithm>
#include <span>

#include "journal/segment_format.hpp"

namespace sluice::detail {

namespace {

std::uint64_t file_bytes(const SegmentEntry& segment) noexcept {
  return kSegmentHeaderBytes + segment.bytes;
}

/// What a shard has, oldest first, and how much of it the plan removes.
struct ShardPlan {
  std::span<const SegmentEntry> segments;
  std::size_t removed = 0;
  std::optional<Holder> holder{};  ///< the cursor that is the furthest behind, of those that hold

  /// The oldest of what stays, unless it is the last.
  [[nodiscard]] const SegmentEntry* oldest() const noexcept {
    return removed + 1 < segments.size() ? &segments[removed] : nullptr;
  }
  [[nodiscard]] bool is_held(const SegmentEntry& segment) const noexcept {
    return holder && segment.end.value_or(~std::uint64_t{0}) > holder->position;
  }
  /// The oldest, unless it has to stay.
  [[nodiscard]] const SegmentEntry* candidate() const noexcept {
    const SegmentEntry* segment = oldest();
    return segment != nullptr && !is_held(*segment) ? segment : nullptr;
  }
};

std::vector<ShardPlan> by_shard(const std::vector<SegmentEntry>& segments, const Cursors& cursors) {
  std::vector<ShardPlan> shards;
  for (auto begin = segments.begin(); begin != segments.end();) {
    const auto end = std::find_if(begin, segments.end(),
                                  [&](const SegmentEntry& entry) { return entry.shard != begin->shard; });
    ShardPlan shard{.segments = {begin, end}};
    for (const auto& [reader, cursor] : cursors) {
      if (cursor.retention != CursorRetention::hold || reader.second != begin->shard) continue;
      if (shard.holder && shard.holder->position <= cursor.position) continue;
      shard.holder = Holder{reader.first, reader.second, cursor.position};
    }
    shards.push_back(std::move(shard));
    begin = end;
  }
  return shards;
}

/// The shard whose candidate was sealed first; null where no shard has one.
ShardPlan* next_to_remove(std::vector<ShardPlan>& shards) {
  ShardPlan* found = nullptr;
  for (ShardPlan& shard : shards) {
    const SegmentEntry* candidate = shard.candidate();
    if (candidate == nullptr) continue;
    if (found == nullptr || candidate->sealed_ns < found->candidate()->sealed_ns) found = &shard;
  }
  return found;
}

bool is_as_old(const SegmentEntry& segment, std::chrono::nanoseconds age, std::int64_t now_ns) noexcept {
  // In this order: a clock that was set back leaves segments from the future, and nothing overflows.
  return now_ns >= segment.sealed_ns && now_ns - segment.sealed_ns >= age.count();
}

}  // namespace

RemovalPlan plan_removal(const Retention& limits, const std::vector<SegmentEntry>& segments,
                         const Cursors& cursors, std::int64_t now_ns, std::uint64_t coming_bytes) {
  std::vector<ShardPlan> shards = by_shard(segments, cursors);
  RemovalPlan plan{.bytes = coming_bytes};
  std::uint64_t events = 0;
  for (const SegmentEntry& segment : segments) {
    plan.bytes += file_bytes(segment);
    events += segment.events.value_or(0);
  }
  const auto is_too_much = [&] { return limits.bytes && plan.bytes > *limits.bytes; };
  while (ShardPlan* shard = next_to_remove(shards)) {
    const SegmentEntry& oldest = *shard->candidate();
    const bool is_too_old = limits.age && is_as_old(oldest, *limits.age, now_ns);
    const bool has_enough_without = limits.events && events - oldest.events.value_or(0) >= *limits.events;
    if (!is_too_old && !is_too_much() && !has_enough_without) break;
    plan.bytes -= file_bytes(oldest);
    events -= oldest.events.value_or(0);
    ++shard->removed;
  }
  for (const ShardPlan& shard : shards) {
    const auto removed = shard.segments.first(shard.removed);
    plan.segments.insert(plan.segments.end(), removed.begin(), removed.end());
    if (is_too_much() && shard.oldest() != nullptr && !plan.held) plan.held = shard.holder;
  }
  return plan;
}

}  // namespace sluice::detail
