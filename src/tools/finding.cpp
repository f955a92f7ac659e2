#include "tools/finding.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace sluice::tools {

Finding finding_of(const Error& error, const std::string& file) {
  Finding finding;
  finding.file = file;
  std::string_view rest = error.message;
  if (!rest.starts_with(file)) {
    finding.what = error.message;
    return finding;
  }
  rest.remove_prefix(file.size());
  constexpr std::string_view kOffset = ", offset ";
  if (rest.starts_with(kOffset)) {
    rest.remove_prefix(kOffset.size());
    std::uint64_t offset = 0;
    const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), offset);
    if (failure == std::errc()) finding.offset = offset;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  }
  rest.remove_prefix(std::min(rest.find_first_not_of(":, "), rest.size()));
  finding.what = rest;
  return finding;
}

Finding finding_of(const detail::Hole& hole, std::uint32_t shard) {
  using Kind = detail::Hole::Kind;
  Finding finding;
  finding.severity = hole.kind == Kind::damaged ? Finding::Severity::damage : Finding::Severity::note;
  finding.file = hole.file;
  if (!hole.file.empty()) finding.offset = hole.offset;
  finding.shard = shard;
  finding.position = hole.from;
  finding.end = hole.to;
  finding.what = hole.what;
  if (hole.kind == Kind::torn)
    finding.what += "; none of it was synced, and the next opening cuts the log here";
  return finding;
}

std::string to_text(const Finding& finding) {
  std::string text = finding.file;
  if (finding.offset) text += fmt::format(", offset {}", *finding.offset);
  if (finding.shard) {
    text += fmt::format("{}shard {}", text.empty() ? "" : " (", *finding.shard);
    if (finding.position) text += fmt::format(", position {}", *finding.position);
    if (finding.position && finding.end && *finding.end > *finding.position) {
      text += fmt::format(" to {}", *finding.end);
    }
    if (!finding.file.empty()) text += ")";
  }
  return text + (text.empty() ? "" : ": ") + finding.what;
}

bool has_damage(const std::vector<Finding>& findings) noexcept {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.severity == Finding::Severity::damage; });
}

}  // namespace sluice::tools
