#include "sluice/journal/journal.hpp"

#include <utility>

#include "bus/history.hpp"
#include "journal/file_size_signal.hpp"
#include "journal/journal_impl.hpp"

namespace sluice {

namespace detail {

JournalImpl::JournalImpl(JournalOptions options, FileSystem& files)
    : options_(std::move(options)), files_(&files) {}

JournalImpl::~JournalImpl() {
  stop(std::chrono::nanoseconds(0));
}

Result<void> JournalImpl::check_home() const {
  if (home_.is_here()) return {};
  return home_.error("the journal " + options_.directory);
}

std::optional<Error> JournalImpl::trouble() const {
  if (auto home = check_home(); !home) return std::move(home).error();
  const std::lock_guard lock(mutex_);
  if (trouble_) return trouble_;
  return sync_trouble_ ? sync_trouble_ : retain_trouble_;
}

Result<std::span<std::byte>> JournalImpl::ring_memory(std::uint32_t shard, std::size_t bytes) {
  if (ring_ == nullptr || shard >= ring_->shards()) return std::span<std::byte>();
  const std::span<std::byte> memory = ring_->memory(shard);
  if (memory.size() != bytes) {
    return Error{ErrorCode::persistence_failed, "shard " + std::to_string(shard) + " wants " +
                                                    std::to_string(bytes) + " bytes for its ring and had " +
                                                    std::to_string(memory.size()) + " when it was announced"};
  }
  return memory;
}

std::uint64_t JournalImpl::journaled_position(std::uint32_t shard) const noexcept {
  // SYNC journaled: see keep.
  return shard < shards_.size() ? shards_[shard]->journaled.load(std::memory_order_acquire) : 0;
}

std::uint64_t JournalImpl::durable_position(std::uint32_t shard) const noexcept {
  // SYNC durable: see sync_all.
  return shard < shards_.size() ? shards_[shard]->durable.load(std::memory_order_acquire) : 0;
}

Result<std::uint64_t> JournalImpl::read(std::uint32_t shard, std::uint64_t from,
                                        const std::function<bool(const EventView&)>& visit) {
  if (auto home = check_home(); !home) return std::move(home).error();
  if (shard >= shards_.size()) return unknown_shard(shard, shards_.size());
  // The end as it is now: a reader that is slower than the publishers comes back all the same.
  const std::uint64_t end = journaled_position(shard);
  const auto segments = catalogue_->segments(shard);
  const std::uint64_t oldest = segments.empty() ? end : segments.front()->entry.begin;
  if (from < oldest) return gap(shard, from, oldest);
  const std::int64_t now_ns = now_by(clock_.get());
  const auto visit_unexpired = [&](const EventView& event) {
    return is_expired(event, now_ns) || visit(event);
  };
  std::uint64_t next = from;
  bool go_on = true;
  for (std::size_t i = 0; i < segments.size() && next < end && go_on; ++i) {
    const SegmentEntry& entry = segments[i]->entry;
    if (next < entry.begin) return next == from ? gap(shard, from, entry.begin) : Result<std::uint64_t>(next);
    const std::uint64_t until = std::min(end, entry.end.value_or(end));
    if (next >= until) continue;
    auto read = read_segment(*segments[i], next, until, go_on, visit_unexpired);
    if (!read) return read;
    next = *read;
  }
  return next;
}

/// Visits the events of a segment from `from` on; `go_on` becomes false when the visitor has enough.
Result<std::uint64_t> JournalImpl::read_segment(const Segment& segment, std::uint64_t from,
                                                std::uint64_t until, bool& go_on,
                                                const std::function<bool(const EventView&)>& visit) {
  SegmentScanner scanner(segment, from, until);
  for (bool is_first = true;; is_first = false) {
    auto record = scanner.next();
    if (!record) return std::move(record).error();
    if (!*record && scanner.fault() != nullptr && is_first && from != segment.entry.begin) {
      // Perhaps no record begins there: the next one that does is found from the segment's first one on.
      SegmentScanner from_begin(segment, segment.entry.begin, until);
      while (from_begin.position() < from) {
        auto before = from_begin.next();
        if (!before) return std::move(before).error();
        if (!*before) return from_begin.error();
      }
      if (from_begin.position() == from) return scanner.error();
      scanner = std::move(from_begin);
      continue;
    }
    if (!*record) {
      if (scanner.fault() != nullptr) return scanner.error();
      return until;
    }
    if (!(*record)->word.is_data()) continue;
    const EventView event(segment.context, (*record)->bytes, (*record)->word, (*record)->position);
    if (event.topic_id() >= topics_->size()) {
      return Error{ErrorCode::corrupt, segment.file->path() + ", position " +
                                           std::to_string((*record)->position) + ": an event of topic " +
                                           std::to_string(event.topic_id()) +
                                           ", which the control log does not define"};
    }
    if (!visit(event)) {
      go_on = false;
      return scanner.position();
    }
  }
}

Result<void> JournalImpl::sync(std::uint32_t shard, std::uint64_t position,
                               std::chrono::nanoseconds timeout) {
  if (auto home = check_home(); !home) return home;
  if (shard >= shards_.size()) return unknown_shard(shard, shards_.size());
  const auto is_durable = [&] { return durable_position(shard) >= position; };
  (void)commits_.wait(timeout, [&] { return is_durable() || is_poisoned(); });
  if (is_durable()) return not_in_a_gap(shard, position);
  const auto why = trouble();
  return Error{ErrorCode::durability_unknown, why ? why->message : "the deadline passed first"};
}

/// Of an event that ends at `position`: whether it was let go while the disk was full.
Result<void> JournalImpl::not_in_a_gap(std::uint32_t shard, std::uint64_t position) const {
  if (options_.when_full != WhenFull::go_on) return {};
  std::uint64_t end = position;
  for (const auto& segment : catalogue_->segments(shard)) {
    if (end < position && position <= segment->entry.begin) {
      return gap(shard, position, segment->entry.begin);
    }
    end = segment->entry.end.value_or(position);
  }
  return {};
}

}  // namespace detail

std::shared_ptr<Journal> journal(std::string directory) {
  JournalOptions options;
  options.directory = std::move(directory);
  return journal(std::move(options));
}

std::shared_ptr<Journal> journal(JournalOptions options) {
  return std::make_shared<detail::JournalImpl>(std::move(options), detail::posix_file_system());
}

}  // namespace sluice
