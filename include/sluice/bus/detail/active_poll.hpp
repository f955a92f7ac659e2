#pragma once

namespace sluice::detail {

class SubscriptionState;
struct Port;

/// A poll that is running on this thread, innermost first. A publisher that is about to wait finds here what
/// its own thread holds back: it first stores those gates up to the events at hand, and if one of them still
/// is what holds the ring, waiting could never end.
struct ActivePoll {
  SubscriptionState* subscription = nullptr;
  ActivePoll* outer = nullptr;
  Port* port = nullptr;  ///< whose turn it is; null between turns
};

/// Constant-initialised, so that reading it costs no guard.
inline constinit thread_local ActivePoll* active_poll = nullptr;

/// True inside a handler of the subscription, on the thread that runs it.
[[nodiscard]] inline bool is_polled_here(const SubscriptionState& subscription) noexcept {
  for (const ActivePoll* poll = active_poll; poll != nullptr; poll = poll->outer) {
    if (poll->subscription == &subscription) return true;
  }
  return false;
}

}  // namespace sluice::detail
