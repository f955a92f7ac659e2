#include "topology/options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "topology/topologies.hpp"

namespace sluice::bench {

namespace {

constexpr std::array<std::size_t, 3> kPayloads{8, 64, 256};
constexpr std::size_t kMaxRepetitions = 101;

Error refusal(const std::string& what) {
  return {ErrorCode::invalid_option, what + "; see --help"};
}

std::optional<std::size_t> number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void set_pace(Options& options, Pace pace) {
  options.pace = pace;
  if (pace == Pace::quick) {
    options.repetitions = 5;
    options.measurement = std::chrono::milliseconds(40);
  } else {
    options.repetitions = 1;
    options.measurement = std::chrono::milliseconds(1);
    options.first_try_divisor = 20;
  }
}

bool is_known(std::string_view topology) {
  Options only;
  only.topologies.emplace_back(topology);
  const auto known = topology_names();
  return std::any_of(known.begin(), known.end(), [&](const auto& name) { return only.wants(name); });
}

std::string all_names() {
  std::string names;
  for (const std::string& name : topology_names()) {
    if (!names.empty()) names += ", ";
    names += name;
  }
  return names;
}

Result<void> take(Options& options, std::string_view option, std::string_view value) {
  const std::string given(value);
  if (option == "--topology") {
    if (!is_known(value)) return refusal("there is no topology '" + given + "', only " + all_names());
    options.topologies.push_back(given);
    return {};
  }
  const std::optional<std::size_t> count = number(value);
  if (option == "--repetitions") {
    if (!count || *count < 1 || *count > kMaxRepetitions) {
      return refusal("--repetitions is a number from 1 to " + std::to_string(kMaxRepetitions) + ", not '" +
                     given + "'");
    }
    options.repetitions = *count;
    return {};
  }
  if (!count || std::find(kPayloads.begin(), kPayloads.end(), *count) == kPayloads.end()) {
    return refusal("--payload is 8, 64 or 256 bytes, not '" + given + "'");
  }
  options.payload_bytes = *count;
  return {};
}

}  // namespace

bool Options::wants(std::string_view topology) const {
  if (topologies.empty()) return true;
  return std::any_of(topologies.begin(), topologies.end(), [&](const std::string& wanted) {
    if (topology == wanted) return true;
    // A family names all its sizes: what follows must be a number, so that `topic` is not `topics`.
    return topology.size() > wanted.size() + 1 && topology.starts_with(wanted) &&
           topology[wanted.size()] == '_' && number(topology.substr(wanted.size() + 1)).has_value();
  });
}

Result<Options> parse_options(const std::vector<std::string_view>& arguments) {
  Options options;
  // The pace first, wherever it stands, because other options change what it sets.
  for (const std::string_view argument : arguments) {
    if (argument != "--quick" && argument != "--smoke") continue;
    const Pace pace = argument == "--quick" ? Pace::quick : Pace::smoke;
    if (options.pace != Pace::full && options.pace != pace) {
      return refusal("--quick and --smoke exclude each other");
    }
    set_pace(options, pace);
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view option = arguments[i];
    if (option == "--quick" || option == "--smoke") continue;
    if (option == "--help" || option == "-h") {
      options.help = true;
    } else if (option == "--json") {
      options.output = Output::json;
    } else if (option == "--topology" || option == "--repetitions" || option == "--payload") {
      if (i + 1 == arguments.size()) return refusal(std::string(option) + " needs a value");
      if (Result<void> taken = take(options, option, arguments[++i]); !taken) return std::move(taken.error());
    } else {
      return refusal("unknown option '" + std::string(option) + "'");
    }
  }
  return options;
}

std::string_view help_text() {
  static const std::string text =
      R"(usage: bench_topology [OPTIONS]

Measures whole paths through the bus, beside other queues in the same process: interleaved repetitions,
medians with ranges, a checksum over everything received, and the distance between the two cores ("regime")
probed around each measurement. Compare within a regime only.

  --quick            an answer in less than 50 s: 5 repetitions of 40 ms
  --smoke            in about 2 s: does everything still run? Its numbers mean nothing
  --topology NAME    only this one, or this family; may be repeated
  --repetitions N    1 to 101 (default 11; --quick 5, --smoke 1)
  --payload BYTES    8, 64 or 256 (default 64)
  --json             JSON on standard output instead of the table
  --help             this text

topologies: )" +
      all_names() +
      R"(

examples:
  bench_topology --quick
  bench_topology --topology fan_out --payload 256
  bench_topology --topology one_to_one --repetitions 21 --json > one_to_one.json
)";
  return text;
}

}  // namespace sluice::bench
