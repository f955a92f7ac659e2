// One producer, several members of a group: each message goes to exactly one. Queues for one consumer are
// left out, because nothing would balance the members; the bare rings show what that would give at most.
#include <string>

#include "topology/flow.hpp"
#include "topology/topologies.hpp"

namespace sluice::bench {

Topology queue_group(std::size_t members) {
  const std::string name = "queue_group_" + std::to_string(members);
  return {name, [=](const Options& options) {
            return flow_cases(name, {.consumers = members, .delivery = Delivery::one_of}, options);
          }};
}

}  // namespace sluice::bench
