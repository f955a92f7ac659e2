#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <concurrentqueue/concurrentqueue.h>

#include "topology/flow.hpp"
#include "topology/message.hpp"
#include "topology/team.hpp"

namespace sluice::bench {

enum class Dequeue : std::uint8_t { one_at_a_time, bulk };

/// moodycamel::ConcurrentQueue as its documentation says to use it for speed: a token for each producer and
/// consumer, blocks allocated up front, and where everybody is to see everything a queue for each consumer.
///
/// Its backlog is bounded as a ring's is: `try_enqueue` never allocates. Since blocks stay with the producer
/// that once filled them, each is given its share before the start; a producer without any would never get
/// one.
template <class M, Dequeue kDequeue>
class MoodycamelTransport {
  using Queue = moodycamel::ConcurrentQueue<M>;

 public:
  explicit MoodycamelTransport(const FlowPlan& plan) : plan_(plan), tokens_(plan.producers) {
    const std::size_t queues = plan.delivery == Delivery::everybody ? plan.consumers : 1;
    for (std::size_t i = 0; i < queues; ++i) queues_.push_back(std::make_unique<Queue>());
    for (const auto& queue : queues_) {
      for (auto& of_producer : tokens_) {
        of_producer.emplace_back(*queue);
        for (std::size_t i = 0; i < kBacklog / plan.producers; ++i) queue->enqueue(of_producer.back(), M{});
      }
      M message;
      while (queue->try_dequeue(message)) {
      }
    }
  }

  class Sender {
   public:
    Sender(MoodycamelTransport& transport, std::size_t producer)
        : idle_(is_oversubscribed(transport.plan_.threads())),
          queues_(&transport.queues_),
          tokens_(&transport.tokens_[producer]) {}

    void send(std::uint64_t first, std::uint64_t count) {
      const std::size_t queues = tokens_->size();
      M message;
      for (std::uint64_t i = 0; i < count; ++i) {
        message.number(first + i);
        for (std::size_t queue = 0; queue < queues; ++queue) {
          while (!(*queues_)[queue]->try_enqueue((*tokens_)[queue], message)) idle_();
        }
      }
    }

   private:
    Idle idle_;
    std::vector<std::unique_ptr<Queue>>* queues_;
    std::vector<moodycamel::ProducerToken>* tokens_;
  };

  class Receiver {
   public:
    explicit Receiver(Queue& queue) : queue_(&queue), token_(queue) {}

    std::size_t receive(Tally& tally) {
      if constexpr (kDequeue == Dequeue::bulk) {
        const std::size_t taken = queue_->try_dequeue_bulk(token_, bulk_.data(), bulk_.size());
        for (std::size_t i = 0; i < taken; ++i) tally.add(bulk_[i]);
        return taken;
      } else {
        if (!queue_->try_dequeue(token_, bulk_[0])) return 0;
        tally.add(bulk_[0]);
        return 1;
      }
    }

   private:
    Queue* queue_;
    moodycamel::ConsumerToken token_;
    std::array<M, kDequeue == Dequeue::bulk ? 32 : 1> bulk_;
  };

  [[nodiscard]] Sender sender(std::size_t producer) { return Sender(*this, producer); }
  [[nodiscard]] Receiver receiver(std::size_t consumer) {
    return Receiver(*queues_[plan_.delivery == Delivery::everybody ? consumer : 0]);
  }

 private:
  static constexpr std::size_t kBacklog = 8'192;

  FlowPlan plan_;
  std::vector<std::unique_ptr<Queue>> queues_;
  std::vector<std::vector<moodycamel::ProducerToken>> tokens_;  ///< by producer, by queue
};

}  // namespace sluice::bench
