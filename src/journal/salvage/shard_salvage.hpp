#pragma once

#include <cstdint>
#include <vector>

#include "journal/salvage/salvage_plan.hpp"
#include "journal/salvage/segment_survey.hpp"

namespace sluice::detail {

/// A listed segment, and what can be read of it.
struct SurveyedSegment {
  SegmentEntry entry{};
  SegmentSurvey survey{};
};

/// Plans what becomes of one shard after another.
///
/// A segment that is as it was written stays. Of another one the good runs become segments of their own, each
/// record at its position and of its run, and what is between them a gap. What is damaged there and still in
/// the last run's ring comes from the ring.
class ShardSalvage {
 public:
  /// `visit` is shown the records that come from the ring.
  ShardSalvage(SalvagePlan& plan, const RecordVisitor& visit) : plan_(plan), visit_(visit) {}

  /// A shard's segments in order; `reached` is how far its log was known to have come.
  void add(const std::vector<SurveyedSegment>& segments, std::uint64_t reached);

 private:
  void keep(const SurveyedSegment& segment, bool is_last);
  void seal(std::uint64_t end);
  void write_anew(const SurveyedSegment& segment);
  void add_part(SegmentEntry entry, SalvagePart::Source source, const SegmentEntry& read_from);
  void fill_or_lose(const SegmentEntry& segment, const BadStretch& stretch, std::string file);
  void end_at(const SegmentEntry& last, std::uint64_t reached);
  [[nodiscard]] std::vector<RingFile::Record> ring_records(const SegmentEntry& segment, std::uint64_t from);
  void show(const std::vector<RingFile::Record>& records, const SegmentEntry& part);
  [[nodiscard]] bool has_segments() const noexcept;
  /// Where what is planned for this shard ends; 0 while nothing is.
  [[nodiscard]] std::uint64_t end() const noexcept;

  SalvagePlan& plan_;
  const RecordVisitor& visit_;
  std::size_t first_ = 0;   ///< of the plan's segments that is of this shard
  std::uint64_t told_ = 0;  ///< up to where this shard's log is accounted for
};

}  // namespace sluice::detail
