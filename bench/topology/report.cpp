#include "topology/report.hpp"

#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

#include "topology/placement.hpp"

namespace sluice::bench {

namespace {

std::string_view pace_name(Pace pace) {
  switch (pace) {
    case Pace::smoke:
      return "smoke";
    case Pace::quick:
      return "quick";
    case Pace::full:
      break;
  }
  return "full";
}

/// Three significant digits or a whole number, whichever says more.
std::string pretty(double value) {
  std::array<char, 32> text{};
  const char* format = value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : value >= 1 ? "%.2f" : "%.3g";
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

std::string exact(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

std::string quoted(std::string_view text) {
  std::string quoted = "\"";  // our own words only: nothing in them needs escaping
  quoted += text;
  quoted += '"';
  return quoted;
}

using Fields = std::vector<std::pair<std::string, std::string>>;

/// One metric: `median_mps`, `low`, `high`. Several: `p50_ns`, `p50_ns_low`, `p50_ns_high`, ...
void append(Fields& fields, const std::vector<Summary>& summaries) {
  if (summaries.size() == 1) {
    const Summary& only = summaries.front();
    fields.insert(fields.end(), {{"median_" + only.metric, exact(only.median)},
                                 {"low", exact(only.low)},
                                 {"high", exact(only.high)}});
    return;
  }
  for (const Summary& each : summaries) {
    fields.insert(fields.end(), {{each.metric, exact(each.median)},
                                 {each.metric + "_low", exact(each.low)},
                                 {each.metric + "_high", exact(each.high)}});
  }
}

std::string json_of(const Outcome& outcome) {
  Fields fields{{"topology", quoted(outcome.topology)},
                {"peer", quoted(outcome.peer)},
                {"payload_bytes", std::to_string(outcome.payload_bytes)},
                {"batch", std::to_string(outcome.batch)}};
  append(fields, outcome.summaries);
  fields.insert(fields.end(), {{"regime", quoted(to_string(outcome.regime))},
                               {"repetitions", std::to_string(outcome.repetitions)}});
  std::string json;
  for (const auto& [name, value] : fields) {
    json += json.empty() ? "{" : ", ";
    json += quoted(name);
    json += ": ";
    json += value;
  }
  json += '}';
  return json;
}

}  // namespace

Report::Report(const Options& options) : options_(options) {
  if (options_.output == Output::json) return;
  std::printf(
      "%zu cores usable, payload %zu bytes, %zu interleaved repetitions; median (low to high).\n"
      "mps: million messages sent per second. regime: how far apart the first two cores were, or disturbed\n"
      "by other programs, and in how many repetitions; compare within one only. Where threads outnumber\n"
      "cores they are not pinned, and yield when they find nothing: the scheduler is measured too.\n",
      usable_cores().size(), options_.payload_bytes, options_.repetitions);
}

void Report::add(const std::string& topology, const std::vector<Outcome>& outcomes) {
  outcomes_.insert(outcomes_.end(), outcomes.begin(), outcomes.end());
  if (options_.output == Output::json || outcomes.empty()) return;
  std::printf("\n%s\n", topology.c_str());
  print(outcomes);
  std::fflush(stdout);
}

void Report::finish() {
  if (options_.output == Output::json) print_json();
}

void Report::print(const std::vector<Outcome>& outcomes) const {
  for (const Outcome& outcome : outcomes) {
    std::printf("  %-30s", outcome.peer.c_str());
    for (const Summary& summary : outcome.summaries) {
      std::printf(" %8s %-9s (%s to %s)", pretty(summary.median).c_str(), summary.metric.c_str(),
                  pretty(summary.low).c_str(), pretty(summary.high).c_str());
    }
    std::printf("   %s x%zu\n", std::string(to_string(outcome.regime)).c_str(), outcome.repetitions);
  }
}

void Report::print_json() const {
  std::printf("{\n  \"program\": \"bench_topology\",\n  \"pace\": %s,\n  \"cores\": %zu,\n",
              quoted(pace_name(options_.pace)).c_str(), usable_cores().size());
  std::printf("  \"payload_bytes\": %zu,\n  \"repetitions\": %zu,\n  \"results\": [", options_.payload_bytes,
              options_.repetitions);
  const char* separator = "\n    ";
  for (const Outcome& outcome : outcomes_) {
    std::printf("%s%s", separator, json_of(outcome).c_str());
    separator = ",\n    ";
  }
  std::printf("\n  ]\n}\n");
}

}  // namespace sluice::bench
