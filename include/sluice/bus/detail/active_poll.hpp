#pragma once

#include <cstdint>

#include "sluice/log/gates.hpp"

namespace sluice::detail {

class SubscriptionState;
struct Port;

/// A poll that is running on this thread, innermost first. A publisher that is about to wait finds here what
/// its own thread holds back: it first stores those gates up to the events at hand, and if one of them still
/// is what holds the ring, waiting could never end.
struct ActivePoll {
  SubscriptionState* subscription = nullptr;
  ActivePoll* outer = nullptr;
  Port* port = nullptr;                   ///< whose event is being handled; null between events
  std::uint64_t position = log::kNoGate;  ///< of that event
};

/// Constant-initialised, so that reading it costs no guard.
inline constinit thread_local ActivePoll* active_poll = nullptr;

}  // namespace sluice::detail
