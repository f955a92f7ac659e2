#pragma once

namespace sluice::tools {

/// The `sluice` command: reads its arguments, does what they say, and returns the exit status, an `ExitCode`.
[[nodiscard]] int run(int argc, const char* const* argv) noexcept;

}  // namespace sluice::tools
