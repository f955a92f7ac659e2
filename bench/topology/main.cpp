#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "topology/message.hpp"
#include "topology/options.hpp"
#include "topology/report.hpp"
#include "topology/suite.hpp"
#include "topology/topologies.hpp"

namespace sluice::bench {

std::vector<Topology> all_topologies() {
  std::vector<Topology> all{one_to_one()};
  for (const std::size_t producers : {2U, 4U}) all.push_back(many_to_one(producers));
  for (const std::size_t subscribers : {1U, 2U, 4U, 8U}) all.push_back(fan_out(subscribers));
  for (const std::size_t members : {2U, 4U}) all.push_back(queue_group(members));
  all.push_back(ping_pong());
  all.push_back(idle());
  all.push_back(topics());
  all.push_back(dispatch());
  return all;
}

std::vector<std::string> topology_names() {
  std::vector<std::string> names;
  for (const Topology& topology : all_topologies()) names.push_back(topology.name);
  return names;
}

namespace {

int run(const Options& options) {
  Report report(options);
  for (const Topology& topology : all_topologies()) {
    if (!options.wants(topology.name)) continue;
    report.add(topology.name, run_interleaved(topology.cases(options), options));
  }
  report.finish();
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
  return run(*options);
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
