#include "tools/statistics.hpp"

#include <algorithm>

#include "tools/screen.hpp"

namespace sluice::tools {

void Tally::add(const EventView& event) {
  ++events;
  bytes += event.word().stride();
  payload_bytes += event.payload().size();
  const std::int64_t time = event.timestamp_ns();
  oldest_ns = std::min(oldest_ns.value_or(time), time);
  newest_ns = std::max(newest_ns.value_or(time), time);
}

void Tally::add(const Tally& other) {
  events += other.events;
  bytes += other.bytes;
  payload_bytes += other.payload_bytes;
  if (!other.oldest_ns) return;
  oldest_ns = std::min(oldest_ns.value_or(*other.oldest_ns), *other.oldest_ns);
  newest_ns = std::max(newest_ns.value_or(*other.newest_ns), *other.newest_ns);
}

std::uint64_t bytes_to_read(const detail::JournalView& view) noexcept {
  std::uint64_t bytes = 0;
  for (const detail::ShardView& shard : view.shards()) {
    for (const detail::SegmentEntry& entry : shard.segments) {
      const std::uint64_t stop = entry.end.value_or(entry.begin + entry.bytes);
      bytes += std::min(stop, std::max(entry.begin, shard.end.value_or(stop))) - entry.begin;
    }
  }
  return bytes;
}

Result<Statistics> gather(const detail::JournalView& view) {
  if (view.control_fault()) return *view.control_fault();
  Statistics all;
  all.topics.resize(view.topics().size());
  if (view.synced_fault()) all.findings.push_back(finding_of(*view.synced_fault(), view.path("SYNCED")));
  Progress progress("reading", bytes_to_read(view));
  for (std::uint32_t number = 0; number < view.shards().size(); ++number) {
    ShardStatistics& shard = all.shards.emplace_back();
    detail::ShardReader reader(view, number);
    for (;;) {
      auto item = reader.next();
      if (!item) return std::move(item).error();
      if (!*item) break;
      if (const auto* hole = std::get_if<detail::Hole>(&**item)) {
        all.findings.push_back(finding_of(*hole, number));
        continue;
      }
      const auto& [record, segment] = std::get<detail::FoundRecord>(**item);
      progress.add(record.word.stride());
      if (!record.word.is_data()) continue;
      const EventView event(segment->context, record.bytes, record.word, record.position);
      shard.tally.add(event);
      shard.newest = record.position;
      all.topics[event.topic_id()].add(event);
    }
    shard.end = reader.position();
    all.tally.add(shard.tally);
  }
  return all;
}

}  // namespace sluice::tools
