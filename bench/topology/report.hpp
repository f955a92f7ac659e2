#pragma once

#include <string>
#include <vector>

#include "topology/machine.hpp"
#include "topology/options.hpp"
#include "topology/ratios.hpp"
#include "topology/suite.hpp"

namespace sluice::bench {

/// All that a run has to say.
struct Findings {
  Options options;
  Origin origin;
  std::vector<Outcome> outcomes;
  std::vector<Ratio> ratios;
};

// The table, which grows as topologies finish.
void print_heading(const Findings& findings);
void print_topology(const std::string& topology, const std::vector<Outcome>& outcomes);
void print_ratios(const std::vector<Ratio>& ratios);

/// The JSON document, with a line for each result.
[[nodiscard]] std::string to_json(const Findings& findings);

/// Makes sure, before a long run, that results.json can be written in `folder`, which is made if need be.
/// Leaves what is there. Throws `std::runtime_error`.
void prepare_results(const std::string& folder);
/// Writes the JSON there; throws `std::runtime_error`.
void write_results(const Findings& findings, const std::string& folder);

}  // namespace sluice::bench
