#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "crash/ledger.hpp"
#include "crash/victim.hpp"

namespace sluice::crash {

/// What a journal kept, beside what was published.
struct Findings {
  std::uint64_t acknowledged = 0;     ///< events whose publish had returned
  std::uint64_t lost = 0;             ///< of those, not kept
  std::uint64_t changed = 0;          ///< kept, but not as they were published, or out of their order
  std::uint64_t duplicated = 0;       ///< kept twice, or under another's id
  std::uint64_t from_rings = 0;       ///< brought in from a dead process's ring
  std::vector<std::string> failures;  ///< in words: what could not be opened or read
};

/// Opens the journal of a plan once more, reads everything in it, and closes it in order.
[[nodiscard]] Findings reconcile(const Plan& plan, const Ledger& ledger);

}  // namespace sluice::crash
