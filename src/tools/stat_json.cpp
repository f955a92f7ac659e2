#include "tools/stat_json.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "tools/commands.hpp"
#include "tools/json.hpp"

namespace sluice::tools {

namespace {

using detail::JournalView;

std::string hex16(std::uint64_t number) {
  return fmt::format("{:016x}", number);
}

void add_tally(Json& json, const Tally& tally) {
  const auto time = [](const std::optional<std::int64_t>& ns) {
    return ns ? std::optional(iso_time(*ns)) : std::nullopt;
  };
  json.add("events", tally.events);
  json.add("bytes", tally.bytes);
  json.add("payload_bytes", tally.payload_bytes);
  json.add("oldest_time", time(tally.oldest_ns));
  json.add("newest_time", time(tally.newest_ns));
}

void add_head(Json& json, const JournalView& view) {
  const detail::Manifest& manifest = view.manifest();
  json.add("directory", view.directory());
  json.add("journal_id", manifest.journal.to_string());
  json.add("format_version", detail::kFormatVersion);
  json.add("manifest_generation", manifest.generation);
  json.add("epoch", hex16(manifest.epoch));
  json.add("state", name_of(view.state()));
  json.add("holder_pid", view.holder() ? std::optional(view.holder()->pid) : std::nullopt);
  const bool has_ring = !manifest.ring_file.empty();
  json.add("ring_file", has_ring ? std::optional(manifest.ring_file) : std::nullopt);
  const auto there = has_ring ? view.files().exists(manifest.ring_file) : Result<bool>(false);
  json.add("ring_file_exists", there && *there);
}

void add_shard(Json& json, std::uint32_t number, const detail::ShardView& shard, const ShardStatistics& found,
               const JournalView& view) {
  json.begin_object();
  json.add("shard", number);
  json.add("oldest_position", shard.oldest);
  json.add("newest_position", found.newest);
  json.add("end_position", found.end);
  json.add("durable_position", shard.durable);
  add_tally(json, found.tally);
  json.begin_array("segments");
  for (const detail::SegmentEntry& entry : shard.segments) {
    json.begin_object();
    json.add("file", view.path(segment_name(entry)));
    json.add("begin", entry.begin);
    json.add("end", entry.end);
    json.add("file_bytes", entry.bytes + detail::kSegmentHeaderBytes);
    json.add("epoch", hex16(entry.epoch));
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void add_cursors(Json& json, const JournalView& view, const Statistics& found) {
  json.begin_array("cursors");
  for (const auto& [reader, cursor] : view.control().state.cursors) {
    const auto& [name, shard] = reader;
    const std::uint64_t end = shard < found.shards.size() ? found.shards[shard].end : 0;
    json.begin_object();
    json.add("name", name);
    json.add("shard", shard);
    json.add("position", cursor.position);
    json.add("behind_bytes", end - std::min(end, cursor.position));
    json.add("retention", cursor.retention == CursorRetention::hold ? "hold" : "gap");
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::string stat_json(const JournalView& view, const Statistics& found) {
  Json json;
  json.begin_object();
  add_head(json, view);
  add_tally(json, found.tally);
  json.begin_array("shards");
  for (std::uint32_t number = 0; number < found.shards.size(); ++number) {
    add_shard(json, number, view.shards()[number], found.shards[number], view);
  }
  json.end_array();
  json.begin_array("topics");
  for (std::uint32_t id = 0; id < found.topics.size(); ++id) {
    const Topic& topic = view.topics().of_record(id);
    json.begin_object();
    json.add("topic", topic.name());
    json.add("id", id);
    json.add("shard", topic.shard());
    add_tally(json, found.topics[id]);
    json.end_object();
  }
  json.end_array();
  add_cursors(json, view, found);
  json.begin_array("tails_unknown");
  for (const detail::TailUnknown& tail : view.manifest().tails_unknown) {
    json.begin_object();
    json.add("shard", tail.shard);
    json.add("position", tail.position);
    json.add("epoch", hex16(tail.epoch));
    json.end_object();
  }
  json.end_array();
  json.begin_array("findings");
  for (const Finding& finding : found.findings) add(json, finding);
  json.end_array();
  json.end_object();
  return std::string(json.text());
}

}  // namespace sluice::tools
