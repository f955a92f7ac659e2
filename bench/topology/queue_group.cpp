// One producer, several members of a group: each message goes to exactly one.
#include <string>

#include "topology/peers.hpp"
#include "topology/topologies.hpp"

namespace sluice::bench {

Topology queue_group(std::size_t members) {
  const std::string name = "queue_group_" + std::to_string(members);
  return {name, [=](const Options& options) {
            return for_payload(options, [&]<std::size_t Bytes>() {
              return FlowCases<Bytes>(name, {.consumers = members, .delivery = Delivery::one_of})
                  .template sluice<Shards::own>()
                  .others()
                  .take();
            });
          }};
}

}  // namespace sluice::bench
