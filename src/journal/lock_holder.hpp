#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::detail {

/// A process that opened a journal, as its LOCK file says.
struct LockHolder {
  int pid = 0;
  std::uint64_t start = 0;  ///< in clock ticks since boot: with it a process id names one process
  std::string boot{};       ///< of the machine on which it runs
};

/// This process, as it writes itself into a LOCK file.
[[nodiscard]] LockHolder this_process();

[[nodiscard]] std::string to_text(const LockHolder& holder);
/// Nothing for what is no such text.
[[nodiscard]] std::optional<LockHolder> parse_holder(std::string_view text);

/// Whether it runs on this boot of the machine and can be seen from here.
[[nodiscard]] bool is_here(const LockHolder& holder);
[[nodiscard]] bool is_of_this_boot(const LockHolder& holder);
/// The command of a process, without arguments; empty where it can't be read.
[[nodiscard]] std::string command_of(int pid);

/// Who holds the lock that `path` stands for, without taking it: a reader that took it, for however short a
/// time, would keep a writer out. Nothing when nobody does. Where the system does not tell (/proc/locks), the
/// file's text does: a process that runs is then taken to hold it.
[[nodiscard]] std::optional<LockHolder> find_lock_holder(const std::string& path);

}  // namespace sluice::detail
