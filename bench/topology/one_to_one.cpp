// One producer, one consumer: the path that everything else is built of.
#include "topology/flow.hpp"
#include "topology/topologies.hpp"

namespace sluice::bench {

Topology one_to_one() {
  return {"one_to_one", [](const Options& options) { return flow_cases("one_to_one", {}, options); }};
}

}  // namespace sluice::bench
