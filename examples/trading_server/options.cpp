#include "options.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "sluice/topic/name.hpp"

#include "quantity.hpp"

namespace trading {
namespace {

using sluice::Error;
using sluice::ErrorCode;
using std::chrono::nanoseconds;

Error invalid(std::string message) {
  return {ErrorCode::invalid_option, std::move(message)};
}

/// What is wrong with a value; nothing: it was taken.
using Complaint = std::optional<std::string>;

struct Option {
  std::string_view name;
  std::string_view value;  ///< how `--help` calls it; empty: it takes none
  Complaint (*take)(Options& options, std::string_view text);
  std::string_view help;
};

Complaint take_count(std::uint64_t& into, std::string_view text, std::uint64_t least, std::uint64_t most) {
  const auto count = parse_count(text);
  if (!count || *count < least || *count > most) {
    return "a whole number from " + format_count(least) + " to " + format_count(most);
  }
  into = *count;
  return std::nullopt;
}

Complaint take_duration(nanoseconds& into, std::string_view text, nanoseconds least, nanoseconds most,
                        std::string_view example) {
  const auto duration = parse_duration(text);
  if (!duration || *duration < least || *duration > most) {
    return "a time from " + format_duration(static_cast<std::uint64_t>(least.count())) + " to " +
           format_duration(static_cast<std::uint64_t>(most.count())) +
           " with a unit (ns, us, ms, s, m, h), such as " + std::string(example);
  }
  into = *duration;
  return std::nullopt;
}

Complaint take_symbol(Options& options, std::string_view text) {
  const bool one_token = text.find('.') == std::string_view::npos;
  if (!one_token || !sluice::validate_topic("md." + std::string(text) + ".cancellation")) {
    return "a stock's symbol: letters, digits or dashes, no dot, space or wildcard";
  }
  options.symbol = text;
  return std::nullopt;
}

Complaint take_ring(Options& options, std::string_view text) {
  constexpr std::uint64_t kLeast = 1ULL << 16;
  constexpr std::uint64_t kMost = 1ULL << 30;
  const auto bytes = parse_bytes(text);
  if (!bytes || *bytes < kLeast || *bytes > kMost || (*bytes & (*bytes - 1)) != 0) {
    return "a power of two from 64KiB to 1GiB, such as 1MiB";
  }
  options.ring_bytes = *bytes;
  return std::nullopt;
}

constexpr std::uint64_t kMostEvents = 1'000'000'000'000'000;
constexpr std::uint64_t kMostPasses = 1'000'000'000'000;

constexpr std::array<Option, 13> kOptions = {{
    {"--input", "FILE",
     [](Options& options, std::string_view text) -> Complaint {
       if (text.empty()) return "the name of a file of LOBSTER messages";
       options.input = text;
       return std::nullopt;
     },
     "read order flow from FILE (LOBSTER messages); without it, generate some"},
    {"--repeat", "N",
     [](Options& options, std::string_view text) { return take_count(options.repeat, text, 1, kMostPasses); },
     "go through FILE N times, each pass a new day with an empty book (default 1)"},
    {"--events", "N",
     [](Options& options, std::string_view text) { return take_count(options.events, text, 1, kMostEvents); },
     "generate N messages (default 5,000,000; endless with --duration)"},
    {"--seed", "N",
     [](Options& options, std::string_view text) { return take_count(options.seed, text, 0, UINT64_MAX); },
     "seed of the generator: the same seed, the same flow (default 1)"},
    {"--symbol", "NAME", take_symbol, "publish to md.NAME.<kind> (default AAPL)"},
    {"--duration", "TIME",
     [](Options& options, std::string_view text) {
       return take_duration(options.duration, text, std::chrono::milliseconds(1), std::chrono::hours(8'760),
                            "30s");
     },
     "stop after TIME, such as 30s, 10m or 8h"},
    {"--rate", "N",
     [](Options& options, std::string_view text) { return take_count(options.rate, text, 1, 100'000'000); },
     "publish N events per second (default: flat out)"},
    {"--risk-workers", "N",
     [](Options& options, std::string_view text) { return take_count(options.risk_workers, text, 1, 32); },
     "members of the queue group \"risk\" (default 2)"},
    {"--screen-delay", "TIME",
     [](Options& options, std::string_view text) {
       return take_duration(options.screen_delay, text, nanoseconds(0), std::chrono::seconds(1), "20us");
     },
     "how long the slow screen takes for each event (default 20us)"},
    {"--ring", "BYTES", take_ring, "size of the bus's ring, a power of two (default 1MiB)"},
    {"--journal", "DIR",
     [](Options& options, std::string_view text) -> Complaint {
       if (text.empty()) return "the name of a directory, which is made if it is not there";
       options.journal = text;
       return std::nullopt;
     },
     "keep every event in a journal in DIR, and read this run's back at the end"},
    {"--json", "",
     [](Options& options, std::string_view) -> Complaint {
       options.json = true;
       return std::nullopt;
     },
     "print one JSON object instead of the table"},
    {"--help", "",
     [](Options& options, std::string_view) -> Complaint {
       options.help = true;
       return std::nullopt;
     },
     "print this"},
}};

const Option* find_option(std::string_view name) {
  const auto found = std::find_if(kOptions.begin(), kOptions.end(),
                                  [&](const Option& option) { return option.name == name; });
  return found == kOptions.end() ? nullptr : &*found;
}

/// How many single edits lead from one text to the other.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::array<std::size_t, 32> row{};
  if (to.size() + 1 > row.size()) return to.size();
  for (std::size_t column = 0; column <= to.size(); ++column) row[column] = column;
  for (std::size_t line = 1; line <= from.size(); ++line) {
    std::size_t diagonal = std::exchange(row[0], line);
    for (std::size_t column = 1; column <= to.size(); ++column) {
      const std::size_t changed = diagonal + (from[line - 1] == to[column - 1] ? 0 : 1);
      diagonal = std::exchange(row[column], std::min({row[column] + 1, row[column - 1] + 1, changed}));
    }
  }
  return row[to.size()];
}

Error unknown_option(std::string_view name) {
  if (!name.starts_with("-")) {
    return invalid("what to do with \"" + std::string(name) + "\"? To read a file, say --input " +
                   std::string(name));
  }
  const auto nearest =
      std::min_element(kOptions.begin(), kOptions.end(), [&](const Option& a, const Option& b) {
        return edit_distance(name, a.name) < edit_distance(name, b.name);
      });
  const bool likely = edit_distance(name, nearest->name) <= 3;
  return invalid("there is no option " + std::string(name) +
                 (likely ? "; did you mean " + std::string(nearest->name) + "?" : "; --help lists them all"));
}

/// Which options were given: some make no sense together.
class Given {
 public:
  /// False when it was given before.
  bool add(const Option& option) { return !std::exchange(given_[index(option)], true); }
  [[nodiscard]] bool has(std::string_view name) const { return given_[index(*find_option(name))]; }

