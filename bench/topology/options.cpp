#include "topology/options.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "topology/message.hpp"
#include "topology/names.hpp"
#include "topology/topologies.hpp"

namespace sluice::bench {

namespace {

constexpr std::size_t kMaxRepetitions = 101;
constexpr std::size_t kMaxPauses = 10'000;

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
    options.measurement = std::chrono::milliseconds(15);
    options.whole_run = std::chrono::seconds(38);
    options.first_try_divisor = 5;
  } else {
    options.repetitions = 1;
    options.measurement = std::chrono::milliseconds(1);
    options.first_try_divisor = 20;
  }
}

/// `fan_out_4` belongs to the family `fan_out`. What follows must be a number, so that `topic` is not
/// `topics`.
bool is_of_family(std::string_view topology, std::string_view family) {
  return topology.size() > family.size() + 1 && topology.starts_with(family) &&
         topology[family.size()] == '_' && number(topology.substr(family.size() + 1)).has_value();
}

/// All that --topology takes: the single ones, and the families that have several members.
std::vector<std::string> topologies_and_families() {
  std::vector<std::string> names = topology_names();
  const std::vector<std::string> single = names;
  for (const std::string& name : single) {
    const std::string family = name.substr(0, name.rfind('_'));
    if (is_of_family(name, family) && std::find(names.begin(), names.end(), family) == names.end()) {
      names.push_back(family);
    }
  }
  return names;
}

Result<void> take_topology(Options& options, const std::string& given) {
  const std::vector<std::string> known = topologies_and_families();
  if (std::find(known.begin(), known.end(), given) == known.end()) {
    return refusal("there is no topology '" + given + "'" + suggestion(given, known) +
                   " All: " + joined(known));
  }
  options.topologies.push_back(given);
  return {};
}

Result<void> take_number(std::size_t& into, const char* option, const std::string& given, std::size_t least,
                         std::size_t most) {
  const std::optional<std::size_t> value = number(given);
  if (!value || *value < least || *value > most) {
    return refusal(std::string(option) + " is a number from " + std::to_string(least) + " to " +
                   std::to_string(most) + ", not '" + given + "'");
  }
  into = *value;
  return {};
}

Result<void> take_payload(Options& options, const std::string& given) {
  const std::optional<std::size_t> bytes = number(given);
  if (!bytes || std::find(kPayloads.begin(), kPayloads.end(), *bytes) == kPayloads.end()) {
    std::vector<std::string> known;
    for (const std::size_t payload : kPayloads) known.push_back(std::to_string(payload));
    return refusal("--payload is one of " + joined(known) + " bytes, not '" + given + "'");
  }
  options.payload_bytes = *bytes;
  return {};
}

/// An option with a value.
Result<void> take(Options& options, std::string_view option, const std::string& value) {
  if (option == "--topology") return take_topology(options, value);
  if (option == "--repetitions") {
    return take_number(options.repetitions, "--repetitions", value, 1, kMaxRepetitions);
  }
  if (option == "--pauses") return take_number(options.reader_pauses, "--pauses", value, 0, kMaxPauses);
  if (option == "--payload") return take_payload(options, value);
  if (value.empty()) return refusal(std::string(option) + " needs a value");
  if (option == "--peer") {
    options.peers.push_back(value);
  } else {
    options.results = value;
  }
  return {};
}

const std::vector<std::string> kSwitches{"--quick", "--smoke", "--json", "--help", "-h"};
const std::vector<std::string> kWithValue{"--topology", "--peer",   "--repetitions",
                                          "--payload",  "--pauses", "--results"};

bool is_one_of(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// `--topology=NAME` becomes two words, as in `--topology NAME`.
std::vector<std::string> split_at_equals(const std::vector<std::string_view>& arguments) {
  std::vector<std::string> words;
  for (const std::string_view argument : arguments) {
    const std::size_t equals = argument.find('=');
    if (equals != std::string_view::npos && is_one_of(kWithValue, argument.substr(0, equals))) {
      words.emplace_back(argument.substr(0, equals));
      words.emplace_back(argument.substr(equals + 1));
    } else {
      words.emplace_back(argument);
    }
  }
  return words;
}

}  // namespace

bool Options::wants(std::string_view topology) const {
  if (topologies.empty()) return true;
  return std::any_of(topologies.begin(), topologies.end(), [&](const std::string& wanted) {
    return topology == wanted || is_of_family(topology, wanted);
  });
}

bool Options::wants_peer(std::string_view peer) const {
  return peers.empty() || is_one_of(peers, peer);
}

std::vector<std::size_t> Options::payloads_of(std::string_view topology) const {
  if (payload_bytes) return {*payload_bytes};
  if (pace == Pace::full && topology == "one_to_one") return {kPayloads.begin(), kPayloads.end()};
  return {64};
}

Result<Options> parse_options(const std::vector<std::string_view>& arguments) {
  const std::vector<std::string> words = split_at_equals(arguments);
  Options options;
  // The pace first, wherever it stands, because other options change what it sets.
  for (const std::string& word : words) {
    if (word != "--quick" && word != "--smoke") continue;
    const Pace pace = word == "--quick" ? Pace::quick : Pace::smoke;
    if (options.pace != Pace::full && options.pace != pace) {
      return refusal("--quick and --smoke exclude each other");
    }
    set_pace(options, pace);
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (is_one_of(kWithValue, word)) {
      if (i + 1 == words.size()) return refusal(word + " needs a value");
      if (Result<void> taken = take(options, word, words[++i]); !taken) return std::move(taken.error());
    } else if (word == "--json") {
      options.output = Output::json;
    } else if (word == "--help" || word == "-h") {
      options.help = true;
    } else if (!is_one_of(kSwitches, word)) {
      std::vector<std::string> known = kSwitches;
      known.insert(known.end(), kWithValue.begin(), kWithValue.end());
      return refusal("unknown option '" + word + "'" + suggestion(word, known));
    }
  }
  return options;
}

std::string_view help_text() {
  static const std::string text =
      R"(usage: bench_topology [OPTIONS]

Measures whole paths through the bus, beside other queues in the same process: interleaved repetitions,
medians with ranges, a checksum over everything received, and the distance between the two cores ("regime")
probed around each measurement. Compare within a regime only. Ends with the ratios that have a target.
A full run takes a quarter of an hour.

  --quick            an answer in less than 50 s: at most 5 repetitions of 15 ms, 64 bytes
  --smoke            in a few seconds: does everything still run? Its numbers mean nothing
  --topology NAME    only this one, or this family; may be repeated
  --peer NAME        only this one; may be repeated
  --repetitions N    1 to 101 (default 11; --quick 5, --smoke 1)
  --payload BYTES    8, 40, 64, 256 or 1024 (default 64; a full one_to_one measures all)
  --pauses N         how often a reader that found nothing pauses before it looks again, 0 to 10000
                     (default 16, some 0.1 us; ping_pong always 1, pipeline_3 always 16)
  --json             JSON on standard output instead of the table
  --results DIR      also writes the JSON to DIR/results.json
  --help             this text

Options with a value may be given as --topology=NAME too.

topologies: )" +
      joined(topologies_and_families()) +
      R"(

examples:
  bench_topology --quick
  bench_topology --topology fan_out --payload 256
  bench_topology --topology one_to_one --peer sluice --peer bare_ring --repetitions 21
  bench_topology --topology one_to_one --peer sluice_tsc --peer bare_ring_tsc --pauses 128
)";
  return text;
}

}  // namespace sluice::bench
