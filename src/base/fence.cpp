#include "sluice/base/fence.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sluice/base/thread.hpp"

namespace sluice::platform {

namespace {

/// Set while a test wants full fences on both sides. Relaxed: only tests write it, while no bus is open.
constinit std::atomic<bool> symmetric_forced{false};

bool membarrier(int command) noexcept {
  return ::syscall(SYS_membarrier, command, 0U, 0) == 0;
}

bool register_with_kernel() noexcept {
  return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
}

/// An expedited barrier that was registered fails only when the kernel is out of memory for a moment, or when
/// a seccomp filter was installed since. The first passes. For the second, both halves become full fences for
/// good; the slow global barrier, if that is allowed at least, makes sure that every thread has noticed.
void heavy_fence_after_failure() noexcept {
  constexpr int kRetries = 1000;
  for (int retry = 0; retry < kRetries; ++retry) {
    if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) return;
    yield_thread();
  }
  // Relaxed: the barriers that follow are what carries it to the other threads.
  detail::asymmetric_fence.store(false, std::memory_order_relaxed);
  full_fence();
  (void)membarrier(MEMBARRIER_CMD_GLOBAL);
}

}  // namespace

void heavy_fence() noexcept {
  // Relaxed: see the declaration of the flag.
  if (!detail::asymmetric_fence.load(std::memory_order_relaxed)) return full_fence();
  if (!membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) heavy_fence_after_failure();
}

bool register_asymmetric_fence() noexcept {
  static const bool registered = register_with_kernel();
  // Relaxed: whoever needs the pair is started, or handed the bus, after this returns.
  const bool available = registered && !symmetric_forced.load(std::memory_order_relaxed);
  detail::asymmetric_fence.store(available, std::memory_order_relaxed);
  return available;
}

bool asymmetric_fence_available() noexcept {
  // Relaxed: a report; nothing is ordered by it.
  return detail::asymmetric_fence.load(std::memory_order_relaxed);
}

SymmetricFencesForTest::SymmetricFencesForTest() noexcept : was_available_(asymmetric_fence_available()) {
  // Relaxed, here and below: no thread uses the pair while this object is made or destroyed.
  symmetric_forced.store(true, std::memory_order_relaxed);
  detail::asymmetric_fence.store(false, std::memory_order_relaxed);
}

SymmetricFencesForTest::~SymmetricFencesForTest() {
  symmetric_forced.store(false, std::memory_order_relaxed);
  detail::asymmetric_fence.store(was_available_, std::memory_order_relaxed);
}

}  // namespace sluice::platform
