#pragma once

#include <string>
#include <vector>

#include "sluice/base/event_id.hpp"

#include "unit/journal/memory_file_system.hpp"

/// A small journal as a process that died left it, the same in every run: what the recovery's fuzzer damages.
namespace sluice::fuzz {

inline constexpr const char* kDirectory = "journal";
inline constexpr const char* kControlName = "control-0000000000000005.log";

[[nodiscard]] EventId journal_id();

/// Files by their paths, in an order that never changes, since inputs name them by number.
struct ImageFile {
  std::string path;
  std::vector<std::byte> bytes;
};

/// Two shards. Shard 0: a sealed segment and an open one, synced up to the middle of that. Shard 1: an open
/// one, nothing of it synced. Both rings hold more: events, padding, a claim given up, and an open one. The
/// order is: manifest, SYNCED, control log, ring file, then the segments as the manifest has them.
[[nodiscard]] const std::vector<ImageFile>& journal_image();

}  // namespace sluice::fuzz
