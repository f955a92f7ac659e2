#include "journal/lock_file.hpp"

#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include <sys/file.h>
#include <unistd.h>

#include "journal/file_error.hpp"
#include "journal/lock_holder.hpp"

namespace sluice::detail {

namespace {

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

Error locked_by(const std::string& path, const std::optional<LockHolder>& holder) {
  const auto locked = [&](const std::string& by) {
    return Error{ErrorCode::journal_locked, path + " is locked by " + by};
  };
  if (!holder || !is_of_this_boot(*holder)) {
    return locked("a process that has not said who it is, or runs on another machine; `fuser " + path +
                  "` may name it: end it, or choose another directory");
  }
  const std::string pid = std::to_string(holder->pid);
  if (!is_here(*holder)) {
    return locked("process " + pid +
                  ", which can't be seen from here: it runs in another container, or has ended while a child "
                  "that it forked has not; `fuser " +
                  path + "` may name that: end it, or choose another directory");
  }
  if (holder->pid == ::getpid()) {
    return locked("this process (" + pid + "), which has that journal open: use that bus, or close it first");
  }
  const std::string name = command_of(holder->pid);
  const std::string command = name.empty() ? "" : " (" + name + ")";
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
  if (Result<void> written = write_text(fd, path, to_text(this_process())); !written) return written.error();
  return LockFile(std::move(file));
}

LockFile::LockFile(Descriptor file) noexcept : file_(std::move(file)), pid_(::getpid()) {}

bool LockFile::is_mine() const noexcept {
  return file_.is_open() && pid_ == ::getpid();
}

}  // namespace sluice::detail
