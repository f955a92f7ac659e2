#pragma once

#include <atomic>

#include "sluice/base/cpu.hpp"

/// Memory fences, the asymmetric pair included.
///
/// All of them are inline assembly rather than `std::atomic_thread_fence`: g++ warns that ThreadSanitizer
/// does not see that one, and on x86 a locked instruction on the stack is about twice as fast as the `mfence`
/// that it becomes. ThreadSanitizer sees none of these fences: what it may report as a race must not rest on
/// one.
namespace sluice::platform {

namespace detail {

/// True once the kernel accepted this process for expedited barriers. Relaxed is enough for its readers:
/// `register_asymmetric_fence` returns before any thread that relies on the pair is handed the bus.
inline constinit std::atomic<bool> asymmetric_fence{false};

inline void compiler_barrier() noexcept {
  asm volatile("" ::: "memory");
}

}  // namespace detail

/// Sequentially consistent: nothing moves across it, a load behind a store included.
inline void full_fence() noexcept {
#if defined(__x86_64__)
  // Eight bytes below the stack pointer: never the return address, which the next `ret` would wait for.
  asm volatile("lock orl $0, -8(%%rsp)" ::: "memory", "cc");
#else
  asm volatile("dmb ish" ::: "memory");
#endif
}

/// Orders all earlier loads and stores before all later stores.
inline void release_fence() noexcept {
#if defined(__x86_64__)
  detail::compiler_barrier();  // x86 keeps these orders by itself.
#else
  asm volatile("dmb ish" ::: "memory");
#endif
}

/// The cheap half of the asymmetric pair: as good as `full_fence` against a `heavy_fence` of another thread,
/// and free where the kernel offers the pair. Two light fences order nothing between them.
inline void light_fence() noexcept {
  if (detail::asymmetric_fence.load(std::memory_order_relaxed)) [[likely]] {
    detail::compiler_barrier();
  } else {
    full_fence();
  }
}

/// The dear half (some microseconds, and an interrupt to each running thread of this process): a full fence
/// on every running thread, by `membarrier(PRIVATE_EXPEDITED)`; a `full_fence` where the pair is not
/// available.
void heavy_fence() noexcept;

/// Asks the kernel for the asymmetric pair; true when it is available from now on. Idempotent, any thread.
/// Must return before any thread uses `light_fence` and `heavy_fence` as a pair: `Bus::open` sees to that.
bool register_asymmetric_fence() noexcept;

/// Whether the pair is in use; false means that both halves are full fences.
[[nodiscard]] bool asymmetric_fence_available() noexcept;

/// While one lives, both halves are full fences, as on a machine that refuses membarrier. For tests only, and
/// only while no bus is open: a thread that still takes the cheap half would not be ordered at all.
class SymmetricFencesForTest {
 public:
  SymmetricFencesForTest() noexcept;
  ~SymmetricFencesForTest();
  SymmetricFencesForTest(const SymmetricFencesForTest&) = delete;
  SymmetricFencesForTest& operator=(const SymmetricFencesForTest&) = delete;

 private:
  bool was_available_;
};

}  // namespace sluice::platform
