#include <chrono>
#include <cstdio>
#include <exception>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "topology/names.hpp"
#include "topology/options.hpp"
#include "topology/peer.hpp"
#include "topology/report.hpp"
#include "topology/suite.hpp"
#include "topology/topologies.hpp"

namespace sluice::bench {

namespace {

using Moment = std::chrono::steady_clock::time_point;

/// A share of what is left of the run's time: what one topology doesn't need, the next ones have.
Moment share_until(Moment end, std::size_t topologies_left) {
  const Moment now = std::chrono::steady_clock::now();
  return now + (end - now) / static_cast<std::int64_t>(topologies_left);
}

std::vector<Topology> wanted_topologies(const Options& options) {
  std::vector<Topology> wanted;
  for (Topology& topology : all_topologies()) {
    if (options.wants(topology.name)) wanted.push_back(std::move(topology));
  }
  return wanted;
}

/// Nothing was measured because no case has such a peer.
int refuse_peers(const Options& options, const std::vector<std::string>& known) {
  std::fprintf(stderr, "bench_topology: none of these topologies has a peer '%s'%s All: %s\n",
               joined(options.peers).c_str(), suggestion(options.peers.front(), known).c_str(),
               joined(known).c_str());
  return 2;
}

int run(const Options& options, Origin origin) {
  Findings findings{options, std::move(origin), {}, {}};
  const bool as_table = options.output == Output::table;
  if (!options.results.empty()) prepare_results(options.results);
  if (as_table) print_heading(findings);

  const Moment end = std::chrono::steady_clock::now() + options.whole_run;
  std::vector<std::string> known_peers;
  const std::vector<Topology> wanted = wanted_topologies(options);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Moment until = share_until(end, wanted.size() - i);
    std::vector<Case> cases = wanted[i].cases(options);
    for (const Case& one : cases) {
      if (known_peers.empty() || known_peers.back() != one.peer) known_peers.push_back(one.peer);
    }
    std::erase_if(cases, [&](const Case& one) { return !options.wants_peer(one.peer); });
    const std::vector<Outcome> outcomes = run_interleaved(cases, options, until);
    if (as_table) print_topology(wanted[i].name, outcomes);
    std::copy(outcomes.begin(), outcomes.end(), std::back_inserter(findings.outcomes));
  }
  if (findings.outcomes.empty()) return refuse_peers(options, known_peers);

  findings.ratios = ratios_of(findings.outcomes);
  if (!options.results.empty()) write_results(findings, options.results);
  if (as_table) {
    print_ratios(findings.ratios);
  } else {
    std::fputs(to_json(findings).c_str(), stdout);
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fprintf(stderr, "bench_topology: can't write to standard output\n");
    return 1;
  }
  return 0;
}

int run(const std::vector<std::string_view>& arguments) {
  const Result<Options> options = parse_options(arguments);
  if (!options) {
    std::fprintf(stderr, "bench_topology: %s\n", options.error().message.c_str());
    return 2;
  }
  if (options->help) {
    std::fputs(std::string(help_text()).c_str(), stdout);
    return 0;
  }
  return run(*options, find_origin(arguments));
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  try {
    return sluice::bench::run(std::vector<std::string_view>(argv + 1, argv + argc));
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "bench_topology: %s\n", failure.what());
    return 1;
  }
}
