// What holds of a journal and its model after each command.
#include <algorithm>
#include <filesystem>
#include <thread>

#include <rapidcheck.h>

#include "integration/journal_model_case.hpp"

namespace sluice::test::model {

namespace {

const detail::SegmentEntry* find(const Segments& segments, const detail::SegmentEntry& wanted) {
  for (const auto& segment : segments) {
    if (segment.salt == wanted.salt && segment.shard == wanted.shard) return &segment;
  }
  return nullptr;
}

}  // namespace

void Case::check() {
  settle();
  check_segments();
  for (std::uint32_t shard = 0; shard < setup_.shards; ++shard) check_history(shard);
  check_cursors();
  if (was_held_) ++totals_->held;
}

/// Everything published is in the files, or a cursor holds it up.
void Case::settle() {
  while (!run_->is_journaled() && !run_->is_held()) std::this_thread::yield();
}

Segments Case::list() const {
  return value_of(detail::load_manifest(detail::posix_file_system(), directory_))->segments;
}

void Case::check_segments() {
  const Segments now = list();
  const bool is_held = !run_->is_journaled();
  // A journal that was held up may have begun and removed several at once.
  if (is_comparable_ && !was_held_ && !is_held) check_removal(now);
  for (std::uint32_t shard = 0; shard < setup_.shards; ++shard) {
    const auto is_mine = [&](const auto& segment) { return segment.shard == shard; };
    const auto first = std::find_if(now.begin(), now.end(), is_mine);
    if (first == now.end()) continue;
    require(first->begin <= model_.most_oldest(shard), at(shard, first->begin) +
                                                           " is the oldest, and a cursor holds " +
                                                           std::to_string(model_.most_oldest(shard)));
  }
  segments_ = now;
  checked_ns_ = clock_->now_ns();
  latest_ns_ = std::max(latest_ns_, checked_ns_);
  was_held_ = is_held;
  is_comparable_ = true;
}

/// Only what had to go went, and what is made keeps within the limits.
void Case::check_removal(const Segments& now) {
  const auto oldest = [&](std::uint32_t shard) {
    const auto is_mine = [&](const auto& segment) { return segment.shard == shard; };
    const auto first = std::find_if(now.begin(), now.end(), is_mine);
    return first == now.end() ? UINT64_MAX : first->begin;
  };
  // The retaining thread may have looked before the clock was set back.
  const std::int64_t now_ns = std::max(clock_->now_ns(), latest_ns_);
  Segments removed;
  for (auto before : segments_) {
    if (const auto* still = find(now, before)) {
      check_entry(before, *still);
      continue;
    }
    if (before.begin >= oldest(before.shard)) continue;  // it was empty, and made way for another
    if (oldest(before.shard) == UINT64_MAX && model_.count(before.shard, before.begin, UINT64_MAX) == 0) {
      continue;
    }
    if (!before.end) before.sealed_ns = now_ns;
    removed.push_back(before);
  }
  totals_->removed += removed.size();
  const Limits limits(setup_.limits, model_, now_ns);
  const std::string needless = limits.needlessly_removed(removed, now);
  require(needless.empty(), needless + " was removed, and no limit says so");
  const auto is_new = [&](const auto& segment) { return find(segments_, segment) == nullptr; };
  if (!setup_.limits.bytes || std::none_of(now.begin(), now.end(), is_new)) return;
  // The one behind which a new one begins may stay as well: it was a last one when that was decided.
  require(Limits::bytes(now) <= *setup_.limits.bytes || Limits::beyond_last(now) <= 1,
          std::to_string(Limits::bytes(now)) + " bytes, and no more than " +
              std::to_string(*setup_.limits.bytes) + " are allowed");
}

void Case::check_entry(const detail::SegmentEntry& before, const detail::SegmentEntry& now) const {
  if (before.end) {
    require(now.sealed_ns == before.sealed_ns, segment_name(now) + " was sealed twice");
  } else if (now.end) {
    require(now.sealed_ns == clock_->now_ns() || now.sealed_ns == checked_ns_,
            segment_name(now) + " was sealed at another time");
  }
  if (!now.end || !now.events) return;
  const std::uint64_t events = model_.count(now.shard, now.begin, *now.end);
  require(*now.events == events, segment_name(now) + " has " + std::to_string(events) +
                                     " events, and the manifest says " + std::to_string(*now.events));
}

/// The oldest position that is kept, as a reader from the very beginning is told.
std::uint64_t Case::find_oldest(std::uint32_t shard) {
  const auto end = run_->journal->read(shard, 0, [](const EventView&) { return false; });
  return end ? 0 : named_oldest(end.error());
}

void Case::check_history(std::uint32_t shard) {
  ModelShard& model = model_.shards[shard];
  const std::int64_t now_ns = clock_->now_ns();
  for (;;) {
    const std::uint64_t oldest = find_oldest(shard);
    require(oldest >= model.oldest,
            at(shard, oldest) + ": what was gone is back, it began at " + std::to_string(model.oldest));
    require(oldest <= model_.most_oldest(shard), at(shard, oldest) + ": what a cursor holds is gone");
    const std::uint64_t journaled = run_->journal->journaled_position(shard);
    History seen;
    const auto end = run_->journal->read(shard, oldest, [&](const EventView& event) {
      seen.emplace_back(event);
      return true;
    });
    if (!end && named_oldest(end.error()) > oldest) continue;  // it went a moment ago
    const std::uint64_t next = value_of(end);
    require(next >= journaled && next <= run_->tail(shard), at(shard, next) + ": a read ends here");
    const History expected = model_.visible(shard, oldest, next, now_ns);
    if (seen != expected) {
      const auto differ = std::mismatch(seen.begin(), seen.end(), expected.begin(), expected.end());
      const auto name = [](const auto& found, const History& all) {
        return found == all.end()
                   ? std::string("the end")
                   : std::to_string(found->position) + " \"" + found->payload.substr(0, 20) + "\"";
      };
      fail(at(shard, oldest) + ": read " + std::to_string(seen.size()) + " events, published were " +
           std::to_string(expected.size()) + "; the first to differ: " + name(differ.first, seen) +
           " instead of " + name(differ.second, expected));
    }
    totals_->hidden += model_.count(shard, oldest, next) - seen.size();
    if (oldest != model.oldest) {
      const Segments now = list();
      const auto is_mine = [&](const auto& segment) { return segment.shard == shard; };
      const auto first = std::find_if(now.begin(), now.end(), is_mine);
      require(first == now.end() || first->begin == oldest || find_oldest(shard) > oldest,
              at(shard, oldest) + ": no segment begins there");
      std::erase_if(model.events, [&](const Seen& event) { return event.position < oldest; });
      model.oldest = oldest;
    }
    return;
  }
}

void Case::check_cursors() {
  for (std::uint32_t name = 0; name < 3; ++name) {
    for (std::uint32_t shard = 0; shard < setup_.shards; ++shard) {
      const std::string text = "cursor" + std::to_string(name);
      const auto kept = value_of(run_->journal->load_cursor(text, shard));
      const auto found = model_.cursors.find({text, shard});
      const std::string expected =
          found == model_.cursors.end() ? "no place" : std::to_string(found->second.position);
      const std::string stored = kept ? std::to_string(*kept) : "no place";
      require(stored == expected,
              text + " of shard " + std::to_string(shard) + " is at " + stored + " instead of " + expected);
    }
  }
}

}  // namespace sluice::test::model
