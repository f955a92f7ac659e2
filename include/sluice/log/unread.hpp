#pragma once

#include <atomic>
#include <cstdint>

#include "sluice/log/span_reader.hpp"

namespace sluice::log {

/// Committed events that somebody wants, from a position on.
struct Unread {
  std::uint64_t events = 0;
  std::uint64_t end = 0;  ///< where the walk ended: at `to`, or at a record that is not committed
};

/// Counts between two positions. `wants(topic id)` says which. The caller's gate or cursor protects what lies
/// there.
template <class Policy, class Wants>
[[nodiscard]] Unread scan_unread(const Ring<Policy>& ring, std::uint64_t from, std::uint64_t to,
                                 const Wants& wants) noexcept {
  Unread unread{0, from};
  while (unread.end < to) {
    const CommitWord word = ring.word(unread.end);
    if (!word.is_committed()) break;
    if (word.is_data() && wants(ring.topic_at(unread.end))) ++unread.events;
    unread.end += word.stride();
  }
  return unread;
}

/// How many there are from a cursor on that others may move, under the reader's gate: looks, and takes
/// nothing.
template <class Policy, class Wants>
[[nodiscard]] std::uint64_t unread_at_cursor(SpanReader<Policy>& reader, const Wants& wants) noexcept {
  std::uint64_t events = 0;
  (void)reader.claim([&](std::uint64_t at) {
    events = scan_unread(reader.ring(), at, reader.ring().tail(), wants).events;
    return at;
  });
  return events;
}

/// The same, and moves the cursor beyond them: they are nobody else's any more.
template <class Policy, class Wants>
[[nodiscard]] std::uint64_t take_unread_at_cursor(SpanReader<Policy>& reader, const Wants& wants) noexcept {
  std::uint64_t events = 0;
  const SpanResult taken = reader.claim([&](std::uint64_t at) {
    const Unread unread = scan_unread(reader.ring(), at, reader.ring().tail(), wants);
    events = unread.events;
    return unread.end;
  });
  if (taken.status != SpanStatus::claimed) return 0;
  reader.withdraw();
  return events;
}

}  // namespace sluice::log
