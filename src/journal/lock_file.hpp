#pragma once

#include <string>

#include "sluice/base/result.hpp"

#include "journal/descriptor.hpp"

namespace sluice::detail {

/// The right to write into a journal's directory: `flock` on a file in it (O_CLOEXEC, 0600) that says who has
/// it, as process id, start time and boot id. Held for life: the system lets go of it once the process, and
/// any child that it forked meanwhile and that has not closed it, has ended, however it did. The file stays.
class LockFile {
 public:
  /// `journal_locked` names the holder (pid, and its command where it can be read); `system_error` otherwise.
  [[nodiscard]] static Result<LockFile> acquire(const std::string& path);

  /// False in a forked child: the lock is its parent's.
  [[nodiscard]] bool is_mine() const noexcept;
  /// For a forked child: from here on the lock ends with its parent. Allocates nothing.
  void close_in_child() noexcept { file_ = Descriptor(-1); }

 private:
  explicit LockFile(Descriptor file) noexcept;

  Descriptor file_;  ///< only ever closed: unlocking it in a forked child would take the lock from its parent
  int pid_;
};

}  // namespace sluice::detail
