#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "topology/transport.hpp"

namespace sluice::bench {

/// One contestant, under the name that stands in the results. All that have one name and different batches
/// are the same thing, used differently.
struct Peer {
  std::string name;
  std::size_t batch = 1;  ///< messages per sending call
  /// Whether it can move messages that way as a user of it would. Never asked for payloads: all can do all.
  std::function<bool(const FlowPlan&)> fits;
  std::function<std::unique_ptr<Transport>(const FlowPlan&, std::size_t payload_bytes)> make;
  /// Whether a member of a group gets the messages of one producer in order.
  bool keeps_order_in_groups = true;
  /// Time between two exchanges in ping_pong. One that can't answer within a microsecond would only measure
  /// its own queue, and gets more.
  std::int64_t exchange_every_ns = 1'000;
  std::uint64_t first_amount = 100'000;  ///< messages in the first try, by which the others are sized
};

/// Makes a `Peer::make` of `make.operator()<M>(plan)`, M being the message of the payload asked for.
///
/// Not of a template given by name: g++ 12 takes alias templates of one name in two files' unnamed namespaces
/// for the same, and one peer would run as another.
template <class MakeFor>
auto maker(MakeFor make) {
  return [make](const FlowPlan& plan, std::size_t payload_bytes) {
    return with_payload(payload_bytes, [&]<std::size_t Bytes>() -> std::unique_ptr<Transport> {
      return make.template operator()<Message<Bytes>>(plan);
    });
  };
}

// What fits whom.
[[nodiscard]] inline bool any_plan(const FlowPlan&) {
  return true;
}
/// A queue between two threads carries no group: nothing balances the members.
[[nodiscard]] inline bool no_groups(const FlowPlan& plan) {
  return !plan.groups();
}

// One file each, in peers/. Those of a library that is not installed are not built.
[[nodiscard]] std::vector<Peer> sluice_peers();
[[nodiscard]] std::vector<Peer> bare_ring_peers();
[[nodiscard]] std::vector<Peer> moodycamel_peers();
[[nodiscard]] std::vector<Peer> readerwriterqueue_peers();
[[nodiscard]] std::vector<Peer> atomic_queue_peers();
[[nodiscard]] std::vector<Peer> boost_spsc_peers();
[[nodiscard]] std::vector<Peer> mutex_deque_peers();
[[nodiscard]] std::vector<Peer> zeromq_peers();
[[nodiscard]] std::vector<Peer> boost_signals2_peers();

/// Everybody who was built in, Sluice first.
[[nodiscard]] const std::vector<Peer>& all_peers();

}  // namespace sluice::bench
