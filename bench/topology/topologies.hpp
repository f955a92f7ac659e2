#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "topology/options.hpp"
#include "topology/suite.hpp"

namespace sluice::bench {

/// One topology: its name, and how to make its cases. They are made when its turn comes, and destroyed
/// after it.
struct Topology {
  std::string name;
  std::function<std::vector<Case>(const Options&)> cases;
};

// One file each.
[[nodiscard]] Topology one_to_one();
[[nodiscard]] Topology many_to_one(std::size_t producers);
[[nodiscard]] Topology fan_out(std::size_t subscribers);
[[nodiscard]] Topology queue_group(std::size_t members);
[[nodiscard]] Topology pipeline();
[[nodiscard]] Topology ping_pong();
[[nodiscard]] Topology same_thread();
[[nodiscard]] Topology idle();
[[nodiscard]] Topology topics();
[[nodiscard]] Topology dispatch();

/// All of them, in the order in which they run.
[[nodiscard]] std::vector<Topology> all_topologies();
[[nodiscard]] std::vector<std::string> topology_names();

}  // namespace sluice::bench