 private:
  static std::size_t index(const Option& option) {
    return static_cast<std::size_t>(&option - kOptions.data());
  }
  std::array<bool, kOptions.size()> given_{};
};

std::optional<Error> check_together(const Given& given) {
  if (given.has("--input")) {
    for (const std::string_view name : {"--events", "--seed"}) {
      if (given.has(name)) {
        return invalid(std::string(name) +
                       " is for generated order flow, and --input reads a file; leave out one (" +
                       "--repeat says how often to go through the file)");
      }
    }
  } else if (given.has("--repeat")) {
    return invalid(
        "--repeat says how often to go through a file; add --input FILE, or say --events N instead");
  }
  return std::nullopt;
}

/// With a time to run for and no amount, the amount is endless.
void apply_defaults(Options& options, const Given& given) {
  if (!given.has("--duration")) return;
  if (!given.has("--repeat")) options.repeat = 0;
  if (!given.has("--events")) options.events = 0;
}

}  // namespace

sluice::Result<Options> parse_options(std::span<const char* const> arguments) {
  Options options;
  Given given;
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    const std::string_view argument = arguments[at];
    const std::size_t equals = argument.starts_with("--") ? argument.find('=') : std::string_view::npos;
    const std::string_view name = argument == "-h" ? "--help" : argument.substr(0, equals);
    const Option* option = find_option(name);
    if (option == nullptr) return unknown_option(name);
    if (!given.add(*option)) return invalid(std::string(name) + " is given twice; give it once");

    std::string_view text;
    if (option->value.empty()) {
      if (equals != std::string_view::npos)
        return invalid(std::string(name) + " takes no value; leave out \"" +
                       std::string(argument.substr(equals)) + "\"");
    } else if (equals != std::string_view::npos) {
      text = argument.substr(equals + 1);
    } else if (at + 1 < arguments.size() && !std::string_view(arguments[at + 1]).starts_with("--")) {
      text = arguments[++at];
    } else {
      return invalid(std::string(name) + " needs a value: " + std::string(name) + " " +
                     std::string(option->value));
    }
    if (const Complaint expected = option->take(options, text)) {
      return invalid(std::string(name) + " is \"" + std::string(text) + "\"; expected " + *expected);
    }
  }
  if (options.help) return options;
  if (auto error = check_together(given)) return *std::move(error);
  apply_defaults(options, given);
  return options;
}

std::string usage() {
  std::string text =
      "Usage: trading_server [options]\n"
      "\n"
      "Publishes a stock's order flow to a Sluice bus, as typed events on md.<symbol>.<kind>, and runs "
      "beside each\n"
      "other: a book builder, a queue group of risk workers, an auditor of every event, and a screen that is "
      "too\n"
      "slow on purpose. At the end it accounts for every event.\n"
      "\n"
      "Options:\n";
  for (const Option& option : kOptions) {
    std::string line =
        "  " + std::string(option.name) + (option.value.empty() ? "" : " ") + std::string(option.value);
    line.resize(std::max<std::size_t>(line.size() + 2, 24), ' ');
    text += line + std::string(option.help) + "\n";
  }
  text +=
      "\n"
      "Examples:\n"
      "  trading_server                                     five million generated messages, flat out\n"
      "  trading_server --input messages.csv --repeat 5000  a recorded morning, 5,000 times\n"
      "  trading_server --rate 100000 --duration 30s        paced: shows what a delivery takes\n"
      "  trading_server --duration 8h                       a long run; Ctrl-C drains and prints\n"
      "  trading_server --journal kept                      kill it, run it again: nothing is lost\n"
      "  trading_server --json | jq .reconciled             for machines\n"
      "\n"
      "Exit status: 0 every count was right, 1 one was not (or the bus failed), 2 the options or the input "
      "are\n"
      "bad, or the journal can't be opened.\n";
  return text;
}

}  // namespace trading
