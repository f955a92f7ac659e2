#include "journal/salvage/segment_survey.hpp"

#include <algorithm>
#include <optional>

#include "journal/record_search.hpp"
#include "journal/zero_check.hpp"

namespace sluice::detail {

namespace {

/// One walk through a segment's file.
class Walk {
 public:
  Walk(const Segment& segment, const RecordVisitor& visit)
      : segment_(segment),
        visit_(visit),
        limit_(segment.entry.end.value_or(segment.entry.begin + segment.entry.bytes)),
        zeros_(*segment.file) {}

  Result<SegmentSurvey> run(const EventId& journal) {
    survey_.end = segment_.entry.begin;
    if (auto checked = check_file(journal); !checked) return std::move(checked).error();
    for (std::uint64_t at = segment_.entry.begin; at < limit_;) {
      auto next = read_run(at);
      if (!next) return std::move(next).error();
      at = *next;
    }
    return std::move(survey_);
  }

 private:
  Result<void> check_file(const EventId& journal) {
    SegmentHeader header{};
    auto read = segment_.file->read_at(0, header);
    if (!read) return std::move(read).error();
    const SegmentHeader expected = encode_header(segment_.entry, journal);
    const auto differs =
        std::mismatch(expected.begin(), expected.end(), header.begin()).first - expected.begin();
    if (*read < header.size() || static_cast<std::size_t>(differs) != expected.size()) {
      survey_.faults.push_back({std::min<std::uint64_t>(*read, static_cast<std::uint64_t>(differs)),
                                "the segment's header is not what the manifest says of it"});
    }
    const auto size = segment_.file->size();
    if (!size) return size.error();
    const std::uint64_t made_with = kSegmentHeaderBytes + segment_.entry.bytes;
    if (*size != made_with) {
      survey_.faults.push_back({std::min(*size, made_with), "the file has " + std::to_string(*size) +
                                                                " bytes, and was made with " +
                                                                std::to_string(made_with)});
    }
    return {};
  }

  /// The records from `from` on up to the first bad one; where the next good one is, or the end.
  Result<std::uint64_t> read_run(std::uint64_t from) {
    SegmentScanner scanner(segment_, from, limit_);
    GoodRun run{from, from, 0};
    std::string fault;
    for (;;) {
      auto record = scanner.next();
      if (!record) return std::move(record).error();
      if (!*record) break;
      if ((*record)->position + (*record)->word.stride() > limit_) {
        fault = "a record that reaches beyond the end that the manifest names";
        break;
      }
      if (auto looked = look_at(**record); !looked) return std::move(looked).error();
      run.to = (*record)->position + (*record)->word.stride();
      if ((*record)->word.is_data()) ++run.events;
    }
    if (run.to != run.from) survey_.runs.push_back(run);
    survey_.end = std::max(survey_.end, run.to);
    if (run.to == limit_) return limit_;
    if (fault.empty() && scanner.fault() != nullptr) fault = scanner.fault();
    auto next = find_record(segment_, run.to + log::kAlignment, limit_);
    if (!next) return next;
    if (*next == limit_ && !segment_.entry.end) {
      survey_.is_torn = !scanner.at_free_space();
      return limit_;
    }
    survey_.stretches.push_back({run.to, *next, file_offset(segment_.entry, run.to), std::move(fault)});
    return next;
  }

  /// Shows it, and checks that what fills it up to the next one is zero, which is in no checksum.
  Result<void> look_at(const SegmentScanner::Record& record) {
    visit_(segment_.entry, record);
    const std::uint64_t begin = file_offset(segment_.entry, record.position);
    const std::uint64_t used = record.word.is_data() ? record.word.length() : log::kHeaderBytes;
    auto other = zeros_.first_other(begin + used, begin + record.word.stride());
    if (!other) return std::move(other).error();
    if (*other) survey_.faults.push_back({**other, "other bytes than zeros where a record is filled up"});
    return {};
  }

  const Segment& segment_;
  const RecordVisitor& visit_;
  std::uint64_t limit_;
  ZeroCheck zeros_;
  SegmentSurvey survey_;
};

}  // namespace

Result<SegmentSurvey> survey_segment(FileSystem& files, const std::string& directory,
                                     const SegmentEntry& entry, const EventId& journal,
                                     const RecordVisitor& visit) {
  const std::string path = join_path(directory, segment_name(entry));
  const auto there = files.exists(path);
  if (!there) return there.error();
  if (!*there) {
    SegmentSurvey survey;
    survey.is_there = false;
    survey.end = entry.begin;
    const std::uint64_t end = entry.end.value_or(entry.begin);
    if (end != entry.begin) survey.stretches.push_back({entry.begin, end, 0, "the file is missing"});
    return survey;
  }
  auto file = files.open(path, OpenMode::read_only);
  if (!file) return std::move(file).error();
  const Segment segment{entry, *std::move(file), ShardContext{entry.epoch, entry.shard, nullptr}};
  return Walk(segment, visit).run(journal);
}

}  // namespace sluice::detail
