#include "base/home_process.hpp"

#include <string>

#include <unistd.h>

namespace sluice::platform {

HomeProcess::HomeProcess() noexcept : pid_(::getpid()) {}

bool HomeProcess::is_here() const noexcept {
  return ::getpid() == pid_;
}

Result<void> HomeProcess::check(std::string_view what) const {
  if (is_here()) return {};
  return error(what);
}

Error HomeProcess::error(std::string_view what) const {
  return {ErrorCode::forked, std::string(what) + " belongs to process " + std::to_string(pid_) +
                                 ", and this is process " + std::to_string(::getpid()) +
                                 ", a child that it forked: open one of its own here, or open it after the "
                                 "fork"};
}

}  // namespace sluice::platform
