#include "tools/json.hpp"

namespace sluice::tools {

void add(Json& json, const Finding& finding) {
  json.begin_object();
  json.add("severity", finding.severity == Finding::Severity::damage ? "damage" : "note");
  json.add("file", finding.file.empty() ? std::nullopt : std::optional<std::string>(finding.file));
  json.add("offset", finding.offset);
  json.add("shard", finding.shard);
  json.add("position", finding.position);
  json.add("end_position", finding.end);
  json.add("what", finding.what);
  json.end_object();
}

}  // namespace sluice::tools
