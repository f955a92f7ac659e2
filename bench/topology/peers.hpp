#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "topology/bare_ring.hpp"
#include "topology/flow.hpp"
#include "topology/moodycamel_transport.hpp"
#include "topology/sluice_transport.hpp"
#include "topology/suite.hpp"

namespace sluice::bench {

/// The cases of a flow: everybody who can move messages that way. Which shards Sluice's default cases use is
/// the flow's choice; the other way stands beside them where it makes a difference.
template <std::size_t PayloadBytes>
class FlowCases {
  using M = Message<PayloadBytes>;

 public:
  FlowCases(std::string topology, const FlowPlan& plan) : topology_(std::move(topology)), plan_(plan) {}

  template <Shards kShards>
  FlowCases& sluice(const std::string& suffix = "") {
    constexpr auto kCaller = Timestamps::caller;
    add<SluiceTransport<M, BusUse{kCaller, 1, kShards}>>("sluice" + suffix, 1);
    add<SluiceTransport<M, BusUse{Timestamps::per_event, 1, kShards}>>("sluice_tsc" + suffix, 1);
    add<SluiceTransport<M, BusUse{kCaller, 32, kShards}>>("sluice_batch" + suffix, 32);
    return *this;
  }
  FlowCases& others() {
    add<BareRingTransport<M>>("bare_ring", 1);
    add<MoodycamelTransport<M, Dequeue::one_at_a_time>>("moodycamel_token", 1);
    add<MoodycamelTransport<M, Dequeue::bulk>>("moodycamel_token_bulk_dequeue", 1);
    return *this;
  }
  template <class Transport>
  void add(const std::string& peer, std::size_t batch) {
    const std::string who = topology_ + ", " + peer;
    cases_.push_back({.topology = topology_,
                      .peer = peer,
                      .payload_bytes = PayloadBytes,
                      .batch = batch,
                      .metrics = {"mps"},
                      .first_amount = 100'000 / plan_.producers,
                      .amount = Amount::calibrated,
                      .measure = [plan = plan_, who](std::uint64_t each) {
                        return run_flow<Transport>(plan, who, each);
                      }});
  }

  [[nodiscard]] std::vector<Case> take() { return std::move(cases_); }

 private:
  std::string topology_;
  FlowPlan plan_;
  std::vector<Case> cases_;
};

/// Calls `make.operator()<Bytes>()` with the payload that the options ask for.
template <class Make>
std::vector<Case> for_payload(const Options& options, Make make) {
  switch (options.payload_bytes) {
    case 8:
      return make.template operator()<8>();
    case 256:
      return make.template operator()<256>();
    default:
      return make.template operator()<64>();
  }
}

}  // namespace sluice::bench
