// Removing what is old, and the limit of space.
#include "bus/history.hpp"
#include "journal/file_size_signal.hpp"
#include "journal/journal_impl.hpp"
#include "journal/text.hpp"

namespace sluice::detail {

bool JournalImpl::has_limits() const noexcept {
  const Retention& limits = options_.retention;
  return limits.age || limits.bytes || limits.events;
}

Result<Removed> JournalImpl::retain() {
  if (auto home = check_home(); !home) return std::move(home).error();
  const NoFileSizeSignal no_signal;
  auto plan = remove_old(0);
  if (!plan) return std::move(plan).error();
  Removed removed;
  for (const SegmentEntry& segment : plan->segments) {
    ++removed.segments;
    removed.bytes += kSegmentHeaderBytes + segment.bytes;
  }
  return removed;
}

/// Removes what may go before a file of so many bytes is made; `disk_full`, naming the cursor, where one
/// holds what would have to go.
Result<void> JournalImpl::make_room(std::uint64_t bytes) {
  if (!has_limits()) return {};
  auto plan = remove_old(bytes);
  if (!plan) return std::move(plan).error();
  if (!plan->held) return {};
  const Holder& holder = *plan->held;
  return Error{ErrorCode::disk_full,
               options_.directory + " would take " + std::to_string(plan->bytes) +
                   " bytes with its next segment, and JournalOptions::retention allows " +
                   std::to_string(*options_.retention.bytes) + "; cursor " + shown(holder.name) +
                   " holds what lies behind position " + std::to_string(holder.position) + " of shard " +
                   std::to_string(holder.shard) + ": have its reader catch up, remove it, or allow more"};
}

Result<RemovalPlan> JournalImpl::remove_old(std::uint64_t coming_bytes) {
  const std::lock_guard one(retain_mutex_);
  const auto decide = [&] {
    const std::lock_guard lock(mutex_);
    return plan_removal(options_.retention, catalogue_->manifest().segments, cursors_, now_by(clock_.get()),
                        coming_bytes);
  };
  RemovalPlan plan = decide();
  Result<void> removed;
  if (!plan.segments.empty()) removed = catalogue_->remove(plan.segments);
  const std::lock_guard lock(mutex_);
  if (!removed) {
    retain_trouble_ = removed.error();
    return std::move(removed).error();
  }
  retain_trouble_.reset();
  return plan;
}

}  // namespace sluice::detail
