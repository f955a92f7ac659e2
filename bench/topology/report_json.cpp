#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "topology/percentiles.hpp"
#include "topology/placement.hpp"
#include "topology/report.hpp"

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

std::string_view bound_name(Bound bound) {
  switch (bound) {
    case Bound::at_least:
      return "at_least";
    case Bound::at_most:
      return "at_most";
    case Bound::none:
      break;
  }
  return "none";
}

std::string exact(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

std::string json_string(std::string_view text) {
  std::string json = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') json += '\\';
    json += static_cast<unsigned char>(letter) < 0x20 ? ' ' : letter;
  }
  json += '"';
  return json;
}

/// One JSON object on one line; values are JSON already.
class Object {
 public:
  Object& add(std::string_view name, const std::string& value) {
    text_ += text_.empty() ? "{" : ", ";
    text_ += json_string(name) + ": " + value;
    return *this;
  }
  [[nodiscard]] std::string take() { return text_ + "}"; }

 private:
  std::string text_;
};

/// One metric: `median_mps`, `low`, `high`. Several: `p50_ns`, `p50_ns_low`, `p50_ns_high`, ...
void add_figures(Object& object, const std::vector<Summary>& summaries) {
  if (summaries.size() == 1) {
    const Summary& only = summaries.front();
    object.add("median_" + only.metric, exact(only.median))
        .add("low", exact(only.low))
        .add("high", exact(only.high));
    return;
  }
  for (const Summary& each : summaries) {
    object.add(each.metric, exact(each.median))
        .add(each.metric + "_low", exact(each.low))
        .add(each.metric + "_high", exact(each.high));
  }
}

/// [[percent, nanoseconds], ...]
std::string curve_json(const std::vector<double>& curve) {
  std::string points;
  for (std::size_t i = 0; i < curve.size(); ++i) {
    points += points.empty() ? "[" : ", ";
    points += "[" + exact(kCurvePercents[i]) + ", " + exact(curve[i]) + "]";
  }
  return points + "]";
}

std::string outcome_json(const Outcome& outcome) {
  Object object;
  object.add("topology", json_string(outcome.topology))
      .add("peer", json_string(outcome.peer))
      .add("payload_bytes", std::to_string(outcome.payload_bytes))
      .add("batch", std::to_string(outcome.batch))
      .add("threads", std::to_string(outcome.threads))
      .add("oversubscribed", is_oversubscribed(outcome.threads) ? "true" : "false");
  if (outcome.every_ns != 0) object.add("every_ns", std::to_string(outcome.every_ns));
  add_figures(object, outcome.summaries);
  if (!outcome.curve.empty()) object.add("percentiles", curve_json(outcome.curve));
  object.add("regime", json_string(to_string(outcome.regime)))
      .add("half_round_trip_ns", exact(outcome.half_round_trip_ns))
      .add("repetitions", std::to_string(outcome.repetitions));
  return object.take();
}

/// Without a target `wanted` and `met` are null.
std::string ratio_json(const Ratio& ratio) {
  const bool has_target = ratio.bound != Bound::none;
  Object object;
  object.add("name", json_string(ratio.name))
      .add("value", exact(ratio.value))
      .add("bound", json_string(bound_name(ratio.bound)))
      .add("wanted", has_target ? exact(ratio.wanted) : "null")
      .add("met", !has_target   ? "null"
                  : ratio.met() ? "true"
                                : "false")
      .add("regime", json_string(to_string(ratio.regime)));
  return object.take();
}

template <class Items, class ToJson>
std::string array_json(const Items& items, ToJson to_json) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "[\n    " : ",\n    ") + to_json(item);
  return text.empty() ? "[]" : text + "\n  ]";
}

std::filesystem::path results_path(const std::string& folder) {
  return std::filesystem::path(folder) / "results.json";
}

void require_written(bool done, const std::string& folder) {
  if (done) return;
  throw std::runtime_error("can't write " + results_path(folder).string() + ": " + std::strerror(errno) +
                           "; give --results another folder");
}

}  // namespace

std::string to_json(const Findings& findings) {
  const auto line = [](std::string_view name, const std::string& value) {
    return "  " + json_string(name) + ": " + value + ",\n";
  };
  std::string json = "{\n";
  json += line("program", json_string("bench_topology"));
  json += line("command", json_string(findings.origin.command));
  json += line("commit", json_string(findings.origin.commit));
  json += line("cpu", json_string(findings.origin.cpu));
  json += line("cores", std::to_string(usable_cores().size()));
  json += line("system", json_string(findings.origin.system));
  json += line("compiler", json_string(findings.origin.compiler));
  json += line("pace", json_string(pace_name(findings.options.pace)));
  json += line("repetitions", std::to_string(findings.options.repetitions));
  json += line("results", array_json(findings.outcomes, outcome_json));
  json += "  \"ratios\": " + array_json(findings.ratios, ratio_json) + "\n}\n";
  return json;
}

void prepare_results(const std::string& folder) {
  std::error_code no_folder;
  std::filesystem::create_directories(folder, no_folder);
  const std::ofstream file(results_path(folder), std::ios::app);
  require_written(file.is_open(), folder);
}

void write_results(const Findings& findings, const std::string& folder) {
  std::ofstream file(results_path(folder));
  file << to_json(findings);
  file.close();
  require_written(!file.fail(), folder);
}

}  // namespace sluice::bench
