#include "journal/file_error.hpp"

#include <cerrno>

#include "base/system_error.hpp"

namespace sluice::detail {

namespace {

ErrorCode code_of(int error_number) noexcept {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorCode::disk_full;
    case EIO:
      return ErrorCode::disk_failed;
    default:
      return ErrorCode::system_error;
  }
}

/// What a person can do about it; empty where the system's words say it all.
std::string_view advice_for(int error_number) noexcept {
  switch (error_number) {
    case ENOSPC:
      return "make room on its file system, or let retention keep less";
    case EDQUOT:
      return "raise the quota, or let retention keep less";
    case EFBIG:
      return "raise the limit on file sizes (ulimit -f), or make segments smaller";
    case EIO:
      return "the device fails: look at the kernel's log, and don't trust what was written last";
    case EACCES:
    case EPERM:
      return "give this process the right to it, or choose another directory";
    case EROFS:
      return "that file system is mounted read-only: remount it, or choose another directory";
    case ENOENT:
      return "make the directory it should be in, or correct the path";
    case EEXIST:
      return "something of that name is there already: move it away";
    case ENOTDIR:
    case EISDIR:
      return "look at what is there instead of what was expected";
    case EMFILE:
      return "raise this process's limit on open files (ulimit -n)";
    case ENFILE:
      return "raise the system's limit on open files (fs.file-max)";
    case ENOMEM:
      return "free memory";
    default:
      return {};
  }
}

}  // namespace

Error file_error(std::string_view call, std::string_view path, int error_number) {
  std::string what(path);
  what.append(": ").append(call).append(" failed");
  std::string message = platform::describe_errno(std::move(what), error_number);
  if (const std::string_view advice = advice_for(error_number); !advice.empty()) {
    message.append("; ").append(advice);
  }
  return {code_of(error_number), std::move(message)};
}

}  // namespace sluice::detail
