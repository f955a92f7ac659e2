#pragma once

#include <string>
#include <system_error>
#include <utility>

#include "sluice/base/error.hpp"

namespace sluice::platform {

/// "<what failed>: <the system's words> (errno <n>)", without a full stop so that advice can follow.
inline std::string describe_errno(std::string what_failed, int error_number) {
  return std::move(what_failed) + ": " + std::generic_category().message(error_number) + " (errno " +
         std::to_string(error_number) + ")";
}

}  // namespace sluice::platform
