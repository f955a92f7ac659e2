// moodycamel::ReaderWriterQueue, one producer and one consumer: room allocated up front and never more
// (`try_enqueue`), messages read in place (`peek`, `pop`).
#include <vector>

#include <readerwriterqueue/readerwriterqueue.h>

#include "topology/peer.hpp"
#include "topology/queue_grid.hpp"

namespace sluice::bench {

namespace {

template <class M>
class ReaderWriter {
 public:
  explicit ReaderWriter(const FlowPlan&) {}

  void push(const M* message, std::size_t, const Idle& idle) {
    while (!queue_.try_enqueue(*message)) idle();
  }
  void take(Tally& mine) {
    const std::uint64_t until = mine.count + Receiver::kMost;
    for (const M* front = queue_.peek(); front != nullptr; front = queue_.peek()) {
      mine.add(*front);
      queue_.pop();
      if (mine.count == until) return;
    }
  }

 private:
  moodycamel::ReaderWriterQueue<M> queue_{kBacklog};
};

}  // namespace

std::vector<Peer> readerwriterqueue_peers() {
  return {{"readerwriterqueue", 1, no_groups, maker([]<class M>(const FlowPlan& plan) {
             return std::make_unique<QueueGrid<M, ReaderWriter<M>, QueueFor::one_producer>>(plan);
           })}};
}

}  // namespace sluice::bench
