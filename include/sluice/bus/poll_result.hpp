#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice {

/// How many events one `poll` handles unless told otherwise: enough to amortise its fixed cost, few enough to
/// come back soon.
inline constexpr std::size_t kDefaultPollLimit = 256;

enum class PollStatus : std::uint8_t {
  ok,         ///< nothing wrong; there may have been no events
  evicted,    ///< it held producers back beyond its deadline
  cancelled,  ///< `cancel` was called
  closed,     ///< the bus is closed, and every event up to its end has been seen
  reentrant,  ///< called from inside a handler of the same subscription
  busy,       ///< another thread is polling it, or a bus thread runs it
};
[[nodiscard]] std::string_view to_string(PollStatus status) noexcept;

struct PollResult {
  PollStatus status = PollStatus::ok;
  std::size_t events = 0;  ///< handled by this call

  /// No event will ever come again.
  [[nodiscard]] bool ended() const noexcept {
    return status == PollStatus::evicted || status == PollStatus::cancelled || status == PollStatus::closed;
  }
};

}  // namespace sluice
