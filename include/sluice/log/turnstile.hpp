#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::log {

/// A lock that is tried and never waited for, and a request that is carried out under it: by who makes the
/// request, if nobody is inside, else by whoever is, on the way out. A subscription's poller and those who
/// ask it to end meet here.
///
/// **Invariants**
/// 1. At most one thread is inside, and it sees what the last one inside left.
/// 2. Once a request is made and everybody who was inside has gone, it has been carried out, by one thread
///    at a time. Nobody waits for that.
///
/// **Why no request is forgotten.** The asker adds its bits, fences and tries to enter; whoever is inside
/// leaves, fences and looks for bits. One of the two sees the other: the asker finds nobody inside, or the
/// leaver finds the bits (SYNC control). Who fails to enter *because another is carrying out* need not look
/// again: what is carried out does not depend on which bits there are, and is carried out once.
///
/// The fences are the asymmetric pair: going in and out pays for none, asking some microseconds.
///
/// **Thread safety.** Any thread, with one number per thread that is never 0. Who goes out looks at the
/// turnstile once more after letting go of it, so it must outlive `exit`.
template <class Policy>
class Turnstile {
  template <class T>
  using Atomic = typename Policy::template Atomic<T>;

 public:
  /// Tries to go in; 0 when that succeeded, else the number of the thread that is inside.
  [[nodiscard]] std::uint64_t try_enter(std::uint64_t self) noexcept {
    std::uint64_t holder = 0;
    // SYNC inside: what the last one inside left.
    (void)holder_.compare_exchange_strong(holder, self, std::memory_order_acquire, std::memory_order_relaxed);
    return holder;
  }

  /// Goes out, and carries a request out if there is one by now. `carry_out` runs inside, on this thread or
  /// on nobody's; called again, it does nothing more.
  template <class CarryOut>
  void exit(CarryOut&& carry_out) noexcept {
    const std::uint64_t self = holder_.load(std::memory_order_relaxed);  // our own store
    // SYNC inside: see try_enter.
    holder_.store(0, std::memory_order_release);
    // SYNC control: whoever asked sees nobody inside, or we see the request.
    Policy::light_fence();
    if (is_asked()) [[unlikely]]
      carry_out_unless_busy(self, carry_out);
  }

  /// Makes a request, to be carried out by whoever is inside, or by `carry_out_unless_busy`, called next.
  void ask(std::uint32_t bits) noexcept {
    announce(bits);
    // SYNC control: who leaves sees the request, or we see that nobody is inside.
    Policy::heavy_fence();
  }

  /// Carries the request out, unless somebody is inside, who will.
  template <class CarryOut>
  void carry_out_unless_busy(std::uint64_t self, CarryOut&& carry_out) noexcept {
    if (try_enter(self) != 0) return;
    carry_out();
    // SYNC inside: see try_enter. Nothing is missed: it is carried out once.
    holder_.store(0, std::memory_order_release);
  }

  /// Shows bits to whoever is inside, ahead of a request.
  void announce(std::uint32_t bits) noexcept {
    asked_.fetch_or(bits, std::memory_order_relaxed);  // ordered by the fence of `ask`, which follows
  }

  /// All bits that were ever asked for.
  [[nodiscard]] std::uint32_t asked() const noexcept {
    // Relaxed: who is inside learns of it some steps later at worst; carrying out is ordered by the fences.
    return asked_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] bool is_asked() const noexcept { return asked() != 0; }

  /// True when the thread itself is inside; of others it says what was so a moment ago.
  [[nodiscard]] bool is_inside(std::uint64_t thread) const noexcept {
    // Relaxed: its own store is what a thread asks for.
    return holder_.load(std::memory_order_relaxed) == thread;
  }

 private:
  Atomic<std::uint32_t> asked_{0};
  Atomic<std::uint64_t> holder_{0};  ///< its thread's number; 0: nobody
};

}  // namespace sluice::log
