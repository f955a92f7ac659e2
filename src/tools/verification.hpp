#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journal/journal_view.hpp"
#include "journal/zero_check.hpp"
#include "tools/finding.hpp"
#include "tools/screen.hpp"

namespace sluice::tools {

/// Holds every byte of a journal that means something against what it should be, and goes on behind what is
/// wrong.
class Verification {
 public:
  explicit Verification(const detail::JournalView& view);

  /// Errors are what keeps it from going on: those of reading, `newer_format`. Damage is a finding.
  [[nodiscard]] Result<void> run();

  [[nodiscard]] const std::vector<Finding>& findings() const noexcept { return findings_; }
  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }
  /// What the good records take.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t segments() const noexcept { return segments_; }

 private:
  [[nodiscard]] Result<void> check_small_files();
  [[nodiscard]] Result<void> check_names();
  [[nodiscard]] Result<std::map<std::string, std::string>> unknown_names() const;
  [[nodiscard]] Result<void> check_unlisted_segment(const std::string& name);
  [[nodiscard]] Result<void> check_shard(std::uint32_t shard);
  [[nodiscard]] Result<void> begin_segment(const detail::Segment& segment);
  [[nodiscard]] Result<void> check_fill(const detail::FoundRecord& found);
  void add(Finding::Severity severity, const std::string& file, std::optional<std::uint64_t> offset,
           std::string what);

  const detail::JournalView& view_;
  std::vector<Finding> findings_;
  std::uint64_t events_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t segments_ = 0;
  Progress progress_;
  std::optional<detail::ZeroCheck> zero_check_;  ///< of the segment that is read
  const detail::Segment* segment_ = nullptr;     ///< that segment
};

}  // namespace sluice::tools
