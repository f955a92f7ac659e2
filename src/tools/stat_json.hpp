#pragma once

#include <string>

#include "tools/statistics.hpp"

namespace sluice::tools {

/// What `sluice stat --json` prints; its keys are listed in `sluice stat --help`.
[[nodiscard]] std::string stat_json(const detail::JournalView& view, const Statistics& found);

}  // namespace sluice::tools
