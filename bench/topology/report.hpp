#pragma once

#include <string>
#include <vector>

#include "topology/options.hpp"
#include "topology/suite.hpp"

namespace sluice::bench {

/// What a run prints: a table that grows as topologies finish, or one JSON document at the end.
class Report {
 public:
  explicit Report(const Options& options);

  void add(const std::string& topology, const std::vector<Outcome>& outcomes);
  void finish();

 private:
  void print(const std::vector<Outcome>& outcomes) const;
  void print_json() const;

  Options options_;
  std::vector<Outcome> outcomes_;
};

}  // namespace sluice::bench
