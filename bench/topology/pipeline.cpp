// Three stages in a row: the first sends, the second hands on what it gets, the third counts. Two connections
// that are both busy at once; as many messages per second as came out at the end.
#include "topology/flow.hpp"
#include "topology/topologies.hpp"

namespace sluice::bench {

namespace {

constexpr std::size_t kStages = 3;

std::vector<Case> cases(const Options& options) {
  std::vector<Case> all;
  for (const std::size_t payload_bytes : options.payloads_of("pipeline_3")) {
    for (const Peer& peer : all_peers()) {
      if (!peer.fits({.all_threads = kStages})) continue;
      all.push_back(
          {.topology = "pipeline_3",
           .peer = peer.name,
           .payload_bytes = payload_bytes,
           .batch = peer.batch,
           .threads = kStages,
           .metrics = {"mps"},
           .first_amount = peer.first_amount,
           .measure = [&peer, payload_bytes, who = "pipeline_3, " + peer.name](std::uint64_t count) {
             return run_pipeline(peer, kStages, payload_bytes, who, count);
           }});
    }
  }
  return all;
}

}  // namespace

Topology pipeline() {
  return {"pipeline_3", cases};
}

}  // namespace sluice::bench
