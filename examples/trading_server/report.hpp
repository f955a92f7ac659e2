#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "book.hpp"
#include "events.hpp"
#include "journal_report.hpp"

namespace trading {

/// From a histogram of samples, in nanoseconds.
struct Latency {
  std::uint64_t samples = 0;
  std::uint64_t p50 = 0;
  std::uint64_t p99 = 0;
  std::uint64_t p999 = 0;
  std::uint64_t max = 0;
};

struct SubscriberReport {
  std::string name;
  std::string policy;  ///< as the bus spells it: `block`, `drop_oldest`
  std::string group;   ///< empty: none
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
  /// How many matching events were published. A group's member has no number of its own: see `GroupReport`.
  std::optional<std::uint64_t> expected;
  std::uint64_t lag_bytes = 0;       ///< how far behind it is now
  std::uint64_t most_lag_bytes = 0;  ///< how far behind it was seen at worst
  Latency delivery;                  ///< from the event's timestamp to its handler
  bool ok = true;                    ///< nothing that was checked about it is off
};

struct GroupReport {
  std::string name;
  std::uint64_t members = 0;
  std::uint64_t received = 0;  ///< by all of them
  std::uint64_t expected = 0;
  bool ok = true;
};

/// What a run came to. All counts are of this run.
struct Report {
  std::string source;  ///< of the order flow, for a person
  std::string symbol;
  bool interrupted = false;  ///< by Ctrl-C: the last day may lack its end

  std::uint64_t published = 0;                  ///< events, day markers included
  std::array<std::uint64_t, kKinds> by_kind{};  ///< the same, by `Kind`
  std::uint64_t passes = 0;                     ///< whole days
  std::uint64_t rate = 0;                       ///< events per second asked for; 0: flat out
  double seconds = 0;        ///< from the first publish until all subscribers that gate had the last event
  double drain_seconds = 0;  ///< from then until the slow ones had it, too

  std::uint64_t sampled_every = 1;  ///< one of so many events is timed
  Latency publish;
  Latency delivery;  ///< of all subscribers that gate

  BookSummary pass;                  ///< the book at the end of the last whole day
  std::uint64_t unknown_orders = 0;  ///< over all days
  std::uint64_t crossed = 0;         ///< over all days
  std::uint64_t inconsistent = 0;    ///< over all days

  std::vector<SubscriberReport> subscribers;
  std::vector<GroupReport> groups;
  std::optional<JournalReport> journal;  ///< nothing: the run was not kept
  std::vector<std::string> problems;     ///< what did not reconcile, each in a sentence

  [[nodiscard]] bool reconciled() const { return problems.empty(); }
  [[nodiscard]] double events_per_second() const {
    return seconds > 0 ? static_cast<double>(published) / seconds : 0;
  }
};

/// For people: several lines.
[[nodiscard]] std::string to_table(const Report& report);

/// For machines: one object on one line. Prices are in 1/10,000 dollar and null where nobody bids or asks;
/// times are in nanoseconds where the name ends in `_ns`.
[[nodiscard]] std::string to_json(const Report& report);

}  // namespace trading
