#include "journal/options.hpp"

#include <chrono>
#include <string>

#include "journal/segment_format.hpp"

namespace sluice::detail {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kLeastSegment = std::uint64_t{16} << 10;
constexpr std::uint64_t kMostSegment = std::uint64_t{1} << 30;

Error refusal(const std::string& what) {
  return {ErrorCode::invalid_option, "JournalOptions::" + what};
}

Result<void> validate(const Retention& limits, std::uint64_t most_segment_bytes) {
  if (limits.age && *limits.age < 1s) {
    return refusal("retention.age is " + std::to_string(limits.age->count()) +
                   " ns: give at least 1 s, or nothing");
  }
  const std::uint64_t least_bytes = 2 * (most_segment_bytes + kSegmentHeaderBytes);
  if (limits.bytes && *limits.bytes < least_bytes) {
    return refusal(
        "retention.bytes is " + std::to_string(*limits.bytes) + ": give at least " +
        std::to_string(least_bytes) +
        ", twice the largest segment (the one that is written stays), or set most_segment_bytes lower");
  }
  if (limits.events == 0) return refusal("retention.events is 0: give at least 1, or nothing");
  return {};
}

}  // namespace

Result<void> validate(const JournalOptions& options) {
  if (options.directory.empty()) return refusal("directory is empty: name one");
  if (options.sync_every && (*options.sync_every < 1ms || *options.sync_every > 1h)) {
    return refusal("sync_every is " + std::to_string(options.sync_every->count()) +
                   " ns: give 1 ms to 1 hour, or nothing");
  }
  if (options.most_unsynced_age && (!options.sync_every || *options.most_unsynced_age < *options.sync_every ||
                                    *options.most_unsynced_age > 24h)) {
    return refusal("most_unsynced_age is " + std::to_string(options.most_unsynced_age->count()) +
                   " ns: give sync_every, and from that to 24 hours, or nothing");
  }
  if (options.full_patience < 0ms || options.full_patience > 1h) {
    return refusal("full_patience is " + std::to_string(options.full_patience.count()) +
                   " ns: give 0 to 1 hour");
  }
  if (auto valid = validate(options.retention, options.most_segment_bytes); !valid) return valid;
  const auto is_size = [](std::uint64_t bytes) {
    return bytes >= kLeastSegment && bytes <= kMostSegment && bytes % 4096 == 0;
  };
  if (!is_size(options.first_segment_bytes) || !is_size(options.most_segment_bytes) ||
      options.first_segment_bytes > options.most_segment_bytes) {
    return refusal("first_segment_bytes and most_segment_bytes are " +
                   std::to_string(options.first_segment_bytes) + " and " +
                   std::to_string(options.most_segment_bytes) +
                   ": give multiples of 4096 from 16 KiB to 1 GiB, the first not above the other");
  }
  return {};
}

}  // namespace sluice::detail
