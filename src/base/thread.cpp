#include "sluice/base/thread.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <memory>
#include <string>
#include <thread>

#include <pthread.h>
#include <sched.h>
#include <sys/random.h>
#include <unistd.h>

#include "sluice/base/cpu.hpp"
#include "sluice/base/hash.hpp"

#include "system_error.hpp"

namespace sluice::platform {

namespace detail {

constinit thread_local std::uint64_t thread_id = 0;

std::uint64_t assign_thread_id() noexcept {
  // Relaxed: only that no two threads draw the same number matters.
  static constinit std::atomic<std::uint64_t> last{0};
  thread_id = last.fetch_add(1, std::memory_order_relaxed) + 1;
  return thread_id;
}

}  // namespace detail

namespace {

std::chrono::nanoseconds read_cpu_clock(clockid_t clock) noexcept {
  timespec used{};
  ::clock_gettime(clock, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

/// 0, or the errno of a thread that could not be pinned.
int set_affinity(unsigned cpu) {
  // Beyond any kernel's limit (8,192 today); saves building a huge set for a mistyped number.
  constexpr unsigned kMaxCpus = 1U << 16U;
  if (cpu >= kMaxCpus) return EINVAL;
  const auto release = [](cpu_set_t* set) { CPU_FREE(set); };
  const std::unique_ptr<cpu_set_t, decltype(release)> set(CPU_ALLOC(cpu + 1), release);
  if (set == nullptr) return ENOMEM;
  const std::size_t bytes = CPU_ALLOC_SIZE(cpu + 1);
  CPU_ZERO_S(bytes, set.get());
  CPU_SET_S(cpu, bytes, set.get());
  return ::pthread_setaffinity_np(::pthread_self(), bytes, set.get());
}

}  // namespace

void yield_thread() noexcept {
  ::sched_yield();
}

void name_this_thread(std::string_view name) noexcept {
  std::array<char, 16> text{};
  std::copy_n(name.begin(), std::min(name.size(), text.size() - 1), text.begin());
  ::pthread_setname_np(::pthread_self(), text.data());
}

Result<void> pin_this_thread(unsigned cpu) {
  const int failure = set_affinity(cpu);
  if (failure == 0) return {};
  const long cpus = std::max(::sysconf(_SC_NPROCESSORS_CONF), 1L);
  return Error{ErrorCode::system_error,
               describe_errno("can't pin this thread to CPU " + std::to_string(cpu), failure) +
                   "; this machine has " + std::to_string(cpus) + (cpus == 1 ? " CPU" : " CPUs") +
                   ", counted from 0: choose one that this process may use"};
}

unsigned hardware_threads() noexcept {
  return std::max(std::thread::hardware_concurrency(), 1U);
}

std::chrono::nanoseconds process_cpu_time() noexcept {
  return read_cpu_clock(CLOCK_PROCESS_CPUTIME_ID);
}

std::chrono::nanoseconds thread_cpu_time() noexcept {
  return read_cpu_clock(CLOCK_THREAD_CPUTIME_ID);
}

std::uint64_t random_bits64() noexcept {
  std::uint64_t bits = 0;
  ssize_t got = 0;
  do {
    got = ::getrandom(&bits, sizeof bits, 0);
  } while (got < 0 && errno == EINTR);
  if (got == static_cast<ssize_t>(sizeof bits)) return bits;
  // Only where a sandbox forbids getrandom. Time, counter, process and a fresh stack address still differ
  // from run to run, and a number that no call repeats keeps two calls of one run apart.
  static constinit std::atomic<std::uint64_t> calls{0};
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  // Relaxed: only that the numbers differ matters.
  std::uint64_t mixed = mix64(calls.fetch_add(1, std::memory_order_relaxed) + read_tsc());
  mixed = mix64(mixed ^ static_cast<std::uint64_t>(now.tv_nsec) ^
                (static_cast<std::uint64_t>(now.tv_sec) << 30U));
  mixed = mix64(mixed ^ static_cast<std::uint64_t>(::getpid()));
  return mix64(mixed ^ reinterpret_cast<std::uintptr_t>(&bits));
}

}  // namespace sluice::platform
