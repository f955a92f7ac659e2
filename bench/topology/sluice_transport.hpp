#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/bus/bus.hpp"

#include "topology/flow.hpp"
#include "topology/message.hpp"

namespace sluice::bench {

/// Which shards a flow's topics lie on.
enum class Shards : std::uint8_t {
  own,     ///< a single-producer shard pinned for each producer's topic: how one would set up a busy feed
  shared,  ///< the default: all producers on one multi-producer shard, in one total order
};

/// How a bus is used in a measurement. Static, so that the loops have no branches on it.
struct BusUse {
  Timestamps timestamps = Timestamps::caller;
  std::size_t batch = 1;
  Shards shards = Shards::own;
};

/// The bus behind a flow: typed publishers, `block` subscriptions that their own threads poll.
template <class M, BusUse kUse>
class SluiceTransport {
 public:
  explicit SluiceTransport(const FlowPlan& plan) : bus_(Bus::open(options(plan)).value()) {
    SubscribeOptions wanted;
    wanted.topic = "bench.*";
    if (plan.delivery == Delivery::one_of) wanted.group = "group";
    for (std::size_t i = 0; i < plan.consumers; ++i) {
      subscriptions_.push_back(bus_.subscribe(wanted).value());
    }
  }

  class Sender {
   public:
    explicit Sender(TypedPublisher<M> publisher) : publisher_(std::move(publisher)) {}

    void send(std::uint64_t first, std::uint64_t count) {
      if constexpr (kUse.batch == 1) {
        M message;
        for (std::uint64_t i = 0; i < count; ++i) {
          message.number(first + i);
          check(publisher_.publish(message));
        }
      } else {
        std::array<M, kUse.batch> messages;
        for (std::uint64_t sent = 0; sent < count;) {
          const std::uint64_t now = std::min<std::uint64_t>(kUse.batch, count - sent);
          for (std::uint64_t i = 0; i < now; ++i) messages[i].number(first + sent + i);
          check(publisher_.publish_batch({messages.data(), now}));
          sent += now;
        }
      }
    }

   private:
    void check(const PublishResult& result) {
      if (!result) [[unlikely]]
        throw BadResult(publisher_.last_error());
    }

    TypedPublisher<M> publisher_;
  };

  class Receiver {
   public:
    explicit Receiver(Subscription& subscription) : subscription_(&subscription) {}

    std::size_t receive(Tally& tally) {
      return subscription_->poll([&](const EventView& event) { tally.add(event.as<M>()); }, kPollLimit)
          .events;
    }

   private:
    static constexpr std::size_t kPollLimit = 256;
    Subscription* subscription_;
  };

  [[nodiscard]] Sender sender(std::size_t producer) {
    PublisherOptions options;
    options.timestamps = kUse.timestamps;
    return Sender(bus_.publisher<M>(topic(producer), options).value());
  }
  [[nodiscard]] Receiver receiver(std::size_t consumer) { return Receiver(subscriptions_[consumer]); }

 private:
  static std::string topic(std::size_t producer) { return "bench.producer_" + std::to_string(producer); }

  static BusOptions options(const FlowPlan& plan) {
    BusOptions options;
    if constexpr (kUse.shards == Shards::own) {
      options.shards = 0;
      for (std::size_t i = 0; i < plan.producers; ++i) {
        // The last pin takes what is left, so that there is no shard that nobody uses but all must poll.
        const bool last = i + 1 == plan.producers;
        options.pinned.push_back(
            {.pattern = last ? ">" : topic(i), .producers = Producers::single, .capacity_bytes = {}});
      }
    }
    return options;
  }

  Bus bus_;
  std::vector<Subscription> subscriptions_;
};

}  // namespace sluice::bench
