#include "sluice/base/error.hpp"

namespace sluice {

std::string_view to_string(ErrorCode code) noexcept {
  // No default: the compiler then names each code that was forgotten here.
  switch (code) {
    case ErrorCode::invalid_option:
      return "invalid_option";
    case ErrorCode::too_large:
      return "too_large";
    case ErrorCode::too_many_topics:
      return "too_many_topics";
    case ErrorCode::too_many_subscriptions:
      return "too_many_subscriptions";
    case ErrorCode::out_of_memory:
      return "out_of_memory";
    case ErrorCode::system_error:
      return "system_error";
    case ErrorCode::missing_topic:
      return "missing_topic";
    case ErrorCode::invalid_topic:
      return "invalid_topic";
    case ErrorCode::invalid_pattern:
      return "invalid_pattern";
    case ErrorCode::wildcard_in_topic:
      return "wildcard_in_topic";
    case ErrorCode::type_mismatch:
      return "type_mismatch";
    case ErrorCode::invalid_metadata:
      return "invalid_metadata";
    case ErrorCode::invalid_id:
      return "invalid_id";
    case ErrorCode::encoding_failed:
      return "encoding_failed";
    case ErrorCode::would_block:
      return "would_block";
    case ErrorCode::timed_out:
      return "timed_out";
    case ErrorCode::would_deadlock:
      return "would_deadlock";
    case ErrorCode::exclusive_shard:
      return "exclusive_shard";
    case ErrorCode::claim_open:
      return "claim_open";
    case ErrorCode::group_options_mismatch:
      return "group_options_mismatch";
    case ErrorCode::busy:
      return "busy";
    case ErrorCode::reentrant:
      return "reentrant";
    case ErrorCode::evicted:
      return "evicted";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::closed:
      return "closed";
    case ErrorCode::gap:
      return "gap";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::persistence_failed:
      return "persistence_failed";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::disk_full:
      return "disk_full";
    case ErrorCode::disk_failed:
      return "disk_failed";
    case ErrorCode::journal_locked:
      return "journal_locked";
    case ErrorCode::newer_format:
      return "newer_format";
    case ErrorCode::ring_no_space:
      return "ring_no_space";
    case ErrorCode::forked:
      return "forked";
    case ErrorCode::durability_unknown:
      return "durability_unknown";
  }
  return "unknown_error";
}

std::string Error::to_string() const {
  std::string text(sluice::to_string(code));
  if (!message.empty()) text.append(": ").append(message);
  return text;
}

std::ostream& operator<<(std::ostream& out, const Error& error) {
  return out << error.to_string();
}

}  // namespace sluice
