#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/event_id.hpp"
#include "sluice/base/result.hpp"

#include "journal/file_system.hpp"

namespace sluice::detail {

/// The version of everything a journal writes. A journal of a higher one is refused.
inline constexpr std::uint32_t kFormatVersion = 1;
/// Features of a journal that this program knows. An unknown incompatible one keeps it from being opened, an
/// unknown compatible one is ignored.
inline constexpr std::uint64_t kIncompatibleFeatures = 0;
inline constexpr std::uint64_t kCompatibleFeatures = 0;

/// A segment: a file that holds one shard's records from `begin` on.
struct SegmentEntry {
  std::uint32_t shard = 0;
  std::uint64_t begin = 0;             ///< position of its first record; a multiple of 32
  std::uint64_t bytes = 0;             ///< room for records; a multiple of 32
  std::optional<std::uint64_t> end{};  ///< sealed: the position behind its last record; none: being written
  std::uint64_t epoch = 0;             ///< of the run that wrote it
  std::uint64_t salt = 0;      ///< in every record's checksum, so that another file's records are none
  std::int64_t sealed_ns = 0;  ///< when it was sealed, by the bus's clock, from 1 on; 0 while it is not
  std::optional<std::uint64_t> events{};  ///< of a sealed one; none: nobody has counted them

  friend bool operator==(const SegmentEntry&, const SegmentEntry&) = default;
};

/// Where a run ended without being closed, and no ring was left to say what followed: events from `position`
/// on may have been delivered, and are lost.
struct TailUnknown {
  std::uint32_t shard = 0;
  std::uint64_t position = 0;
  std::uint64_t epoch = 0;  ///< of the run that ended there

  friend bool operator==(const TailUnknown&, const TailUnknown&) = default;
};

/// What a journal consists of. A text file that people can read, replaced as a whole; see FORMAT.md.
struct Manifest {
  EventId journal{};                         ///< which journal this is, for ever
  std::uint64_t generation = 0;              ///< counts its versions
  std::uint64_t incompatible = 0;            ///< feature bits
  std::uint64_t compatible = 0;              ///< feature bits
  std::uint64_t epoch = 0;                   ///< of the last run
  std::string control_log{};                 ///< its file's name
  std::string ring_file{};                   ///< the last run's; a whole path, or empty for none
  bool closed = false;                       ///< the last run ended in order: its ring has nothing to add
  std::vector<SegmentEntry> segments{};      ///< by shard and position, without a hole unless a gap is told
  std::vector<TailUnknown> tails_unknown{};  ///< in the order in which they were found
  /// Names of segments' files that count for nothing, whatever they hold: they are to be removed, or being
  /// made. Sorted.
  std::set<std::string> dropped{};

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

/// The name of a segment's file: shard, first position and salt, so that no two are ever the same. Sorted,
/// they are in the order of their records.
[[nodiscard]] std::string segment_name(const SegmentEntry& segment);

[[nodiscard]] std::string to_text(const Manifest& manifest);
/// Errors: `corrupt` with `path`, line and what is wrong there; `newer_format`, naming both versions or the
/// unknown feature bits. Every line is checked, and the last one is the checksum of those before.
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view text, const std::string& path);

/// The manifest of a directory; nothing when there is none.
[[nodiscard]] Result<std::optional<Manifest>> load_manifest(FileSystem& files, const std::string& directory);
/// Replaces it, one generation higher, so that a loss of power leaves the old or the new one. What
/// `parse_manifest` would refuse is refused here, as `invalid_option`, and nothing is written. After another
/// error the disk has the old or the new one, and the generation is used up.
[[nodiscard]] Result<void> store_manifest(FileSystem& files, const std::string& directory,
                                          Manifest& manifest);

}  // namespace sluice::detail
