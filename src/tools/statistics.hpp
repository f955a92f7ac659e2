#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tools/finding.hpp"

namespace sluice::tools {

/// Events, and what they take.
struct Tally {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;                  ///< in the log: whole records
  std::uint64_t payload_bytes = 0;          ///< of that
  std::optional<std::int64_t> oldest_ns{};  ///< the lowest timestamp
  std::optional<std::int64_t> newest_ns{};  ///< the highest

  void add(const EventView& event);
  void add(const Tally& other);
};

struct ShardStatistics {
  Tally tally{};
  std::optional<std::uint64_t> newest{};  ///< position of the last event
  std::uint64_t end = 0;                  ///< behind the last record
};

/// What walking a whole journal comes to.
struct Statistics {
  Tally tally{};
  std::vector<ShardStatistics> shards{};
  std::vector<Tally> topics{};  ///< by id
  std::vector<Finding> findings{};
};

/// Reads every record of a view. Errors: those of reading, `newer_format`, and `corrupt` where no topic is
/// known because the control log is damaged.
[[nodiscard]] Result<Statistics> gather(const detail::JournalView& view);

/// How much there is to read at most.
[[nodiscard]] std::uint64_t bytes_to_read(const detail::JournalView& view) noexcept;

}  // namespace sluice::tools
