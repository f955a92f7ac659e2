#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/topic/table.hpp"

#include "journal/manifest.hpp"
#include "journal/segment.hpp"

namespace sluice::detail {

/// Sizes of a shard's segments: each twice the one before.
struct SegmentSizes {
  std::uint64_t first_bytes = 0;
  std::uint64_t most_bytes = 0;
};

/// Where a new segment begins, and how the one before it ends.
struct SegmentPlace {
  std::uint32_t shard = 0;
  std::uint64_t begin = 0;
  std::uint64_t least_bytes = 0;  ///< of room for records
  std::uint64_t before_ends = 0;  ///< what lies between is a gap
  std::optional<std::uint64_t> before_events{};
};

/// A journal's segments, open, and the manifest that lists them. The two change together, the manifest first:
/// no record is ever in a file that it does not list.
///
/// **Thread safety.** Any thread; whoever begins segments of a shard is one thread at a time.
class Catalogue {
 public:
  /// `clock` says when segments were sealed; null stands for the default one.
  Catalogue(FileSystem& files, std::string directory, const TopicTable& topics, Manifest manifest,
            SegmentSizes sizes, std::shared_ptr<const Clock> clock);

  /// Opens the files of the manifest's segments and checks their headers.
  [[nodiscard]] Result<void> open_segments();
  /// Removes segment files that the manifest does not list: those that it calls dropped, and those that hold
  /// no record, which a crash left while they were made. `corrupt` for one that holds some.
  [[nodiscard]] Result<void> remove_leftovers();

  [[nodiscard]] const TopicTable& topics() const noexcept { return *topics_; }
  [[nodiscard]] Manifest manifest() const;
  /// Has `change` change the manifest, and stores it. On an error the one on disk is the old or the new one,
  /// and this one the old.
  [[nodiscard]] Result<void> change(const std::function<void(Manifest&)>& change);

  /// A new segment of a shard, where that is to be. A file that could not be listed is used the next time.
  [[nodiscard]] Result<std::shared_ptr<Segment>> begin_segment(const SegmentPlace& place);
  /// How large the file of a new segment would be.
  [[nodiscard]] std::uint64_t next_segment_bytes(const SegmentPlace& place) const;
  /// Lets go of what lies at or above `position`: the segments that begin there, from the list and from the
  /// disk when the manifest is stored next; the one that it cuts ends there.
  void cut(std::uint32_t shard, std::uint64_t position);

  /// Removes segments, each shard's oldest ones, from the list and then from the disk. Who has one open reads
  /// on.
  [[nodiscard]] Result<void> remove(const std::vector<SegmentEntry>& segments);

  /// A segment that takes the place of others once it is filled and synced (`replace`), and until then counts
  /// for nothing. Its `entry` says all but the salt.
  [[nodiscard]] Result<std::shared_ptr<Segment>> begin_copy(SegmentEntry entry);
  /// Puts copies, in order, in the place of all that a shard has at or above `position`.
  [[nodiscard]] Result<void> replace(std::uint32_t shard, std::uint64_t position,
                                     const std::vector<std::shared_ptr<Segment>>& copies);

  /// A shard's, in order. All but the last have an end.
  [[nodiscard]] std::vector<std::shared_ptr<Segment>> segments(std::uint32_t shard) const;
  /// How many shards have any, counted from 0.
  [[nodiscard]] std::uint32_t shards() const;

 private:
  [[nodiscard]] Result<void> store(Manifest& next);
  [[nodiscard]] Result<std::shared_ptr<Segment>> make_or_find(const SegmentPlace& place);
  [[nodiscard]] std::uint64_t room_for(const SegmentPlace& place) const;
  void drop_from(std::uint32_t shard, std::uint64_t position);
  void remove_obsolete();

  FileSystem* files_;
  std::string directory_;
  const TopicTable* topics_;
  SegmentSizes sizes_;
  std::shared_ptr<const Clock> clock_;

  mutable std::mutex mutex_;
  Manifest manifest_;
  std::vector<std::vector<std::shared_ptr<Segment>>> segments_;  ///< by shard
  std::vector<std::shared_ptr<Segment>> spare_;                  ///< made, and perhaps not listed
  std::vector<std::string> obsolete_;  ///< names of files that the stored manifest may list
};

}  // namespace sluice::detail
