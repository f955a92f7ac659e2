// A std::deque under a std::mutex, as its best user would have it: no condition variable, since the readers
// spin; a whole batch under one lock; and a reader that takes the whole deque at once by swapping it with an
// empty one. Members of a group take a few messages at a time, or the first would take all.
#include <deque>
#include <mutex>
#include <vector>

#include "topology/peer.hpp"
#include "topology/queue_grid.hpp"

namespace sluice::bench {

namespace {

template <class M>
class Guarded {
 public:
  explicit Guarded(const FlowPlan& plan) : shared_by_readers_(plan.groups()) {}

  void push(const M* messages, std::size_t count, const Idle& idle) {
    for (;;) {
      {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() + count <= kBacklog) {
          waiting_.insert(waiting_.end(), messages, messages + count);
          return;
        }
      }
      idle();
    }
  }

  void take(Tally& mine) {
    if (shared_by_readers_) return take_some(mine);
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) return;
      waiting_.swap(taken_);
    }
    for (const M& message : taken_) mine.add(message);
    taken_.clear();
  }

 private:
  void take_some(Tally& mine) {
    std::array<M, kBatch> some;
    std::size_t count = 0;
    {
      const std::lock_guard lock(mutex_);
      for (; count < some.size() && !waiting_.empty(); ++count) {
        some[count] = waiting_.front();
        waiting_.pop_front();
      }
    }
    for (std::size_t i = 0; i < count; ++i) mine.add(some[i]);
  }

  bool shared_by_readers_;
  alignas(platform::kDestructiveBytes) std::mutex mutex_;
  std::deque<M> waiting_;
  alignas(platform::kDestructiveBytes) std::deque<M> taken_;  ///< the only reader's own
};

}  // namespace

std::vector<Peer> mutex_deque_peers() {
  return {{.name = "mutex_deque",
           .fits = any_plan,
           .make = maker([]<class M>(const FlowPlan& plan) {
             return std::make_unique<QueueGrid<M, Guarded<M>, QueueFor::many_producers>>(plan);
           }),
           .exchange_every_ns = 10'000,
           .first_amount = 20'000},
          {.name = "mutex_deque",
           .batch = kBatch,
           .fits = any_plan,
           .make = maker([]<class M>(const FlowPlan& plan) {
             return std::make_unique<QueueGrid<M, Guarded<M>, QueueFor::many_producers, kBatch>>(plan);
           }),
           .first_amount = 50'000}};
}

}  // namespace sluice::bench
