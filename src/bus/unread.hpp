#pragma once

#include <cstdint>

#include "sluice/bus/detail/shard.hpp"
#include "sluice/log/join.hpp"
#include "sluice/topic/filter.hpp"

/// The log's counting, leaving and joining, in the bus's words: filters are topic filters, and a shard has
/// what there is to join.
namespace sluice::detail {

/// A topic filter, as the log asks it.
[[nodiscard]] inline auto wanted_by(const TopicFilter& filter) noexcept {
  return [&filter](std::uint32_t topic_id) { return filter.matches(topic_id); };
}

/// Committed events from a position on that a filter wants. The caller's gate or cursor protects what lies
/// between the two.
[[nodiscard]] inline std::uint64_t unread(const Shard& shard, std::uint64_t from, std::uint64_t to,
                                          const TopicFilter& filter) noexcept {
  return log::scan_unread(shard.ring, from, to, wanted_by(filter)).events;
}
[[nodiscard]] inline std::uint64_t unread_at_cursor(SpanReader& reader, const TopicFilter& filter) noexcept {
  return log::unread_at_cursor(reader, wanted_by(filter));
}
[[nodiscard]] inline std::uint64_t withdraw_cursor(SpanReader& reader, const TopicFilter& filter) noexcept {
  return log::withdraw_cursor(reader, wanted_by(filter));
}

[[nodiscard]] inline std::uint64_t join_at_tail(Shard& shard, log::Atomic<std::uint64_t>& place) noexcept {
  return log::join_at_tail(shard.ring, shard.lot, place);
}

}  // namespace sluice::detail
