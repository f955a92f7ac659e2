#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::platform {

namespace detail {

/// 0 until the thread asks for its id. `constinit` here spares every access the check for a constructor.
extern constinit thread_local std::uint64_t thread_id;

std::uint64_t assign_thread_id() noexcept;

}  // namespace detail

/// A number for the calling thread: 1, 2, 3 and so on in the order in which threads first ask. Never 0 and,
/// unlike the system's thread ids, never reused; a forked child keeps its parent's. One load after the first
/// call.
[[nodiscard]] inline std::uint64_t current_thread_id() noexcept {
  const std::uint64_t id = detail::thread_id;
  return id != 0 ? id : detail::assign_thread_id();
}

/// Gives the rest of the time slice away.
void yield_thread() noexcept;

/// Names the calling thread for debuggers and `top -H`. The system keeps 15 bytes, so the name is cut there.
void name_this_thread(std::string_view name) noexcept;

/// Keeps the calling thread on one CPU, counted from 0. `system_error` names the CPU, the system's reason and
/// how many CPUs there are; the thread then runs where it ran before.
Result<void> pin_this_thread(unsigned cpu);

/// How many threads can run at once here; at least 1.
[[nodiscard]] unsigned hardware_threads() noexcept;

/// CPU time used so far, user and system together: by all threads of the process, or by the calling one.
[[nodiscard]] std::chrono::nanoseconds process_cpu_time() noexcept;
[[nodiscard]] std::chrono::nanoseconds thread_cpu_time() noexcept;

/// 64 bits from the kernel's random source: fit for epochs and salts, never the same by chance in practice.
[[nodiscard]] std::uint64_t random_bits64() noexcept;

}  // namespace sluice::platform
