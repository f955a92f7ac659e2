#pragma once

#include <atomic>
#include <cstdint>

#include "sluice/log/ring.hpp"

namespace sluice::log {

/// Where a closed shard's log ends, for readers that want to know whether more will come.
///
/// **Invariant.** Every position below it is claimed, by a record that is committed or will be, and none at
/// or above it ever is, save what a single producer claims and aborts at once: so a reader that stands there
/// has seen everything.
template <class Policy>
class FinalTail {
 public:
  /// Closes the ring to claims and publishes where it ends. Idempotent; one thread at a time.
  void close(Ring<Policy>& ring) noexcept {
    // Relaxed: one thread closes at a time. The ring itself would tell a later, higher tail.
    if (position_.load(std::memory_order_relaxed) != kNoGate) return;
    const std::uint64_t tail = ring.close();
    // SYNC final-tail: every record below it is claimed, and its words are of this lap.
    position_.store(tail, std::memory_order_release);
  }

  /// `kNoGate` while the ring is open.
  [[nodiscard]] std::uint64_t position() const noexcept {
    // SYNC final-tail: see close.
    return position_.load(std::memory_order_acquire);
  }

 private:
  typename Policy::template Atomic<std::uint64_t> position_{kNoGate};
};

}  // namespace sluice::log
