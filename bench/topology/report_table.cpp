#include <array>
#include <cstdio>

#include "topology/placement.hpp"
#include "topology/report.hpp"

namespace sluice::bench {

namespace {

/// Three significant digits or a whole number, whichever says more.
std::string pretty(double value) {
  std::array<char, 32> text{};
  const char* format = value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : value >= 1 ? "%.2f" : "%.3g";
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

std::string placement_of(const Outcome& outcome) {
  std::string text(to_string(outcome.regime));
  text += " x" + std::to_string(outcome.repetitions);
  if (!outcome.curve.empty() && outcome.half_round_trip_ns > 0) {
    text += ", cache line " + pretty(outcome.half_round_trip_ns) + " ns";
  }
  // Whoever does not get the usual rate is not compared with the others.
  if (outcome.every_ns > 1'000) text += ", one per " + std::to_string(outcome.every_ns / 1'000) + " us";
  return text;
}

/// One metric has its range behind it; of several the medians have to do.
std::string figures_of(const std::vector<Summary>& summaries) {
  std::array<char, 80> text{};
  if (summaries.size() == 1) {
    const Summary& only = summaries.front();
    std::snprintf(text.data(), text.size(), "%8s %-5s (%s to %s)", pretty(only.median).c_str(),
                  only.metric.c_str(), pretty(only.low).c_str(), pretty(only.high).c_str());
    return text.data();
  }
  std::string all;
  for (const Summary& summary : summaries) {
    std::snprintf(text.data(), text.size(), " %s %-7s", summary.metric.c_str(),
                  pretty(summary.median).c_str());
    all += text.data();
  }
  return all;
}

void print_row(const Outcome& outcome, bool several_payloads) {
  std::string who = outcome.peer;
  if (outcome.batch > 1) who += " x" + std::to_string(outcome.batch);
  if (several_payloads) who += ", " + std::to_string(outcome.payload_bytes) + " B";
  std::printf("  %-36s %s   %s\n", who.c_str(), figures_of(outcome.summaries).c_str(),
              placement_of(outcome).c_str());
}

}  // namespace

void print_heading(const Findings& findings) {
  std::printf("%s, %zu cores usable; %s; %s; commit %s\n%s\n", findings.origin.cpu.c_str(),
              usable_cores().size(), findings.origin.system.c_str(), findings.origin.compiler.c_str(),
              findings.origin.commit.c_str(), findings.origin.command.c_str());
  std::printf(
      "64 bytes unless it says otherwise; up to %zu interleaved repetitions; median (low to high).\n"
      "mps: million messages sent per second. x32: in batches of 32. Last: how far apart the first two\n"
      "cores were, or disturbed by other programs, and in how many repetitions; compare within one only.\n",
      findings.options.repetitions);
  std::fflush(stdout);
}

void print_topology(const std::string& topology, const std::vector<Outcome>& outcomes) {
  if (outcomes.empty()) return;
  const std::size_t threads = outcomes.front().threads;
  std::printf("\n%s: %zu thread%s", topology.c_str(), threads, threads == 1 ? "" : "s");
  if (is_oversubscribed(threads)) {
    std::printf(
        " on %zu cores: pinned in turn, who finds nothing pauses and yields, and the scheduler is measured "
        "too",
        usable_cores().size());
  } else if (threads > 1) {
    std::printf(", pinned, who finds nothing pauses");
  }
  std::printf("\n");
  const bool several = outcomes.front().payload_bytes != 64 || outcomes.back().payload_bytes != 64;
  for (const Outcome& outcome : outcomes) print_row(outcome, several);
  std::fflush(stdout);
}

void print_ratios(const std::vector<Ratio>& ratios) {
  if (ratios.empty()) return;
  std::printf("\nratios, 64 bytes\n");
  for (const Ratio& ratio : ratios) {
    std::printf("  %-64s %8s", ratio.name.c_str(), pretty(ratio.value).c_str());
    if (ratio.bound != Bound::none) {
      std::printf("  %-7s (wanted %s%s)", ratio.met() ? "met" : "NOT MET",
                  ratio.bound == Bound::at_most ? "at most " : "", pretty(ratio.wanted).c_str());
    }
    std::printf("  %s\n", std::string(to_string(ratio.regime)).c_str());
  }
}

}  // namespace sluice::bench
