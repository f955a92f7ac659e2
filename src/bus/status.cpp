#include "sluice/bus/poll_result.hpp"
#include "sluice/bus/publish_result.hpp"

namespace sluice {

std::string_view to_string(PollStatus status) noexcept {
  switch (status) {
    case PollStatus::ok:
      return "ok";
    case PollStatus::evicted:
      return "evicted";
    case PollStatus::cancelled:
      return "cancelled";
    case PollStatus::closed:
      return "closed";
    case PollStatus::reentrant:
      return "reentrant";
    case PollStatus::busy:
      return "busy";
  }
  return "unknown";
}

std::string_view to_string(PublishStatus status) noexcept {
  return status == PublishStatus::ok ? "ok" : to_string(to_error_code(status));
}

ErrorCode to_error_code(PublishStatus status) noexcept {
  switch (status) {
    case PublishStatus::ok:
      break;
    case PublishStatus::would_block:
      return ErrorCode::would_block;
    case PublishStatus::timed_out:
      return ErrorCode::timed_out;
    case PublishStatus::would_deadlock:
      return ErrorCode::would_deadlock;
    case PublishStatus::too_large:
      return ErrorCode::too_large;
    case PublishStatus::claim_open:
      return ErrorCode::claim_open;
    case PublishStatus::closed:
      return ErrorCode::closed;
    case PublishStatus::invalid_metadata:
      return ErrorCode::invalid_metadata;
    case PublishStatus::unsupported:
      return ErrorCode::unsupported;
    case PublishStatus::durability_unknown:
      return ErrorCode::durability_unknown;
    case PublishStatus::invalid_option:
      break;
  }
  return ErrorCode::invalid_option;
}

}  // namespace sluice
