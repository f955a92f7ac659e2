// moodycamel::ConcurrentQueue as its documentation says to use it for speed: a token for each producer and
// consumer, blocks allocated up front, and where everybody is to see everything a queue for each consumer.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <concurrentqueue/concurrentqueue.h>

#include "topology/peer.hpp"
#include "topology/team.hpp"

namespace sluice::bench {

namespace {

enum class Enqueue : std::uint8_t { single, bulk };
enum class Dequeue : std::uint8_t { single, bulk };

template <class M>
using Queue = moodycamel::ConcurrentQueue<M>;

template <class M, Enqueue kEnqueue>
class TokenSender final : public Sender {
 public:
  TokenSender(const FlowPlan& plan, std::vector<std::unique_ptr<Queue<M>>>& queues,
              std::vector<moodycamel::ProducerToken>& tokens)
      : idle_(plan.oversubscribed()), queues_(&queues), tokens_(&tokens) {}

  void send(std::uint64_t first, std::uint64_t count) override {
    if constexpr (kEnqueue == Enqueue::bulk) {
      send_in_batches<M>(first, count, [&](const M* messages, std::size_t now) {
        for (std::size_t i = 0; i < queues_->size(); ++i) {
          while (!(*queues_)[i]->try_enqueue_bulk((*tokens_)[i], messages, now)) idle_();
        }
      });
    } else {
      send_one_by_one<M>(first, count, [&](const M& message) {
        for (std::size_t i = 0; i < queues_->size(); ++i) {
          while (!(*queues_)[i]->try_enqueue((*tokens_)[i], message)) idle_();
        }
      });
    }
  }

 private:
  Idle idle_;
  std::vector<std::unique_ptr<Queue<M>>>* queues_;
  std::vector<moodycamel::ProducerToken>* tokens_;
};

template <class M, Dequeue kDequeue>
class TokenReceiver final : public Receiver {
 public:
  explicit TokenReceiver(Queue<M>& queue) : queue_(&queue), token_(queue) {}

  std::size_t receive(Tally& tally) override {
    return count_into(tally, [&](Tally& mine) {
      if constexpr (kDequeue == Dequeue::bulk) {
        const std::size_t taken = queue_->try_dequeue_bulk(token_, room_.data(), room_.size());
        for (std::size_t i = 0; i < taken; ++i) mine.add(room_[i]);
      } else {
        while (mine.count < kMost && queue_->try_dequeue(token_, room_[0])) mine.add(room_[0]);
      }
    });
  }

 private:
  Queue<M>* queue_;
  moodycamel::ConsumerToken token_;
  std::array<M, kDequeue == Dequeue::bulk ? kBatch : 1> room_;
};

/// Its backlog is bounded as a ring's is: `try_enqueue` never allocates. Since blocks stay with the producer
/// that once filled them, each is given its share before the start; one without any would never get one.
template <class M, Enqueue kEnqueue, Dequeue kDequeue>
class TokenTransport final : public Transport {
 public:
  explicit TokenTransport(const FlowPlan& plan) : plan_(plan), tokens_(plan.producers) {
    for (std::size_t i = 0; i < (plan.groups() ? 1 : plan.consumers); ++i) {
      queues_.push_back(std::make_unique<Queue<M>>());
      for (auto& of_producer : tokens_) {
        of_producer.emplace_back(*queues_.back());
        for (std::size_t n = 0; n < kBacklog / plan.producers; ++n) {
          queues_.back()->enqueue(of_producer.back(), M{});
        }
      }
      M message;
      while (queues_.back()->try_dequeue(message)) {
      }
    }
  }

  std::unique_ptr<Sender> sender(std::size_t producer) override {
    return std::make_unique<TokenSender<M, kEnqueue>>(plan_, queues_, tokens_[producer]);
  }
  std::unique_ptr<Receiver> receiver(std::size_t consumer) override {
    return std::make_unique<TokenReceiver<M, kDequeue>>(*queues_[plan_.groups() ? 0 : consumer]);
  }

 private:
  FlowPlan plan_;
  std::vector<std::unique_ptr<Queue<M>>> queues_;
  std::vector<std::vector<moodycamel::ProducerToken>> tokens_;  ///< by producer, by queue
};

}  // namespace

std::vector<Peer> moodycamel_peers() {
  return {{"moodycamel_token", 1, any_plan, maker([]<class M>(const FlowPlan& plan) {
             return std::make_unique<TokenTransport<M, Enqueue::single, Dequeue::single>>(plan);
           })},
          {"moodycamel_token_bulk_dequeue", 1, any_plan, maker([]<class M>(const FlowPlan& plan) {
             return std::make_unique<TokenTransport<M, Enqueue::single, Dequeue::bulk>>(plan);
           })},
          {"moodycamel_bulk", kBatch, any_plan, maker([]<class M>(const FlowPlan& plan) {
             return std::make_unique<TokenTransport<M, Enqueue::bulk, Dequeue::bulk>>(plan);
           })}};
}

}  // namespace sluice::bench
