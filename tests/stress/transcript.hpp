#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "stress/oracle.hpp"

namespace sluice::stress {

/// What a subscriber of one shard saw, event by event, to be held against the transcript of one that saw
/// everything.
class Transcript {
 public:
  struct Entry {
    std::uint64_t position = 0;
    std::uint64_t fingerprint = 0;
    std::uint32_t topic = 0;
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  void add(const EventView& event, const Stamp& stamp) {
    entries_.push_back({event.position(), Witness::fingerprint(event, stamp), stamp.topic});
  }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }

  /// How many of its events from the `first` to the `end`th are on a topic that `wants(topic)`.
  template <class Wants>
  [[nodiscard]] std::uint64_t wanted(std::size_t first, std::size_t end, Wants&& wants) const {
    std::uint64_t count = 0;
    for (std::size_t i = first; i < end; ++i) count += wants(entries_[i].topic) ? 1U : 0U;
    return count;
  }

  /// Tells the findings where this one saw something else than `all` did, or, unless gaps are allowed, missed
  /// a wanted event between its first and its last.
  template <class Wants>
  void compare(const Transcript& all, Gaps gaps, Wants&& wants, const std::string& name,
               Findings& findings) const {
    if (entries_.empty()) return;
    auto at = std::lower_bound(all.entries_.begin(), all.entries_.end(), entries_.front().position,
                               [](const Entry& entry, std::uint64_t p) { return entry.position < p; });
    for (const Entry& entry : entries_) {
      for (; at != all.entries_.end() && at->position < entry.position; ++at) {
        if (gaps == Gaps::none && wants(at->topic)) {
          findings.add(name, ": missed position ", at->position);
          return;
        }
      }
      if (at == all.entries_.end() || !(*at == entry) || !wants(entry.topic)) {
        findings.add(name, ": saw at position ", entry.position, " what is not there, or not wanted");
        return;
      }
      ++at;
    }
  }

 private:
  std::vector<Entry> entries_;
};

}  // namespace sluice::stress
