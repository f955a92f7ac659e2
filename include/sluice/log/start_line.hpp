#pragma once

#include <atomic>
#include <cstdint>

#include "sluice/log/gates.hpp"

/// From which position on a handler that is added while events flow is called.
///
/// **The protocol.** The adder (1) has every route lead to the handler, (2) marks its start `kDeciding`, (3)
/// fences, (4) makes the log's end the start. The dispatching thread (a) sees an event committed, (b) fences,
/// (c) reads its route, (d) asks the start.
///
/// **Invariants**
/// 1. *No event is missed.* If (c) reads a route of before (1), (b) came before (3), so (4) reads a tail that
///    covers the event: it lies below the start. If the dispatching thread meets the handler in `kHooking`,
///    the same holds with (2) for (1). If it meets it in `kDeciding`, it decides itself, by the log's end:
///    all routes lead to the handler by then, and it sees them.
/// 2. *None is seen too early.* Only events at or above the start pass, and it is decided once, by a
///    compare-and-swap.
/// 3. *None is called once it is removed* (`kRemoved`), save a call that has begun: see `Retirement`.
///
/// The fences are the asymmetric pair: dispatching pays for none, adding some microseconds.
///
/// **Thread safety.** One adder and one dispatching thread for each start; anybody may remove.
namespace sluice::log {

/// What a start is while it is no position. All are above every position.
inline constexpr std::uint64_t kHooking = ~std::uint64_t{0};  ///< not all routes lead to the handler yet
inline constexpr std::uint64_t kDeciding = kHooking - 1;      ///< they do; where it starts is being read
inline constexpr std::uint64_t kRemoved = kHooking - 2;       ///< no call begins any more

/// The adder's (2) and (3), for all the starts of a handler: then `decide_start` each.
template <class Policy, class Starts>
void begin_deciding(Starts&& starts) noexcept {
  for (auto& start : starts) {
    // SYNC deciding: every route leads to the handler.
    start.store(kDeciding, std::memory_order_release);
  }
  // SYNC adding: an event dispatched by the routes of before lies below the log's end that is read next.
  Policy::heavy_fence();
}

/// Makes `end`, the log's end as it was just read, the start, unless that is decided; returns what it is.
template <class Start>
std::uint64_t decide_start(Start& start, std::uint64_t end) noexcept {
  std::uint64_t now = kDeciding;
  // Relaxed: the value stands for itself. If another was first, its decision holds.
  return start.compare_exchange_strong(now, end, std::memory_order_relaxed, std::memory_order_relaxed) ? end
                                                                                                       : now;
}

/// The dispatching thread's (b), between seeing an event and looking for its route.
template <class Policy>
void before_route() noexcept {
  // SYNC adding: a route that is older than a handler means an event below where that handler starts.
  Policy::light_fence();
}

/// The dispatching thread's (d): whether the handler is to be called for the event at `position`. `log_end()`
/// reads the end of the event's log.
template <class Start, class LogEnd>
[[nodiscard]] inline bool has_started(Start& start, std::uint64_t position, LogEnd&& log_end) noexcept {
  // SYNC deciding: every route leads to the handler, for this thread too.
  const std::uint64_t at = start.load(std::memory_order_acquire);
  if (at <= position) [[likely]]
    return true;
  // If it is decided here, the end lies above this very event; if the adder was first, maybe not.
  return at == kDeciding && decide_start(start, log_end()) <= position;
}

/// From here on no call begins that does not show in `Retirement::is_running` behind its fence.
template <class Starts>
void remove_starts(Starts&& starts) noexcept {
  // Relaxed: ordered by the fence of `Retirement::fence_off`, which follows.
  for (auto& start : starts) start.store(kRemoved, std::memory_order_relaxed);
}

}  // namespace sluice::log
