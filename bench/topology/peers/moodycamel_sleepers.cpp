// moodycamel::BlockingConcurrentQueue: spins for a while, then sleeps in a semaphore.
#include <cstdint>
#include <memory>
#include <vector>

#include <concurrentqueue/blockingconcurrentqueue.h>

#include "topology/sleepers.hpp"

namespace sluice::bench {

namespace {

class BlockingQueueBox final : public Mailbox {
 public:
  void put(std::int64_t value) override { queue_.enqueue(producer_, value); }
  std::int64_t take() override {
    std::int64_t value = 0;
    queue_.wait_dequeue(consumer_, value);
    return value;
  }

 private:
  moodycamel::BlockingConcurrentQueue<std::int64_t> queue_;
  moodycamel::ProducerToken producer_{queue_};
  moodycamel::ConsumerToken consumer_{queue_};
};

}  // namespace

std::vector<IdlePeer> moodycamel_sleepers() {
  return {mailbox_peer("moodycamel_blocking", [] { return std::make_unique<BlockingQueueBox>(); })};
}

}  // namespace sluice::bench
