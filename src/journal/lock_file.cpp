#include "journal/lock_file.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include <sys/file.h>
#include <unistd.h>

#include "journal/boot_id.hpp"
#include "journal/file_error.hpp"

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

/// Who has the lock, as its file says.
struct Holder {
  int pid = 0;
  std::uint64_t start = 0;
  std::string boot;
};

std::string to_text(const Holder& holder) {
  return "pid " + std::to_string(holder.pid) + "\nstarted " + std::to_string(holder.start) +
         " (clock ticks since boot)\nboot " + holder.boot + "\n";
}

std::string_view value_of(std::string_view text, std::string_view label) {
  const std::size_t at = text.find(label);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + label.size());
  return text.substr(0, text.find('\n'));
}

std::optional<Holder> parse_holder(std::string_view text) {
  const auto pid = number_at_front_of<int>(value_of(text, "pid "));
  const auto start = number_at_front_of<std::uint64_t>(value_of(text, "\nstarted "));
  if (!pid || !start || *pid <= 0) return std::nullopt;
  return Holder{*pid, *start, std::string(value_of(text, "\nboot "))};
}

/// Over what stood there, and only then cut: so a full disk has no say in it.
Result<void> write_text(int fd, const std::string& path, std::string_view text) {
  const ssize_t written = uninterrupted([&] { return ::pwrite(fd, text.data(), text.size(), 0); });
  if (written < 0) return file_error("pwrite", path, errno);
  if (static_cast<std::size_t>(written) < text.size()) return file_error("pwrite", path, ENOSPC);
  const auto bytes = static_cast<off_t>(text.size());
  if (uninterrupted([&] { return ::ftruncate(fd, bytes); }) != 0) return file_error("ftruncate", path, errno);
  return {};
}

std::string read_text(int fd) {
  std::array<char, 512> text{};
  const ssize_t count = uninterrupted([&] { return ::pread(fd, text.data(), text.size(), 0); });
  return {text.data(), static_cast<std::size_t>(count < 0 ? 0 : count)};
}

Error locked_by(const std::string& path, const std::optional<Holder>& holder) {
  const auto locked = [&](const std::string& by) {
    return Error{ErrorCode::journal_locked, path + " is locked by " + by};
  };
  if (!holder || holder->boot != this_boot()) {
    return locked("a process that has not said who it is, or runs on another machine; `fuser " + path +
                  "` may name it: end it, or choose another directory");
  }
  const std::string pid = std::to_string(holder->pid);
  if (start_of(holder->pid) != holder->start) {
    return locked("process " + pid +
                  ", which can't be seen from here: it runs in another container, or has ended while a child "
                  "that it forked has not; `fuser " +
                  path + "` may name that: end it, or choose another directory");
  }
  if (holder->pid == ::getpid()) {
    return locked("this process (" + pid + "), which has that journal open: use that bus, or close it first");
  }
  const std::string comm = text_of_process(holder->pid, "comm");
  const std::string command = comm.empty() ? "" : " (" + comm.substr(0, comm.find('\n')) + ")";
  return locked("process " + pid + command +
                ", which has that journal open: end it, or choose another directory; reading needs no lock");
}

}  // namespace

Result<LockFile> LockFile::acquire(const std::string& path) {
  Descriptor file = open_descriptor(path, O_RDWR | O_CREAT);
  const int fd = file.number();
  if (!file.is_open()) return file_error("open", path, errno);
  if (uninterrupted([&] { return ::flock(fd, LOCK_EX | LOCK_NB); }) != 0) {
    if (errno == EWOULDBLOCK) return locked_by(path, parse_holder(read_text(fd)));
    return file_error("flock", path, errno);
  }
  const Holder self{::getpid(), start_of(::getpid()).value_or(0), std::string(this_boot())};
  if (Result<void> written = write_text(fd, path, to_text(self)); !written) return written.error();
  return LockFile(std::move(file));
}

LockFile::LockFile(Descriptor file) noexcept : file_(std::move(file)), pid_(::getpid()) {}

bool LockFile::is_mine() const noexcept {
  return file_.is_open() && pid_ == ::getpid();
}

}  // namespace sluice::detail
