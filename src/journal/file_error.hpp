#pragma once

#include <string>
#include <string_view>

#include "sluice/base/error.hpp"

namespace sluice::detail {

/// The error of a system call on a file: "<path>: <call> failed: <the system's words> (errno <n>); <advice>".
/// `disk_full` for ENOSPC, EDQUOT and EFBIG, `disk_failed` for EIO, `system_error` for the rest.
[[nodiscard]] Error file_error(std::string_view call, std::string_view path, int error_number);

}  // namespace sluice::detail
