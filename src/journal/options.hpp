#pragma once

#include "sluice/base/result.hpp"
#include "sluice/journal/journal.hpp"

namespace sluice::detail {

/// `invalid_option`, naming the option, its value and its range, for what no journal can be kept by.
[[nodiscard]] Result<void> validate(const JournalOptions& options);

}  // namespace sluice::detail
