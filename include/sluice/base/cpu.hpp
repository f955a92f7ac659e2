#pragma once

#include <cstddef>
#include <cstdint>

#if !defined(__x86_64__) && !defined(__aarch64__)
#error "Sluice runs on x86-64 and aarch64: add this processor's fences, pause and counter to base/cpu.hpp"
#endif

namespace sluice::platform {

/// The unit in which caches move memory.
inline constexpr std::size_t kCacheLineBytes = 64;

/// How far apart two things must lie so that writing one never disturbs readers of the other. Twice the line,
/// because x86 prefetches the neighbour of each line it fetches, and some aarch64 lines are 128 bytes long.
inline constexpr std::size_t kDestructiveBytes = 128;

/// Tells the processor that this is a spin loop: it saves power and leaves the core to the other
/// hyper-thread.
inline void cpu_relax() noexcept {
#if defined(__x86_64__)
  asm volatile("pause" ::: "memory");
#else
  // `yield` does nothing on most cores; `isb` costs about what `pause` does on x86, which is the point.
  asm volatile("isb" ::: "memory");
#endif
}

/// The processor's time counter: the TSC on x86-64, the virtual counter on aarch64. In ticks of a rate that
/// must be measured (see `TscClock`), and not ordered against the instructions around it.
[[nodiscard]] inline std::uint64_t read_tsc() noexcept {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#else
  std::uint64_t ticks = 0;
  asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#endif
}

}  // namespace sluice::platform
