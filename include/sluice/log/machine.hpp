#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "sluice/base/platform.hpp"

namespace sluice::log {

/// The policy that production plugs into the ring, its gates and its parking lot: the machine as it is. A
/// model checker plugs in another one that owns every atomic, fence, futex and ring byte, and so runs the
/// very same headers under every schedule it can think of.
struct Machine {
  template <class T>
  using Atomic = std::atomic<T>;

  /// The ring's bytes, by offset. Commit words are atomic 8-byte words; everything else is plain, and a byte
  /// is the one in one lap and the other in the next. `writable` and `readable` say which plain bytes are
  /// about to be touched: here they only compute a pointer, in the model they look for a race.
  class Memory {
   public:
    Memory() = default;
    explicit Memory(std::byte* base) noexcept : base_(base) {}

    [[nodiscard]] std::uint64_t load_word(std::uint64_t offset, std::memory_order order) const noexcept {
      return word(offset).load(order);
    }
    void store_word(std::uint64_t offset, std::uint64_t value, std::memory_order order) noexcept {
      word(offset).store(value, order);
    }
    [[nodiscard]] std::byte* writable(std::uint64_t offset, std::size_t) noexcept { return base_ + offset; }
    [[nodiscard]] const std::byte* readable(std::uint64_t offset, std::size_t) const noexcept {
      return base_ + offset;
    }

   private:
    [[nodiscard]] std::atomic_ref<std::uint64_t> word(std::uint64_t offset) const noexcept {
      return std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(base_ + offset));
    }

    std::byte* base_ = nullptr;
  };

  /// Orders everything before against everything after, loads behind stores included (one half of a Dekker
  /// pair).
  static void full_fence() noexcept { platform::full_fence(); }
  /// Orders earlier accesses before later stores.
  static void release_fence() noexcept { platform::release_fence(); }
  /// The cheap half of the asymmetric fence: free on the side that runs all the time.
  static void light_fence() noexcept { platform::light_fence(); }
  /// The dear half: paid by the side that is about to sleep.
  static void heavy_fence() noexcept { platform::heavy_fence(); }

  static void relax() noexcept { platform::cpu_relax(); }
  static void yield() noexcept { platform::yield_thread(); }

  /// Sleeps while `word` holds `expected`, at most `timeout` (negative: for ever); may wake for no reason.
  static void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                         std::chrono::nanoseconds timeout) noexcept {
    (void)platform::futex_wait(word, expected, timeout);
  }
  /// Makes an eventfd readable.
  static void signal(int event_fd) noexcept { platform::signal_event_fd(event_fd); }
  static void futex_wake_all(std::atomic<std::uint32_t>& word) noexcept { platform::futex_wake_all(word); }
};

/// An atomic of production code. The layers above the log name this one, never std::atomic, so that every
/// atomic of theirs is one that a protocol over `Machine` can take.
template <class T>
using Atomic = Machine::Atomic<T>;

}  // namespace sluice::log
