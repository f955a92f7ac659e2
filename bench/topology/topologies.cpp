#include "topology/topologies.hpp"

namespace sluice::bench {

std::vector<Topology> all_topologies() {
  std::vector<Topology> all{one_to_one()};
  for (const std::size_t producers : {2U, 4U}) all.push_back(many_to_one(producers));
  for (const std::size_t subscribers : {1U, 2U, 4U, 8U}) all.push_back(fan_out(subscribers));
  for (const std::size_t members : {2U, 4U}) all.push_back(queue_group(members));
  all.push_back(pipeline());
  all.push_back(ping_pong());
  all.push_back(same_thread());
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

}  // namespace sluice::bench
