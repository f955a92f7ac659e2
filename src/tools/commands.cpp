#include "tools/commands.hpp"

#include <fmt/format.h>

namespace sluice::tools {

ExitCode complain(const Error& error) {
  fmt::print(stderr, "sluice: {}\n", error.message);
  return error.code == ErrorCode::corrupt ? kDamage : kCantRead;
}

const char* name_of(detail::JournalState state) noexcept {
  switch (state) {
    case detail::JournalState::closed:
      return "closed";
    case detail::JournalState::open:
      return "open";
    case detail::JournalState::not_closed:
      return "not_closed";
  }
  return "unknown";
}

std::string describe_state(const detail::JournalView& view) {
  switch (view.state()) {
    case detail::JournalState::closed:
      return "closed";
    case detail::JournalState::open: {
      if (view.holder()->pid == 0) return "open, by a process that can't be seen from here";
      const std::string command = detail::command_of(view.holder()->pid);
      return fmt::format("open, by process {}{}", view.holder()->pid,
                         command.empty() ? "" : " (" + command + ")");
    }
    case detail::JournalState::not_closed:
      return "not closed, and no process that can be seen from here has it open: the next opening recovers "
             "it";
  }
  return {};
}

}  // namespace sluice::tools
