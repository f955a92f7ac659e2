#pragma once

#include <chrono>

namespace sluice::detail {

/// How long a thread sleeps before it looks for itself. Wake-ups don't depend on it: one that it had to
/// supply is counted as a rescue, and means a bug.
inline constexpr std::chrono::nanoseconds kBackstop = std::chrono::milliseconds(500);

}  // namespace sluice::detail
