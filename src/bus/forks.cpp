// What becomes of a bus in a forked child: it is closed there, and its parent does not notice.
#include "bus/core.hpp"

namespace sluice::detail {

Result<void> Core::check_home() const {
  if (is_home()) return {};
  return forked_error();
}

Error Core::forked_error() const {
  return home_.error("bus \"" + options_.name + "\"");
}

/// On the only thread of a child, before `fork` returns there; takes no lock, and changes nothing that the
/// parent can see.
void Core::close_in_child() noexcept {
  bool is_whole = true;
  // First of all: what closes a ring writes to it.
  for (const std::span<std::byte> memory : given_memory_) {
    is_whole = platform::replace_by_zeroes(memory.data(), memory.size()) && is_whole;
  }
  // SYNC closed: the final tails will be there.
  closed_.store(true, std::memory_order_release);
  for (std::uint32_t slot = 0; slot < options_.max_subscriptions; ++slot) {
    // An eventfd is one with the parent's: a signal would wake its loop. Relaxed, as nobody else is here.
    waiters_[slot].event_fd.store(-1, std::memory_order_relaxed);
    // SYNC slot-state: the subscription as it was made.
    SubscriptionState* const state = slots_[slot].state.load(std::memory_order_acquire);
    if (state != nullptr) state->turnstile.announce(kCancelled);
  }
  // Without memory, a publisher's next look at the ring is a fault: better than one into the parent's.
  if (!is_whole) return;
  for (const auto& shard : shards_) shard->close();
}

}  // namespace sluice::detail
