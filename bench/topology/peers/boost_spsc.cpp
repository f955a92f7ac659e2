// boost::lockfree::spsc_queue with its capacity known at compile time: pushed one at a time or in ranges, and
// read in place with `consume_all`, which stores its index once for all that was there.
#include <vector>

#include <boost/lockfree/spsc_queue.hpp>

#include "topology/peer.hpp"
#include "topology/queue_grid.hpp"

namespace sluice::bench {

namespace {

template <class M>
class Spsc {
 public:
  explicit Spsc(const FlowPlan&) : queue_(std::make_unique<Queue>()) {}

  void push(const M* messages, std::size_t count, const Idle& idle) {
    if (count == 1) {
      while (!queue_->push(*messages)) idle();
      return;
    }
    for (;;) {
      const std::size_t pushed = queue_->push(messages, count);
      messages += pushed;
      count -= pushed;
      if (count == 0) return;
      idle();
    }
  }
  void take(Tally& mine) {
    queue_->consume_all([&](const M& message) { mine.add(message); });
  }

 private:
  using Queue = boost::lockfree::spsc_queue<M, boost::lockfree::capacity<kBacklog>>;
  std::unique_ptr<Queue> queue_;
};

}  // namespace

std::vector<Peer> boost_spsc_peers() {
  return {{"boost_spsc", 1, no_groups, maker([]<class M>(const FlowPlan& plan) {
             return std::make_unique<QueueGrid<M, Spsc<M>, QueueFor::one_producer>>(plan);
           })},
          {"boost_spsc_push32", kBatch, no_groups, maker([]<class M>(const FlowPlan& plan) {
             return std::make_unique<QueueGrid<M, Spsc<M>, QueueFor::one_producer, kBatch>>(plan);
           })}};
}

}  // namespace sluice::bench
