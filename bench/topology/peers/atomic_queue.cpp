// atomic_queue, in its fastest class that fits: a fixed size, one producer and one consumer where that is so,
// eight bytes in an atomic element, and no total order of its indices. Its documentation calls waiting inside
// push and pop the fastest, so both are used where they can't wait for somebody who needs the core.
#include <cstdint>
#include <type_traits>
#include <vector>

#include <atomic_queue/atomic_queue.h>

#include "topology/peer.hpp"
#include "topology/queue_grid.hpp"

namespace sluice::bench {

namespace {

enum class Ends : std::uint8_t { one_each, many };

/// An atomic element has a value that means empty; no message has that number.
constexpr std::uint64_t kNothing = ~std::uint64_t{0};

template <class M>
constexpr bool kFitsAtomic = sizeof(M) == sizeof(std::uint64_t);

template <class M, Ends kEnds>
using Elements =
    std::conditional_t<kFitsAtomic<M>,
                       ::atomic_queue::AtomicQueue<std::uint64_t, kBacklog, kNothing, true, true, false,
                                                   kEnds == Ends::one_each>,
                       ::atomic_queue::AtomicQueue2<M, kBacklog, true, true, false, kEnds == Ends::one_each>>;

template <class M, Ends kEnds>
class FixedSize {
 public:
  explicit FixedSize(const FlowPlan& plan)
      : queue_(std::make_unique<Elements<M, kEnds>>()),
        may_wait_inside_(!plan.oversubscribed() && !plan.single_threaded()),
        only_reader_(!plan.groups()) {}

  void push(const M* message, std::size_t, const Idle& idle) {
    if (may_wait_inside_) return queue_->push(packed(*message));
    while (!queue_->try_push(packed(*message))) idle();
  }

  void take(Tally& mine) {
    if (only_reader_ && may_wait_inside_) {
      // What is there can't be taken by another, so no check for each.
      unsigned there = std::min<unsigned>(queue_->was_size(), Receiver::kMost);
      for (; there != 0; --there) mine.add(unpacked(queue_->pop()));
      return;
    }
    Packed message{};
    for (std::size_t i = 0; i < Receiver::kMost && queue_->try_pop(message); ++i) mine.add(unpacked(message));
  }

 private:
  using Packed = typename Elements<M, kEnds>::value_type;

  static Packed packed(const M& message) noexcept {
    if constexpr (kFitsAtomic<M>) {
      return message.sequence;
    } else {
      return message;
    }
  }
  static M unpacked(const Packed& packed) noexcept {
    if constexpr (kFitsAtomic<M>) {
      M message;
      message.number(packed);
      return message;
    } else {
      return packed;
    }
  }

  std::unique_ptr<Elements<M, kEnds>> queue_;
  bool may_wait_inside_;
  bool only_reader_;
};

std::unique_ptr<Transport> make(const FlowPlan& plan, std::size_t payload_bytes) {
  return with_payload(payload_bytes, [&]<std::size_t Bytes>() -> std::unique_ptr<Transport> {
    using M = Message<Bytes>;
    // Producers share a queue rather than have one each: that is what this library is for.
    if (plan.producers > 1 || plan.groups()) {
      return std::make_unique<QueueGrid<M, FixedSize<M, Ends::many>, QueueFor::many_producers>>(plan);
    }
    return std::make_unique<QueueGrid<M, FixedSize<M, Ends::one_each>, QueueFor::one_producer>>(plan);
  });
}

}  // namespace

std::vector<Peer> atomic_queue_peers() {
  // A reader that is interrupted between taking a place and taking what lies there can be overtaken by one
  // that has the same place a lap later.
  return {{.name = "atomic_queue", .fits = any_plan, .make = make, .keeps_order_in_groups = false}};
}

}  // namespace sluice::bench
