#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "journal/journal_view.hpp"
#include "journal/segment.hpp"

namespace sluice::detail {

/// A place in a shard's log, and in a file, where there is no good record.
struct Hole {
  enum class Kind : std::uint8_t {
    gap,      ///< nothing is listed from here to there: what was there is no longer kept, or was lost
    damaged,  ///< something whole was written here, and this is not it
    torn,     ///< the end of what was being written when the power failed: the next opening cuts here
  };

  Kind kind = Kind::damaged;
  std::uint64_t from = 0;  ///< positions
  std::uint64_t to = 0;
  std::string file{};  ///< empty for a gap
  std::uint64_t offset = 0;
  std::string what{};
};

/// A good record, and the segment that holds it. Valid until the next call.
struct FoundRecord {
  SegmentScanner::Record record;
  const Segment* segment = nullptr;
};

/// Walks a shard of a view from its first record to its end, and goes on behind what is damaged: the next
/// record is found by its checksum, which its position is in.
///
/// One thread at a time.
class ShardReader {
 public:
  ShardReader(const JournalView& view, std::uint32_t shard)
      : view_(&view), shard_(&view.shards()[shard]), number_(shard), at_(shard_->oldest) {}

  using Item = std::variant<FoundRecord, Hole>;
  /// What comes next; nothing at the end. Errors: those of reading, `newer_format`.
  [[nodiscard]] Result<std::optional<Item>> next();
  /// Skips segments that end at or below `position`; only before the first `next`.
  void skip_to(std::uint64_t position);

  /// Behind what came last: at the end, the log's end.
  [[nodiscard]] std::uint64_t position() const noexcept { return at_; }

 private:
  using Next = std::optional<Item>;
  [[nodiscard]] Result<Next> next_segment();
  [[nodiscard]] Result<Next> open_segment(const SegmentEntry& entry);
  [[nodiscard]] Result<Next> missing(const SegmentEntry& entry);
  [[nodiscard]] Result<Next> bad_record(std::uint64_t from, std::string fault);
  [[nodiscard]] Next at_end();
  [[nodiscard]] std::uint64_t limit(const SegmentEntry& entry) const noexcept;
  [[nodiscard]] bool has_topic(const SegmentScanner::Record& record) const;
  [[nodiscard]] Hole hole_here(Hole::Kind kind, std::uint64_t from, std::uint64_t to, std::string what) const;

  const JournalView* view_;
  const ShardView* shard_;
  std::uint32_t number_;
  std::uint64_t at_;
  std::size_t next_segment_ = 0;  ///< in the shard's list
  std::shared_ptr<Segment> segment_;
  std::optional<SegmentScanner> scanner_;
  std::uint64_t until_ = 0;  ///< of the segment
  bool ended_ = false;
};

}  // namespace sluice::detail
