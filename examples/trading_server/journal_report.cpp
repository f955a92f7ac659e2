#include "journal_report.hpp"

#include <cmath>

#include "quantity.hpp"

namespace trading {
namespace {

std::string seconds(double value) {
  return format_duration(static_cast<std::uint64_t>(std::llround(value * 1e9)));
}

std::string whole(double value) {
  return format_count(static_cast<std::uint64_t>(std::llround(value)));
}

std::string events(std::uint64_t count) {
  return format_count(count) + (count == 1 ? " event" : " events");
}

/// What is worth telling of a shard that was not closed.
std::string describe(const sluice::ShardRecovery& shard) {
  std::string text = events(shard.from_ring) + " came from its ring";
  if (shard.aborted_bytes > 0) text += ", " + format_bytes(shard.aborted_bytes) + " of open claims did not";
  if (shard.written_anew_bytes > 0) {
    text += ", " + format_bytes(shard.written_anew_bytes) + " were written anew, as a sync may have failed";
  }
  if (shard.cut_at) text += ", a torn record was cut off at position " + format_count(*shard.cut_at);
  if (shard.tail_unknown) {
    text += ", and what lay behind position " + format_count(*shard.tail_unknown) +
            " is lost, if there was anything";
  }
  return text;
}

}  // namespace

std::string describe(const sluice::JournalRecovery& found) {
  if (found.is_new) return "it is new";
  if (found.was_closed) return "the run before was closed in order";
  std::string text = "the run before was not closed: ";
  for (std::size_t shard = 0; shard < found.shards.size(); ++shard) {
    text += (shard == 0 ? "" : "; ") +
            (found.shards.size() == 1 ? "" : "on shard " + std::to_string(found.shards[shard].shard) + " ") +
            describe(found.shards[shard]);
  }
  if (!found.ring.empty()) text += " (" + found.ring + ")";
  return text;
}

std::string to_text(const JournalReport& report) {
  std::string text = "Journal " + report.directory + ": " + describe(report.found) + "\n";
  text += "  kept " + events(report.kept.total()) + " of this run in " + format_bytes(report.bytes);
  if (!report.earlier) text += ", behind earlier ones that can't all be read";
  if (report.earlier.value_or(0) > 0) text += ", behind " + events(*report.earlier) + " of earlier runs";
  text += "; " + format_bytes(report.directory_bytes) + " on the disk\n";
  text += "  closed in " + seconds(report.close_seconds) + ", open again in " + seconds(report.open_seconds) +
          ", read back in " + seconds(report.read_seconds) + ": " + whole(report.events_per_second()) +
          " events/s, " + format_bytes(static_cast<std::uint64_t>(report.bytes_per_second())) + "/s" +
          (report.ok ? "" : "; OFF") + "\n\n";
  return text;
}

}  // namespace trading
