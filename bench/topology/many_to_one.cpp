// Several producers, one consumer. Sluice's default is one shard: every event in one total order, which
// moodycamel's queue does not give. With a shard per producer there is, as there, an order per producer only.
#include <string>

#include "topology/peers.hpp"
#include "topology/topologies.hpp"

namespace sluice::bench {

Topology many_to_one(std::size_t producers) {
  const std::string name = "many_to_one_" + std::to_string(producers);
  return {name, [=](const Options& options) {
            return for_payload(options, [&]<std::size_t Bytes>() {
              return FlowCases<Bytes>(name, {.producers = producers})
                  .template sluice<Shards::shared>()
                  .template sluice<Shards::own>("_own_shards")
                  .others()
                  .take();
            });
          }};
}

}  // namespace sluice::bench
