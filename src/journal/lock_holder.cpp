#include "journal/lock_holder.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <iterator>

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "journal/boot_id.hpp"

namespace sluice::detail {

namespace {

std::string read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string text_of_process(int pid, std::string_view name) {
  return read_whole("/proc/" + std::to_string(pid) + "/" + std::string(name));
}

template <class Number>
std::optional<Number> number_at_front_of(std::string_view text) {
  Number number{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc()) return std::nullopt;
  return number;
}

/// When a process began, in clock ticks since boot; nothing when there is none, or no /proc to ask. With it a
/// process id names one process, however many had that id before.
std::optional<std::uint64_t> start_of(int pid) {
  // proc(5): the command, which may hold anything, stands in parentheses; the start is the 20th field behind.
  constexpr int kFieldsBetween = 19;
  const std::string facts = text_of_process(pid, "stat");
  std::size_t at = facts.rfind(')');
  for (int field = 0; at != std::string::npos && field <= kFieldsBetween; ++field)
    at = facts.find(' ', at + 1);
  if (at == std::string::npos) return std::nullopt;
  return number_at_front_of<std::uint64_t>(std::string_view(facts).substr(at + 1));
}

std::string_view this_boot() {
  const std::string_view id(boot_id().data(), boot_id().size());
  return id.front() == '\0' ? "unknown" : id;
}

std::string_view value_of(std::string_view text, std::string_view label) {
  const std::size_t at = text.find(label);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + label.size());
  return text.substr(0, text.find('\n'));
}

/// Whether the system lists a flock on this file; nothing where it lists none at all, since then it may not
/// tell.
std::optional<bool> is_listed(const struct stat& file, int pid) {
  std::ifstream locks("/proc/locks");
  // proc(5): "1: FLOCK  ADVISORY  WRITE 4242 fe:00:10952910 0 EOF"
  std::array<char, 48> device{};
  std::snprintf(device.data(), device.size(), " %02x:%02x:", major(file.st_dev), minor(file.st_dev));
  const std::string inode = ":" + std::to_string(file.st_ino) + " ";
  // Some file systems (btrfs, overlays) show one device here and another among a file's facts; then the
  // process must be the one that the file names.
  const std::string process = " " + std::to_string(pid) + " ";
  std::optional<bool> listed;
  for (std::string line; std::getline(locks, line);) {
    if (line.find(": FLOCK") == std::string::npos) continue;
    const bool is_it =
        line.find(inode) != std::string::npos && (line.find(device.data()) != std::string::npos ||
                                                  (pid != 0 && line.find(process) != std::string::npos));
    listed = listed.value_or(false) || is_it;
  }
  return listed;
}

}  // namespace

LockHolder this_process() {
  return {::getpid(), start_of(::getpid()).value_or(0), std::string(this_boot())};
}

std::string to_text(const LockHolder& holder) {
  return "pid " + std::to_string(holder.pid) + "\nstarted " + std::to_string(holder.start) +
         " (clock ticks since boot)\nboot " + holder.boot + "\n";
}

std::optional<LockHolder> parse_holder(std::string_view text) {
  const auto pid = number_at_front_of<int>(value_of(text, "pid "));
  const auto start = number_at_front_of<std::uint64_t>(value_of(text, "\nstarted "));
  if (!pid || !start || *pid <= 0) return std::nullopt;
  return LockHolder{*pid, *start, std::string(value_of(text, "\nboot "))};
}

bool is_of_this_boot(const LockHolder& holder) {
  return holder.boot == this_boot();
}

bool is_here(const LockHolder& holder) {
  return is_of_this_boot(holder) && start_of(holder.pid) == holder.start;
}

std::string command_of(int pid) {
  const std::string comm = text_of_process(pid, "comm");
  return comm.substr(0, comm.find('\n'));
}

std::optional<LockHolder> find_lock_holder(const std::string& path) {
  struct stat file {};
  if (::stat(path.c_str(), &file) != 0) return std::nullopt;
  const auto holder = parse_holder(read_whole(path));
  const auto listed = is_listed(file, holder ? holder->pid : 0);
  if (listed) return *listed ? std::optional(holder.value_or(LockHolder{})) : std::nullopt;
  return holder && is_here(*holder) ? holder : std::nullopt;
}

}  // namespace sluice::detail
