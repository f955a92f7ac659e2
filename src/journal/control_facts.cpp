// Topics and durable cursors: the journal's small facts, and the file that they are appended to.
#include <algorithm>

#include "bus/history.hpp"
#include "journal/file_size_signal.hpp"
#include "journal/journal_impl.hpp"

namespace sluice::detail {

namespace {

/// A control log that is larger, and most of which is no longer true, makes way for a new one.
constexpr std::uint64_t kLargeControlLog = std::uint64_t{1} << 20;

}  // namespace

Result<void> JournalImpl::define_topic(const TopicDefinition& topic) {
  return keep_fact([&](ControlLog& log) -> Result<void> {
    if (auto kept = log.append(topic); !kept) return kept;
    if (auto kept = topics_->restore(topic.name, topic.id, topic.shard); !kept)
      return std::move(kept).error();
    return {};
  });
}

Result<std::optional<std::uint64_t>> JournalImpl::load_cursor(std::string_view name, std::uint32_t shard) {
  if (auto home = check_home(); !home) return std::move(home).error();
  const std::lock_guard lock(mutex_);
  const auto found = cursors_.find({std::string(name), shard});
  if (found == cursors_.end()) return std::optional<std::uint64_t>();
  return std::optional(found->second.position);
}

Result<void> JournalImpl::store_cursor(std::string_view name, std::uint32_t shard, std::uint64_t position,
                                       CursorRetention retention) {
  if (name.empty()) return Error{ErrorCode::invalid_option, "a cursor's name is empty: give it one"};
  if (shard >= shards_.size()) return unknown_shard(shard, shards_.size());
  // What is being removed at this moment was decided on without it: it holds what is left then.
  std::unique_lock no_removal(retain_mutex_, std::defer_lock);
  if (retention == CursorRetention::hold) no_removal.lock();
  return keep_fact([&](ControlLog& log) -> Result<void> {
    const KeptCursor cursor{position, retention};
    if (auto kept = log.append_cursor(name, shard, cursor); !kept) return kept;
    cursors_[{std::string(name), shard}] = cursor;
    return {};
  });
}

Result<void> JournalImpl::remove_cursor(std::string_view name, std::uint32_t shard) {
  return keep_fact([&](ControlLog& log) -> Result<void> {
    const auto found = cursors_.find({std::string(name), shard});
    if (found == cursors_.end()) return {};
    if (auto kept = log.append_removal(name, shard); !kept) return kept;
    cursors_.erase(found);
    return {};
  });
}

/// Has `append` append to the control log, under the lock, and remember what it appended.
Result<void> JournalImpl::keep_fact(const std::function<Result<void>(ControlLog&)>& append) {
  if (auto home = check_home(); !home) return home;
  const NoFileSizeSignal no_signal;
  std::unique_lock one_sync(sync_mutex_, std::defer_lock);
  std::unique_lock lock(mutex_);
  if (next_control_ != nullptr || control_->written() >= control_limit_bytes_) {
    lock.unlock();
    one_sync.lock();  // whoever syncs has the log in hand; in this order, as everywhere
    lock.lock();
    // Where a new log is left over, which of the two the manifest on the disk names is not known: what were
    // in one only might be lost. Both locks stay until it is appended, so that nobody else leaves one behind.
    if (auto renewed = renew_control(); next_control_ != nullptr) return renewed;
  }
  return append(*control_);
}

/// Begins a new control log with what is true now, under both locks. On an error the old one serves on,
/// unless the manifest on the disk may name the new one: then there is a `next_control_`, and nothing is
/// appended before a further try succeeds.
Result<void> JournalImpl::renew_control() {
  const Manifest manifest = catalogue_->manifest();
  if (next_control_ == nullptr) {
    if (control_->written() < control_limit_bytes_) return {};  // another thread was here
    control_limit_bytes_ = 2 * control_->written();             // if this fails
    ControlState state{.cursors = cursors_};
    for (std::uint32_t id = 0; id < topics_->size(); ++id) {
      const Topic& topic = *topics_->by_id(id);
      state.topics.push_back({std::string(topic.name()), topic.id(), topic.shard()});
    }
    const std::string next = path(control_name(manifest.generation + 1));
    if (auto removed = files_->remove(next); !removed) return removed;  // of an attempt that failed
    auto created = ControlLog::create(*files_, next, manifest.journal, state);
    if (!created) return std::move(created).error();
    // The manifest must not name what a loss of power can take.
    if (auto listed = files_->sync_directory(options_.directory); !listed) return listed;
    next_control_ = *std::move(created);
  }
  auto named =
      catalogue_->change([&](Manifest& next) { next.control_log = file_name(next_control_->path()); });
  if (!named) return named;
  const std::string before = control_->path();
  control_ = std::move(next_control_);
  limit_control();
  (void)files_->remove(before);  // what stays is removed by the next run
  return {};
}

void JournalImpl::limit_control() {
  control_limit_bytes_ = std::max(kLargeControlLog, 2 * control_->written());
}

}  // namespace sluice::detail
