// `sluice stat`: what a journal holds.
#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "tools/commands.hpp"
#include "tools/screen.hpp"
#include "tools/stat_json.hpp"
#include "tools/statistics.hpp"
#include "tools/text.hpp"

namespace sluice::tools {

namespace {

using detail::JournalView;
using detail::SegmentEntry;

std::string time_range(const Tally& tally) {
  if (!tally.oldest_ns) return "-";
  return iso_time(*tally.oldest_ns) + " to " + iso_time(*tally.newest_ns);
}

void print_head(const JournalView& view, const Statistics& found) {
  const detail::Manifest& manifest = view.manifest();
  fmt::print("{}\n", bold("journal " + manifest.journal.to_string()));
  fmt::print("  directory   {}\n", view.directory());
  fmt::print("  state       {}\n", describe_state(view));
  fmt::print("  format      {}, manifest {}, epoch {:016x}\n", detail::kFormatVersion, manifest.generation,
             manifest.epoch);
  if (!manifest.ring_file.empty()) {
    const auto there = view.files().exists(manifest.ring_file);
    fmt::print("  ring file   {}{}\n", manifest.ring_file,
               there && *there ? ""
               : view.state() == detail::JournalState::not_closed
                   ? " (gone, and with it what was not journaled)"
                   : " (not to be seen from here)");
  }
  fmt::print("  events      {}, {} in the log, {} of payload\n", grouped(found.tally.events),
             size_text(found.tally.bytes), size_text(found.tally.payload_bytes));
  fmt::print("  timestamps  {}\n", time_range(found.tally));
}

void print_shard(const JournalView& view, std::uint32_t number, const ShardStatistics& found) {
  const detail::ShardView& shard = view.shards()[number];
  fmt::print("\n{}\n", bold(fmt::format("shard {}", number)));
  fmt::print("  positions   {} to {}{}, durable to {}\n", shard.oldest, found.end,
             found.newest ? fmt::format(" (newest event at {})", *found.newest) : "", shard.durable);
  fmt::print("  events      {}, {}\n", grouped(found.tally.events), time_range(found.tally));
  for (const SegmentEntry& entry : shard.segments) {
    const bool is_open = view.state() == detail::JournalState::open;
    const std::string until = entry.end ? std::to_string(*entry.end) : is_open ? "(being written)" : "(open)";
    fmt::print("  segment     {}  {} to {}, file of {}\n", segment_name(entry), entry.begin, until,
               size_text(entry.bytes + detail::kSegmentHeaderBytes));
  }
}

void print_topics(const JournalView& view, const Statistics& found) {
  if (found.topics.empty()) return;
  fmt::print("\n{:>5}  {:>12}  {:>11}  {:>11}  topic\n", "shard", "events", "in the log", "payload");
  for (std::uint32_t id = 0; id < found.topics.size(); ++id) {
    const Topic& topic = view.topics().of_record(id);
    const Tally& tally = found.topics[id];
    fmt::print("{:>5}  {:>12}  {:>11}  {:>11}  {}\n", topic.shard(), grouped(tally.events),
               size_text(tally.bytes), size_text(tally.payload_bytes), topic.name());
  }
}

void print_rest(const JournalView& view, const Statistics& found) {
  const auto& cursors = view.control().state.cursors;
  if (!cursors.empty()) fmt::print("\n");
  for (const auto& [reader, cursor] : cursors) {
    const auto& [name, shard] = reader;
    const std::uint64_t end = shard < found.shards.size() ? found.shards[shard].end : 0;
    fmt::print("cursor {} of shard {} at {}, {} behind{}\n", quoted(name), shard, cursor.position,
               size_text(end - std::min(end, cursor.position)),
               cursor.retention == CursorRetention::hold ? ", holds them" : "");
  }
  for (const detail::TailUnknown& tail : view.manifest().tails_unknown) {
    fmt::print("{} shard {} from position {}: a run ended there without closing, and its ring was lost\n",
               yellow("tail unknown"), tail.shard, tail.position);
  }
  for (const Finding& finding : found.findings) {
    const bool is_damage = finding.severity == Finding::Severity::damage;
    fmt::print("{} {}\n", is_damage ? red("damage") : yellow("note"), to_text(finding));
  }
}

}  // namespace

ExitCode stat(const StatOptions& options) {
  const auto view = JournalView::open(detail::posix_file_system(), options.directory);
  if (!view) return complain(view.error());
  const auto found = gather(**view);
  if (!found) return complain(found.error());
  if (options.format == Format::json) {
    fmt::print("{}\n", stat_json(**view, *found));
  } else {
    print_head(**view, *found);
    for (std::uint32_t number = 0; number < found->shards.size(); ++number) {
      print_shard(**view, number, found->shards[number]);
    }
    print_topics(**view, *found);
    print_rest(**view, *found);
  }
  return has_damage(found->findings) ? kDamage : kFine;
}

}  // namespace sluice::tools
