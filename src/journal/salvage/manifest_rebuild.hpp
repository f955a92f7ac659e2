#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "journal/manifest.hpp"
#include "journal/salvage/salvage_finding.hpp"

namespace sluice::detail {

/// A manifest that was put together from a journal's other files.
struct RebuiltManifest {
  Manifest manifest{};
  /// What it says and nobody knows for certain: notes, for people.
  std::vector<SalvageFinding> guesses{};
};

/// Makes a manifest from the headers and records of the segments that are there, and from those lines of a
/// damaged one, `text`, that can still be read (it may be empty). Where each segment ends is where its last
/// good record does, or where the next one begins.
///
/// The last run's epoch and ring file are those of a ring file that is there, if one is; it counts as not
/// closed unless a line says so. Of files with the same records the one that has most of them is listed.
///
/// Errors: `corrupt` where a segment's header is damaged, segments of two journals lie there, two runs claim
/// one place, or there is no segment: nothing else says which journal it is and in which epoch it was
/// written. `newer_format`; those of reading.
[[nodiscard]] Result<RebuiltManifest> rebuild_manifest(FileSystem& files, const std::string& directory,
                                                       std::string_view text);

}  // namespace sluice::detail
