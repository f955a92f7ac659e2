#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sluice/journal/journal.hpp"

#include "conformance/persistence_maker.hpp"
#include "journal/manifest.hpp"

/// What the journal's model test holds a journal against: a list of events for each shard.
namespace sluice::test::model {

using conformance::History;
using conformance::Seen;
using Segments = std::vector<detail::SegmentEntry>;

struct ModelShard {
  History events;            ///< all that were published and not lost, in order
  std::uint64_t oldest = 0;  ///< below it nothing is kept, as far as is known
};

struct ModelCursor {
  std::uint64_t position = 0;
  CursorRetention retention = CursorRetention::gap;
  /// Where what it holds begins: its position, or what was the oldest when it was stored behind that.
  std::uint64_t holds_from = 0;
};

struct Model {
  std::vector<ModelShard> shards;
  std::map<std::pair<std::string, std::uint32_t>, ModelCursor> cursors;
  std::map<std::string, std::pair<std::uint32_t, std::uint32_t>> topics;  ///< their ids and shards
  std::set<EventId> ids;  ///< of all events ever, but for those that a caller gave

  /// What a read that began at `from` and ended at `next` has shown.
  [[nodiscard]] History visible(std::uint32_t shard, std::uint64_t from, std::uint64_t next,
                                std::int64_t now_ns) const {
    History visible;
    for (const Seen& event : shards[shard].events) {
      const bool is_over = event.expires_at_ns != 0 && event.expires_at_ns <= now_ns;
      if (event.position >= from && event.position < next && !is_over) visible.push_back(event);
    }
    return visible;
  }
  [[nodiscard]] std::uint64_t count(std::uint32_t shard, std::uint64_t begin, std::uint64_t end) const {
    const auto is_there = [&](const Seen& event) { return event.position >= begin && event.position < end; };
    const auto& events = shards[shard].events;
    return static_cast<std::uint64_t>(std::count_if(events.begin(), events.end(), is_there));
  }
  void lose_from(std::uint32_t shard, std::uint64_t position) {
    std::erase_if(shards[shard].events, [&](const Seen& event) { return event.position >= position; });
  }
  /// Moves every cursor back to the end of its log, as a run does that follows one that was not closed.
  void clamp_cursors(const std::vector<std::uint64_t>& ends) {
    for (auto& [reader, cursor] : cursors) {
      const std::uint64_t end = reader.second < ends.size() ? ends[reader.second] : 0;
      cursor.position = std::min(cursor.position, end);
      cursor.holds_from = std::max(cursor.position, shards[reader.second].oldest);
    }
  }
  /// The furthest that a shard's oldest position may be.
  [[nodiscard]] std::uint64_t most_oldest(std::uint32_t shard) const {
    std::uint64_t most = UINT64_MAX;
    for (const auto& [reader, cursor] : cursors) {
      if (reader.second != shard || cursor.retention != CursorRetention::hold) continue;
      most = std::min(most, cursor.holds_from);
    }
    return most;
  }
};

/// A journal's retention at one moment, and what its limits have to say to that.
class Limits {
 public:
  Limits(const Retention& limits, const Model& model, std::int64_t now_ns)
      : limits_(limits), model_(&model), now_ns_(now_ns) {}

  [[nodiscard]] static std::uint64_t bytes(const Segments& segments) {
    std::uint64_t bytes = 0;
    for (const auto& segment : segments) bytes += file_bytes(segment);
    return bytes;
  }
  /// How many shards have other segments than their last one.
  [[nodiscard]] static std::size_t beyond_last(const Segments& segments) {
    std::set<std::uint32_t> shards;
    for (const auto& segment : segments) shards.insert(segment.shard);
    return segments.size() - shards.size();
  }

  /// Empty if each of the removed segments had to go, of those that stay and the others that went none
  /// considered: put back the newest first, each must be one too many. Else the name of one that had not to.
  [[nodiscard]] std::string needlessly_removed(Segments removed, Segments kept) const {
    while (!removed.empty()) {
      const auto had_to_go = [&](const detail::SegmentEntry& segment) {
        const auto is_newer = [&](const detail::SegmentEntry& other) {
          return other.shard == segment.shard && other.begin > segment.begin;
        };
        if (std::any_of(removed.begin(), removed.end(), is_newer)) return false;
        return is_too_old(segment) || (limits_.bytes && bytes(kept) + file_bytes(segment) > *limits_.bytes) ||
               (limits_.events && counted(kept) >= *limits_.events);
      };
      const auto found = std::find_if(removed.begin(), removed.end(), had_to_go);
      if (found == removed.end()) return segment_name(removed.front());
      kept.push_back(*found);
      removed.erase(found);
    }
    return "";
  }

  /// Empty if nothing more can go; else which segment and why.
  [[nodiscard]] std::string wrongly_kept(const Segments& segments) const {
    Segments candidates;
    for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
      const bool is_oldest = i == 0 || segments[i - 1].shard != segments[i].shard;
      const bool is_last = segments[i + 1].shard != segments[i].shard;
      if (is_oldest && !is_last && !is_held(segments[i])) candidates.push_back(segments[i]);
    }
    if (candidates.empty()) return "";
    for (const auto& segment : candidates) {
      if (is_too_old(segment)) return segment_name(segment) + " is too old";
    }
    if (limits_.bytes && bytes(segments) > *limits_.bytes) return "too many bytes";
    const auto can_go = [&](const detail::SegmentEntry& segment) {
      return limits_.events && counted(segments) - counted({segment}) >= *limits_.events;
    };
    return std::all_of(candidates.begin(), candidates.end(), can_go) ? "too many events" : "";
  }

 private:
  static std::uint64_t file_bytes(const detail::SegmentEntry& segment) { return 4096 + segment.bytes; }
  [[nodiscard]] bool is_too_old(const detail::SegmentEntry& segment) const {
    if (!limits_.age || now_ns_ < segment.sealed_ns) return false;
    return now_ns_ - segment.sealed_ns >= limits_.age->count();
  }
  [[nodiscard]] bool is_held(const detail::SegmentEntry& segment) const {
    for (const auto& [reader, cursor] : model_->cursors) {
      if (reader.second != segment.shard || cursor.retention != CursorRetention::hold) continue;
      if (cursor.position < *segment.end) return true;
    }
    return false;
  }
  /// Of the segments that know how many they have; `check_entry` has counted them.
  [[nodiscard]] static std::uint64_t counted(const Segments& segments) {
    std::uint64_t events = 0;
    for (const auto& segment : segments) events += segment.events.value_or(0);
    return events;
  }

  Retention limits_;
  const Model* model_;
  std::int64_t now_ns_;
};

}  // namespace sluice::test::model
