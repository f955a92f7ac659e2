#pragma once

#include "sluice/base/result.hpp"
#include "sluice/bus/options.hpp"

namespace sluice::detail {

/// Each answers `invalid_option`, naming field, value, range and what to do, or the error of the pattern in
/// it.
[[nodiscard]] Result<void> validate(const BusOptions& options);
[[nodiscard]] Result<void> validate(const SubscribeOptions& options);
[[nodiscard]] Result<void> validate(const PublisherOptions& options);
[[nodiscard]] Result<void> validate(const RunOptions& options);

}  // namespace sluice::detail
