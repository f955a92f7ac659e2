#pragma once

#include <atomic>
#include <cstdint>

#include "sluice/base/platform.hpp"
#include "sluice/log/machine.hpp"

namespace sluice::detail {

/// Says which publisher is used by two threads at once, and aborts.
[[noreturn]] void report_two_threads(const char* publisher) noexcept;

/// Debug builds (those without NDEBUG) stop a program in which two threads are inside one publisher at the
/// same time, which would quietly destroy a ring. Release builds pay nothing.
class SoleUse {
 public:
#ifdef NDEBUG
  SoleUse(log::Atomic<std::uint64_t>&, const char*) noexcept {}
#else
  SoleUse(log::Atomic<std::uint64_t>& user, const char* publisher) noexcept : user_(&user) {
    // Relaxed: it is not to order anything that the program itself leaves unordered.
    before_ = user.exchange(platform::current_thread_id(), std::memory_order_relaxed);
    if (before_ != 0 && before_ != platform::current_thread_id()) report_two_threads(publisher);
  }
  ~SoleUse() {
    user_->store(before_, std::memory_order_relaxed);  // as above
  }

 private:
  log::Atomic<std::uint64_t>* user_;
  std::uint64_t before_;

 public:
#endif
  SoleUse(const SoleUse&) = delete;
  SoleUse& operator=(const SoleUse&) = delete;
};

}  // namespace sluice::detail
