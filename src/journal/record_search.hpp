#pragma once

#include <cstdint>

#include "journal/segment.hpp"

namespace sluice::detail {

/// The first good record of a segment that begins at or above `from`, a multiple of 32, and ends at or below
/// `until`; `until` when there is none. A record's place is in its checksum, so what looks like one inside
/// of another's payload is none. Errors: those of reading.
[[nodiscard]] Result<std::uint64_t> find_record(const Segment& segment, std::uint64_t from,
                                                std::uint64_t until);

}  // namespace sluice::detail
