// What a journal costs and carries, beside what one would use in its place.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iostream>
#include <string_view>

#include <stdlib.h>

#include "journal/figures.hpp"

namespace sluice::bench {

double Figure::median() const {
  std::vector<double> sorted = readings;
  std::sort(sorted.begin(), sorted.end());
  return sorted.empty() ? 0 : sorted[sorted.size() / 2];
}

Workplace::Workplace(const std::string& parent) : path_(parent + "/sluice-bench-XXXXXX") {
  if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no directory can be made in " + parent);
}
Workplace::~Workplace() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

namespace {

constexpr const char* kHelp = R"(usage: bench_journal [OPTIONS]

Measures the journal: events of 128 bytes kept per second beside other ways to keep them (no sync of the disk),
what a publish takes with and without a journal at a million a second, durable publishes a second, and how long opening takes behind
a crash. All take turns; medians with ranges.

  --quick            a tenth of the events, 3 repetitions
  --smoke            in a second or two: does everything still run? Its numbers mean nothing
  --only WHAT        sustained, publish, group_commit or recovery; may be repeated
  --repetitions N    1 to 101 (default 5; --quick 3, --smoke 1)
  --directory DIR    on the disk that is measured (default: the system's for temporary files)
  --json             JSON: {"figures": [{"what", "who", "unit", "median", "low", "high"}]}
  --help             this text

examples:
  bench_journal --quick
  bench_journal --only publish --repetitions 15
)";

struct Part {
  std::string_view name;
  void (*measure)(const Effort&, std::vector<Figure>&);
};
constexpr Part kParts[] = {{"sustained", measure_sustained},
                           {"publish", measure_publish},
                           {"group_commit", measure_group_commit},
                           {"recovery", measure_recovery}};

void print_table(const std::vector<Figure>& figures) {
  for (const Figure& figure : figures) {
    const auto [low, high] = std::minmax_element(figure.readings.begin(), figure.readings.end());
    std::printf("%-16s %-32s %10.4g %-4s (%.4g to %.4g)\n", figure.what.c_str(), figure.who.c_str(),
                figure.median(), figure.unit.c_str(), *low, *high);
  }
}

void print_json(const std::vector<Figure>& figures) {
  std::printf("{\"figures\": [");
  const char* separator = "\n  ";
  for (const Figure& figure : figures) {
    const auto [low, high] = std::minmax_element(figure.readings.begin(), figure.readings.end());
    std::printf(
        "%s{\"what\": \"%s\", \"who\": \"%s\", \"unit\": \"%s\", \"median\": %g, \"low\": %g, \"high\": %g}",
        separator, figure.what.c_str(), figure.who.c_str(), figure.unit.c_str(), figure.median(), *low,
        *high);
    separator = ",\n  ";
  }
  std::printf("\n]}\n");
}

int refuse(const std::string& what) {
  std::cerr << "bench_journal: " << what << "; see --help\n";
  return 2;
}

int run(const std::vector<std::string_view>& words) {
  Effort effort;
  effort.directory = std::filesystem::temp_directory_path().string();
  std::vector<std::string_view> only;
  bool json = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const bool takes_value = word == "--only" || word == "--repetitions" || word == "--directory";
    if (takes_value && i + 1 == words.size()) return refuse(std::string(word) + " needs a value");
    if (word == "--help" || word == "-h") {
      std::cout << kHelp;
      return 0;
    }
    if (word == "--quick" || word == "--smoke") {
      const bool smoke = word == "--smoke";
      effort.repetitions = smoke ? 1 : 3;
      effort.events = smoke ? 20'000 : 200'000;
      effort.publishes = smoke ? 5'000 : 50'000;
      effort.commits = smoke ? 3 : 50;
      effort.recovered_bytes = std::uint64_t{smoke ? 4U : 100U} << 20;
    } else if (word == "--json") {
      json = true;
    } else if (word == "--only") {
      only.push_back(words[++i]);
      const bool known = std::any_of(std::begin(kParts), std::end(kParts),
                                     [&](const Part& part) { return part.name == only.back(); });
      if (!known)
        return refuse("--only is sustained, publish, group_commit or recovery, not '" +
                      std::string(only.back()) + "'");
    } else if (word == "--directory") {
      effort.directory = words[++i];
    } else if (word == "--repetitions") {
      const std::string_view text = words[++i];
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), effort.repetitions);
      const bool is_number = error == std::errc() && end == text.data() + text.size();
      if (!is_number || effort.repetitions < 1 || effort.repetitions > 101) {
        return refuse("--repetitions is a number from 1 to 101, not '" + std::string(text) + "'");
      }
    } else {
      return refuse("unknown option '" + std::string(word) + "'");
    }
  }
  std::vector<Figure> figures;
  for (const Part& part : kParts) {
    if (only.empty() || std::find(only.begin(), only.end(), part.name) != only.end())
      part.measure(effort, figures);
  }
  json ? print_json(figures) : print_table(figures);
  return 0;
}

}  // namespace
}  // namespace sluice::bench

int main(int count, char** arguments) {
  try {
    return sluice::bench::run({arguments + 1, arguments + count});
  } catch (const std::exception& failure) {
    std::cerr << "bench_journal: " << failure.what() << "\n";
    return 1;
  }
}
