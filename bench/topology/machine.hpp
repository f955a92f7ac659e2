#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::bench {

/// Where and from what the numbers come, for whoever wants to see them again.
struct Origin {
  std::string cpu;       ///< the processor's name; "unknown" where the system doesn't say
  std::string system;    ///< kernel and its version
  std::string compiler;  ///< that built this program
  std::string commit;    ///< of the sources, "-dirty" if they were changed since; "unknown" outside git
  std::string command;   ///< that repeats the run
};
/// `arguments` are this program's. A script that runs it gives its own command line as SLUICE_BENCH_COMMAND.
[[nodiscard]] Origin find_origin(const std::vector<std::string_view>& arguments);

}  // namespace sluice::bench
