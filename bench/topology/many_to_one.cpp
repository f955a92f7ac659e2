// Several producers, one consumer. Sluice's default is one shard: every event in one total order, which
// moodycamel's queue does not give. With a shard per producer there is, as there, an order per producer only;
// and as with a queue of their own for each, which is what users of single-producer queues have.
#include <string>

#include "topology/flow.hpp"
#include "topology/topologies.hpp"

namespace sluice::bench {

Topology many_to_one(std::size_t producers) {
  const std::string name = "many_to_one_" + std::to_string(producers);
  return {name, [=](const Options& options) { return flow_cases(name, {.producers = producers}, options); }};
}

}  // namespace sluice::bench
