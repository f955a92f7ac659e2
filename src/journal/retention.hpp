#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/journal/journal.hpp"

#include "journal/control_log.hpp"
#include "journal/manifest.hpp"

namespace sluice::detail {

/// The durable cursor that keeps a segment which a limit of space would have removed.
struct Holder {
  std::string name{};
  std::uint32_t shard = 0;
  std::uint64_t position = 0;
};

/// What the limits ask for.
struct RemovalPlan {
  std::vector<SegmentEntry> segments{};  ///< to be removed, of each shard the oldest first
  /// The segments that stay take more than the limit of space, and would not without this cursor.
  std::optional<Holder> held{};
  std::uint64_t bytes = 0;  ///< that the files of those that stay take
};

/// Which segments may go. The last one of a shard never does, whatever the limits say: it is being written,
/// or says where the shard goes on. What a cursor holds stays; and a shard loses its oldest segments only, so
/// that what it keeps has no hole.
///
/// `segments` are a manifest's; `coming_bytes` are those of the file that is about to be made. A segment
/// whose events nobody has counted stands for none of them, so that the limit of events keeps too much rather
/// than too little.
[[nodiscard]] RemovalPlan plan_removal(const Retention& limits, const std::vector<SegmentEntry>& segments,
                                       const Cursors& cursors, std::int64_t now_ns,
                                       std::uint64_t coming_bytes);

}  // namespace sluice::detail
