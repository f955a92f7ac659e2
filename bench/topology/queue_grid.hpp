#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "topology/team.hpp"
#include "topology/transport.hpp"

namespace sluice::bench {

/// How many producers one queue can serve.
enum class QueueFor : std::uint8_t {
  one_producer,    ///< so there is a queue for each producer and consumer, and a consumer visits its queues
  many_producers,  ///< so there is a queue for each consumer; or one for a group
};

/// Queues of messages in the place of a bus, arranged as their users would for each shape.
///
/// A `Queue` is made of a plan and has `push(messages, count, idle)`, which waits with `idle()` while there
/// is no room, and `take(mine)`, which adds what is there to a tally, `Receiver::kMost` messages at most.
template <class M, class Queue, QueueFor kFor, std::size_t kPerCall = 1>
class QueueGrid final : public Transport {
 public:
  explicit QueueGrid(const FlowPlan& plan) : plan_(plan) {
    const std::size_t columns = plan.groups() ? 1 : plan.consumers;
    const std::size_t rows = kFor == QueueFor::one_producer ? plan.producers : 1;
    queues_.resize(columns);
    for (auto& column : queues_) {
      for (std::size_t i = 0; i < rows; ++i) column.push_back(std::make_unique<Queue>(plan));
    }
  }

  std::unique_ptr<Sender> sender(std::size_t producer) override {
    std::vector<Queue*> targets;
    for (auto& column : queues_) targets.push_back(column[producer % column.size()].get());
    return std::make_unique<GridSender>(Idle(plan_.oversubscribed()), std::move(targets));
  }
  std::unique_ptr<Receiver> receiver(std::size_t consumer) override {
    std::vector<Queue*> sources;
    for (auto& queue : queues_[plan_.groups() ? 0 : consumer]) sources.push_back(queue.get());
    return std::make_unique<GridReceiver>(std::move(sources));
  }

 private:
  class GridSender final : public Sender {
   public:
    GridSender(Idle idle, std::vector<Queue*> targets) : idle_(idle), targets_(std::move(targets)) {}

    void send(std::uint64_t first, std::uint64_t count) override {
      if constexpr (kPerCall == 1) {
        send_one_by_one<M>(first, count, [&](const M& message) {
          for (Queue* target : targets_) target->push(&message, 1, idle_);
        });
      } else {
        send_in_batches<M>(first, count, [&](const M* messages, std::size_t now) {
          for (Queue* target : targets_) target->push(messages, now, idle_);
        });
      }
    }

   private:
    Idle idle_;
    std::vector<Queue*> targets_;
  };

  class GridReceiver final : public Receiver {
   public:
    explicit GridReceiver(std::vector<Queue*> sources) : sources_(std::move(sources)) {}

    std::size_t receive(Tally& tally) override {
      return count_into(tally, [&](Tally& mine) {
        for (Queue* source : sources_) source->take(mine);
      });
    }

   private:
    std::vector<Queue*> sources_;
  };

  FlowPlan plan_;
  std::vector<std::vector<std::unique_ptr<Queue>>> queues_;  ///< by consumer, by producer
};

}  // namespace sluice::bench
