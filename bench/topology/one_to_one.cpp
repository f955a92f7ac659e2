// One producer, one consumer: the path that everything else is built of.
#include "topology/peers.hpp"
#include "topology/topologies.hpp"

namespace sluice::bench {

Topology one_to_one() {
  return {"one_to_one", [](const Options& options) {
            return for_payload(options, []<std::size_t Bytes>() {
              return FlowCases<Bytes>("one_to_one", FlowPlan{})
                  .template sluice<Shards::own>()
                  .template sluice<Shards::shared>("_shared_shard")
                  .others()
                  .take();
            });
          }};
}

}  // namespace sluice::bench
