#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sluice/base/event_id.hpp"

#include "journal/manifest.hpp"

/// Makes checksums fit what a fuzzer wrote, so that it comes to what lies behind them. Bytes that are in no
/// place for one stay as they are.
namespace sluice::fuzz {

using Bytes = std::vector<std::byte>;

/// Gives the text a last line that fits, in the place of the one it has.
void repair_manifest(Bytes& text);
/// Of the header and of all frames, up to the first that has no sound length.
void repair_control_log(Bytes& file, const EventId& journal, const std::string& name);
void repair_synced_record(Bytes& file);
/// A header that says what `entry` does, and records up to the first that has no sound length.
void repair_segment(Bytes& file, const detail::SegmentEntry& entry, const EventId& journal);
void repair_ring(Bytes& file);

}  // namespace sluice::fuzz
