// One producer, several subscribers that all see everything. The bus and the bare ring keep each message
// once; a queue has to be filled once per subscriber.
#include <string>

#include "topology/flow.hpp"
#include "topology/topologies.hpp"

namespace sluice::bench {

Topology fan_out(std::size_t subscribers) {
  const std::string name = "fan_out_" + std::to_string(subscribers);
  return {name,
          [=](const Options& options) { return flow_cases(name, {.consumers = subscribers}, options); }};
}

}  // namespace sluice::bench
