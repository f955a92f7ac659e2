#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/bus/bus.hpp"

#include "conformance/persistence_maker.hpp"
#include "journal/journal_impl.hpp"

/// What tests of the journal have in common that compare what was published with what was kept.
namespace sluice::test {

using conformance::History;
using conformance::Seen;

/// A log: events in order, by shard.
using Log = std::vector<History>;
inline constexpr std::uint32_t kShards = 2;

/// Segments that are soon full, and a ring in a directory of the test's own.
inline JournalOptions small_journal(const std::string& directory, const std::string& rings) {
  JournalOptions options;
  options.directory = directory;
  options.ring_directory = rings;
  options.first_segment_bytes = options.most_segment_bytes = 16 * 1024;
  options.sync_every = std::chrono::milliseconds(1);
  options.most_unsynced_age = std::chrono::hours(1);  // a test of what a failed sync costs goes on behind it
  return options;
}

inline BusOptions small_bus(std::shared_ptr<Persistence> journal) {
  BusOptions options;
  options.persistence = std::move(journal);
  options.shards = kShards;
  options.capacity_bytes = 64 * 1024;
  return options;
}

/// How long a publish waits where it is to be turned away.
inline constexpr auto kSoon = std::chrono::milliseconds(50);

/// Makes a directory.
inline std::string made(const std::string& path) {
  std::filesystem::create_directories(path);
  return path;
}

inline void wait_until_journaled(const Bus& bus, const Journal& journal) {
  for (std::uint32_t shard = 0; shard < kShards; ++shard) {
    while (journal.journaled_position(shard) < bus.metrics().shards[shard].tail) std::this_thread::yield();
  }
}

/// Everything that a journal has; or the error that reading came to.
inline Result<Log> read_all(Journal& journal) {
  Log log(kShards);
  for (std::uint32_t shard = 0; shard < kShards; ++shard) {
    auto end = journal.read(shard, 0, [&](const EventView& event) {
      log[shard].emplace_back(event);
      return true;
    });
    if (!end) return std::move(end).error();
  }
  return log;
}

inline std::vector<std::uint64_t> durable_positions(const Journal& journal) {
  std::vector<std::uint64_t> positions;
  for (std::uint32_t shard = 0; shard < kShards; ++shard)
    positions.push_back(journal.durable_position(shard));
  return positions;
}

/// How many events of a history begin below a position.
inline std::size_t count_below(const History& history, std::uint64_t position) {
  std::size_t count = 0;
  while (count < history.size() && history[count].position < position) ++count;
  return count;
}

/// Empty if each shard of `kept` is a prefix of what was published, and has all that was durable; else what
/// is wrong.
inline std::string fault_of(const Log& kept, const Log& published,
                            const std::vector<std::uint64_t>& durable) {
  for (std::uint32_t shard = 0; shard < kShards; ++shard) {
    const std::string where = "shard " + std::to_string(shard) + ": ";
    if (kept[shard].size() > published[shard].size()) return where + "more events than were published";
    for (std::size_t i = 0; i < kept[shard].size(); ++i) {
      if (kept[shard][i] == published[shard][i]) continue;
      return where + "event " + std::to_string(i) + " is \"" + kept[shard][i].payload.substr(0, 20) +
             "\", published was \"" + published[shard][i].payload.substr(0, 20) + "\"";
    }
    const std::size_t least = count_below(published[shard], durable[shard]);
    if (kept[shard].size() >= least) continue;
    return where + std::to_string(kept[shard].size()) + " events, and " + std::to_string(least) +
           " were durable, up to position " + std::to_string(durable[shard]);
  }
  return "";
}

/// Which event an id names, in all that one test sees of a journal and its images.
class Names {
 public:
  /// Empty unless an id has named another event before.
  std::string add(const Log& log) {
    for (const History& history : log) {
      for (const Seen& seen : history) {
        const auto [at, is_new] = events_.emplace(seen.id, seen.topic + " " + seen.payload);
        if (!is_new && at->second != seen.topic + " " + seen.payload) {
          return seen.id.to_string() + " names \"" + at->second.substr(0, 30) + "\" and \"" + seen.topic +
                 " " + seen.payload.substr(0, 20) + "\"";
        }
      }
    }
    return "";
  }

 private:
  std::map<EventId, std::string> events_;
};

/// Publishes numbered events of different lengths to several topics, and notes what subscribers see.
class Narrator {
 public:
  explicit Narrator(Bus& bus) : bus_(&bus), firehose_(bus.subscribe({}).value()) {}

  /// Topics are made as they come: `topics` of them in the end.
  Result<EventId> publish(std::uint64_t number, std::uint64_t topics, Log& log) {
    const std::string topic = "story.t" + std::to_string(number % topics);
    const std::string filler(static_cast<std::size_t>(number * 37 % 400),
                             static_cast<char>('a' + number % 26));
    auto id = bus_->publish(topic, std::to_string(number) + filler);
    (void)firehose_.poll([&](const EventView& event) { log[event.shard()].emplace_back(event); });
    return id;
  }

 private:
  Bus* bus_;
  Subscription firehose_;
};

}  // namespace sluice::test
