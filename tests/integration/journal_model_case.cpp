// The commands of the journal's model test, but for publishing: journal_model_publish.cpp.
#include "integration/journal_model_case.hpp"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include <rapidcheck.h>

namespace sluice::test::model {

namespace fs = std::filesystem;

void fail(const std::string& what) {
  RC_FAIL(what);
  std::abort();  // not reached: it throws
}

std::uint64_t named_oldest(const Error& error) {
  require(error.code == ErrorCode::gap, error.to_string());
  const std::size_t place = error.message.find("begins at ");
  require(place != std::string::npos, "a gap that names no oldest position: " + error.to_string());
  return std::stoull(error.message.substr(place + 10));
}

Case::Case(Totals& totals, Graveyard& graveyard, const Setup& setup)
    : totals_(&totals), graveyard_(&graveyard), setup_(setup) {
  fs::create_directories(rings_);
  open();
  check();
}

void Case::open() {
  setup_.shards = std::max(setup_.shards, static_cast<std::uint32_t>(model_.shards.size()));
  model_.shards.resize(setup_.shards);
  run_ = std::make_unique<Run>(setup_, directory_, rings_, clock_);
  latest_ns_ = clock_->now_ns();
  checked_bytes_ = 0;
  for (std::uint32_t shard = 0; shard < setup_.shards; ++shard) checked_bytes_ += run_->tail(shard);
}

void Case::apply(const StepClock& step) {
  clock_->advance(step.by_ns);
}

void Case::apply(const Retain&) {
  settle();
  const bool was_held = run_->is_held();
  const Removed removed = value_of(run_->journal->retain());
  const Segments now = list();
  if (!was_held && !run_->is_held()) {
    const std::string kept = Limits(setup_.limits, model_, clock_->now_ns()).wrongly_kept(now);
    require(kept.empty(), "after retain: " + kept);
  }
  std::uint64_t gone = 0;
  for (const auto& before : segments_) {
    const auto is_it = [&](const auto& segment) { return segment_name(segment) == segment_name(before); };
    gone += std::none_of(now.begin(), now.end(), is_it) ? 1U : 0U;
  }
  require(was_held_ || removed.segments <= gone, "retain says " + std::to_string(removed.segments) +
                                                     " segments went, and " + std::to_string(gone) + " did");
  check_segments();
  latest_ns_ = clock_->now_ns();  // any other removal has ended
}

void Case::apply(const Read& read) {
  const std::uint32_t shard = shard_of(read.from.shard);
  const std::uint64_t from = position(read.from);
  const std::int64_t now_ns = clock_->now_ns();
  History seen;
  const auto end = run_->journal->read(shard, from, [&](const EventView& event) {
    if (seen.size() == read.most_events) return false;
    seen.emplace_back(event);
    return seen.size() != read.most_events;
  });
  if (!end) {
    const std::uint64_t oldest = named_oldest(end.error());
    require(from < oldest && end.error().message.find(std::to_string(from)) != std::string::npos,
            end.error().to_string());
    require(find_oldest(shard) >= oldest, "a gap that names what is no more than a wish");
    ++totals_->gaps;
    return;
  }
  require(from >= model_.shards[shard].oldest, at(shard, from) + " was read, and is no longer kept");
  // A read of no events has seen one all the same, and says where the one behind it begins.
  if (read.most_events == 0) return;
  require(
      seen == model_.visible(shard, from, std::max(*end, from), now_ns),
      "a read from " + at(shard, from) + " shows other events than there are up to " + std::to_string(*end));
  require(seen.size() <= read.most_events, "a read went on behind its visitor's end");
}

void Case::apply(const StoreCursor& store) {
  const std::uint32_t shard = shard_of(store.at.shard);
  const std::string name = "cursor" + std::to_string(store.name);
  const std::uint64_t place = position(store.at);
  value_of(run_->journal->store_cursor(name, shard, place, store.retention));
  const std::uint64_t oldest = find_oldest(shard);
  model_.cursors[{name, shard}] = {place, store.retention, std::max(place, oldest)};
}

void Case::apply(const RemoveCursor& remove) {
  const std::uint32_t shard = shard_of(remove.shard);
  const std::string name = "cursor" + std::to_string(remove.name);
  model_.cursors.erase({name, shard});
  value_of(run_->journal->remove_cursor(name, shard));
}

void Case::apply(const Reopen& reopen) {
  settle();
  check_segments();
  const Ended ended = end(reopen);
  segments_ = list();
  setup_ = reopen.setup;
  open();
  ++totals_->reopened;
  check_recovery(ended);
}

Case::Ended Case::end(const Reopen& reopen) {
  Ended ended{.had_ring = setup_.has_ring_file};
  if (reopen.ending == Reopen::Ending::killed) {
    kill(reopen);
    ++totals_->killed;
  } else {
    run_->firehose.reset();
    run_->bus->close(0ns);
    ended.was_closed = run_->is_journaled();
  }
  if (!ended.was_closed && !ended.had_ring) lose_what_no_file_has();
  for (std::uint32_t shard = 0; shard < setup_.shards; ++shard) {
    const std::uint64_t journaled = run_->journal->journaled_position(shard);
    ended.ends.push_back(ended.was_closed || !ended.had_ring ? journaled : run_->tail(shard));
    ended.in_ring.push_back(model_.count(shard, journaled, UINT64_MAX));
    totals_->from_ring += ended.in_ring.back();
  }
  if (!ended.was_closed) model_.clamp_cursors(ended.ends);
  if (reopen.ending == Reopen::Ending::killed) {
    fs::remove(directory_ + "/LOCK");  // as if it went with its process
    graveyard_->bury(std::move(run_));
  }
  run_.reset();
  return ended;
}

/// What opening found is what the last run left.
void Case::check_recovery(const Ended& ended) {
  const JournalRecovery& found = run_->journal->recovery();
  const bool is_tail_known = ended.was_closed || ended.had_ring;
  require(found.was_closed == ended.was_closed, "whether the last run was closed is told wrongly");
  require(found.ring.empty() == is_tail_known, "of the ring it says: " + found.ring);
  for (const ShardRecovery& shard : found.shards) {
    if (shard.shard >= ended.ends.size()) continue;
    const std::string where = at(shard.shard, shard.position) + ": ";
    require(shard.position == ended.ends[shard.shard],
            where + "the log ended at " + std::to_string(ended.ends[shard.shard]));
    require(shard.from_ring == ended.in_ring[shard.shard], where + std::to_string(shard.from_ring) +
                                                               " events from the ring instead of " +
                                                               std::to_string(ended.in_ring[shard.shard]));
    require(!shard.cut_at, where + "it was cut");
    require(shard.tail_unknown.has_value() != is_tail_known,
            where + "whether its tail is known is told wrongly");
    // Recovery may have begun segments, or split some, before the limits were first looked at.
    if (shard.from_ring != 0 || shard.written_anew_bytes != 0) is_comparable_ = false;
  }
}

/// From here on nothing that the run does reaches a file. What it still publishes is in its rings.
void Case::kill(const Reopen& reopen) {
  run_->files.die();
  const bool was_held = !run_->is_journaled();
  for (std::uint32_t i = 0; i < reopen.unjournaled && !model_.topics.empty(); ++i) {
    const auto topic =
        std::next(model_.topics.begin(), static_cast<std::ptrdiff_t>(number_ % model_.topics.size()));
    const std::string text = std::to_string(number_++) + " at last";
    const PublishOptions options{.deadline = 0ns};
    if (!run_->bus->publish(topic->first, text, options)) break;  // the ring is full
    take(1, topic->first, options, {text});
  }
  if (!was_held) return;
  // It may have got on a moment ago: how far is certain when its threads have ended.
  run_->firehose.reset();
  run_->bus->close(0ns);
}

void Case::lose_what_no_file_has() {
  for (std::uint32_t shard = 0; shard < setup_.shards; ++shard) {
    const std::uint64_t journaled = run_->journal->journaled_position(shard);
    totals_->lost += model_.count(shard, journaled, UINT64_MAX);
    model_.lose_from(shard, journaled);
  }
}

std::uint64_t Case::position(const Place& place) {
  const std::uint32_t shard = shard_of(place.shard);
  const auto begin = static_cast<std::int64_t>(model_.shards[shard].oldest);
  const auto end = static_cast<std::int64_t>(run_->tail(shard));
  const std::int64_t wanted = begin + (end - begin) * place.percent / 100;
  const auto& events = model_.shards[shard].events;
  const auto is_behind = [&](const Seen& event) {
    return static_cast<std::int64_t>(event.position) >= wanted;
  };
  const auto found = std::find_if(events.begin(), events.end(), is_behind);
  const auto exact = found != events.end() && place.percent >= 0
                         ? found->position
                         : static_cast<std::uint64_t>(std::max<std::int64_t>(wanted, 0)) / 32 * 32;
  return exact + place.off_by;
}

}  // namespace sluice::test::model
