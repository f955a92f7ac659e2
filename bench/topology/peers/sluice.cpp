// The bus: typed publishers, `block` subscriptions that their own threads poll.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sluice/bus/bus.hpp"

#include "topology/bus_room.hpp"
#include "topology/peer.hpp"

namespace sluice::bench {

namespace {

/// Which shards a flow's topics lie on.
enum class Shards : std::uint8_t {
  own,     ///< a single-producer shard pinned for each producer's topic: how one would set up a busy feed
  shared,  ///< the default: all producers on one multi-producer shard, in one total order
};

/// How the bus is used. Static, so that the loops have no branches on it.
struct BusUse {
  Timestamps timestamps = Timestamps::caller;
  std::size_t batch = 1;
  Shards shards = Shards::own;
};

std::string topic_of(std::size_t producer) {
  return "bench.producer_" + std::to_string(producer);
}

BusOptions bus_options(const FlowPlan& plan, Shards shards, std::size_t payload_bytes) {
  BusOptions options;
  options.capacity_bytes = bus_room_bytes(payload_bytes);
  if (shards == Shards::shared) return options;
  options.shards = 0;
  for (std::size_t i = 0; i < plan.producers; ++i) {
    // The last pin takes what is left, so that there is no shard that nobody uses but all must poll.
    const bool last = i + 1 == plan.producers;
    options.pinned.push_back(
        {.pattern = last ? ">" : topic_of(i), .producers = Producers::single, .capacity_bytes = {}});
  }
  return options;
}

template <class M, std::size_t kPerCall>
class BusSender final : public Sender {
 public:
  explicit BusSender(TypedPublisher<M> publisher) : publisher_(std::move(publisher)) {}

  void send(std::uint64_t first, std::uint64_t count) override {
    if constexpr (kPerCall == 1) {
      send_one_by_one<M>(first, count, [&](const M& message) { check(publisher_.publish(message)); });
    } else {
      send_in_batches<M>(first, count, [&](const M* messages, std::size_t now) {
        check(publisher_.publish_batch({messages, now}));
      });
    }
  }

 private:
  void check(const PublishResult& result) {
    if (!result) [[unlikely]]
      throw BadResult(publisher_.last_error());
  }

  TypedPublisher<M> publisher_;
};

template <class M>
class BusReceiver final : public Receiver {
 public:
  explicit BusReceiver(Subscription& subscription) : subscription_(&subscription) {}

  std::size_t receive(Tally& tally) override {
    return count_into(tally, [&](Tally& mine) {
      (void)subscription_->poll([&](const EventView& event) { mine.add(event.as<M>()); });
    });
  }

 private:
  Subscription* subscription_;
};

template <class M, BusUse kUse>
class BusTransport final : public Transport {
 public:
  explicit BusTransport(const FlowPlan& plan)
      : bus_(Bus::open(bus_options(plan, kUse.shards, sizeof(M))).value()) {
    SubscribeOptions wanted;
    // There is nothing else on this bus, so several topics are the firehose.
    if (plan.producers == 1) wanted.topic = topic_of(0);
    if (plan.groups()) wanted.group = "group";
    for (std::size_t i = 0; i < plan.consumers; ++i) {
      subscriptions_.push_back(bus_.subscribe(wanted).value());
    }
  }

  std::unique_ptr<Sender> sender(std::size_t producer) override {
    PublisherOptions options;
    options.timestamps = kUse.timestamps;
    return std::make_unique<BusSender<M, kUse.batch>>(bus_.publisher<M>(topic_of(producer), options).value());
  }
  std::unique_ptr<Receiver> receiver(std::size_t consumer) override {
    return std::make_unique<BusReceiver<M>>(subscriptions_[consumer]);
  }

 private:
  Bus bus_;
  std::vector<Subscription> subscriptions_;
};

template <BusUse kUse>
std::unique_ptr<Transport> open_bus(const FlowPlan& plan, std::size_t payload_bytes) {
  return with_payload(payload_bytes, [&]<std::size_t Bytes>() -> std::unique_ptr<Transport> {
    return std::make_unique<BusTransport<Message<Bytes>, kUse>>(plan);
  });
}

/// Several producers share a shard, and so have one common order, unless the name says otherwise. A single
/// one has a shard of its own.
template <Timestamps kTimestamps, std::size_t kPerCall>
std::unique_ptr<Transport> open_usual_bus(const FlowPlan& plan, std::size_t payload_bytes) {
  if (plan.producers == 1) return open_bus<BusUse{kTimestamps, kPerCall, Shards::own}>(plan, payload_bytes);
  return open_bus<BusUse{kTimestamps, kPerCall, Shards::shared}>(plan, payload_bytes);
}

}  // namespace

std::vector<Peer> sluice_peers() {
  constexpr auto kCaller = Timestamps::caller;
  const auto several_producers = [](const FlowPlan& plan) { return plan.producers > 1; };
  const auto one_each = [](const FlowPlan& plan) { return plan.producers == 1 && plan.consumers == 1; };
  return {
      {"sluice", 1, any_plan, open_usual_bus<kCaller, 1>},
      {"sluice", kBatch, any_plan, open_usual_bus<kCaller, kBatch>},
      {"sluice_tsc", 1, any_plan, open_usual_bus<Timestamps::per_event, 1>},
      {"sluice_tsc", kBatch, any_plan, open_usual_bus<Timestamps::per_event, kBatch>},
      {"sluice_tsc_batch", kBatch, any_plan, open_usual_bus<Timestamps::per_batch, kBatch>},
      {"sluice_own_shards", 1, several_producers, open_bus<BusUse{kCaller, 1, Shards::own}>},
      {"sluice_own_shards", kBatch, several_producers, open_bus<BusUse{kCaller, kBatch, Shards::own}>},
      {"sluice_shared_shard", 1, one_each, open_bus<BusUse{kCaller, 1, Shards::shared}>},
  };
}

}  // namespace sluice::bench
