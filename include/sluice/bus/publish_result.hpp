#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/base/error.hpp"

namespace sluice {

/// How a publish ended. Small on purpose: the hot path allocates nothing. For the words that a person needs,
/// ask the publisher's `last_error()`.
enum class PublishStatus : std::uint8_t {
  ok,
  would_block,  ///< the ring is full and the call may not wait
  timed_out,    ///< the ring stayed full until the deadline
  /// The ring is full, and this very thread holds it back: with the event that it is handling, or with a
  /// claim. (A subscription that it merely owns and does not poll is somebody that it waits for, up to the
  /// deadline.)
  would_deadlock,
  too_large,         ///< more than an eighth of the ring, or a quarter for a batch
  claim_open,        ///< this publisher's claim is still open; or the claim to be committed is not, any more
  closed,            ///< the bus is closed
  invalid_metadata,  ///< an empty or repeated key, or more than 65,535 bytes
  invalid_option,    ///< a negative TTL or deadline
  unsupported,       ///< a durable publish on a bus whose persistence, if it has one, can't sync
  /// Published, but the deadline of a durable publish passed before the disk confirmed it.
  durability_unknown,
};

/// The status's own spelling: `"timed_out"`.
[[nodiscard]] std::string_view to_string(PublishStatus status) noexcept;
/// The code that the same failure has in a `Result`; not defined for `ok`.
[[nodiscard]] ErrorCode to_error_code(PublishStatus status) noexcept;

struct PublishResult {
  PublishStatus status = PublishStatus::ok;
  std::uint64_t position = 0;  ///< of the event in its shard's log, or of a batch's first; 0 if not published

  [[nodiscard]] bool ok() const noexcept { return status == PublishStatus::ok; }
  explicit operator bool() const noexcept { return ok(); }
};

}  // namespace sluice
