// The bare rings behind a flow: one ring for everybody. Where each message goes to one consumer, a ring for
// each and turns taken: that balances nothing, and is faster than anything that does.
#include "topology/bare_ring.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/platform.hpp"

#include "topology/peer.hpp"
#include "topology/team.hpp"

namespace sluice::bench {

namespace {

template <class Ring>
std::vector<std::unique_ptr<Ring>> make_rings(const FlowPlan& plan) {
  std::vector<std::unique_ptr<Ring>> rings;
  for (std::size_t i = 0; i < (plan.groups() ? plan.consumers : 1); ++i) {
    rings.push_back(std::make_unique<Ring>(plan.groups() ? 1 : plan.consumers));
  }
  return rings;
}

/// What the senders over several rings have in common: a position in each, and whose turn it is.
template <class Ring>
class RingSender : public Sender {
 public:
  RingSender(std::vector<std::unique_ptr<Ring>>& rings, const FlowPlan& plan)
      : idle_(plan.oversubscribed()), rings_(&rings), producers_(rings.size()) {}

 protected:
  [[nodiscard]] Ring& ring() noexcept { return *(*rings_)[turn_]; }
  [[nodiscard]] typename Ring::Producer& producer() noexcept { return producers_[turn_]; }
  void next_turn() noexcept {
    if (++turn_ == producers_.size()) turn_ = 0;
  }

  Idle idle_;

 private:
  std::vector<std::unique_ptr<Ring>>* rings_;
  std::vector<typename Ring::Producer> producers_;
  std::size_t turn_ = 0;
};

template <class M>
class SingleSender final : public RingSender<BareRing<M>> {
 public:
  using RingSender<BareRing<M>>::RingSender;

  void send(std::uint64_t first, std::uint64_t count) override {
    send_one_by_one<M>(first, count, [&](const M& message) {
      this->ring().push(this->producer(), message, this->idle_);
      this->next_turn();
    });
  }
};

/// A message that says when it was sent.
template <class M>
struct Stamped {
  std::int64_t time_ns = 0;
  M message;
};

/// A message behind as many bytes as a bus's record has in front of it, written like those.
template <class M>
struct Headed {
  Headed() = default;
  explicit Headed(const M& sent) noexcept : header{sizeof(M), 1, sent.sequence, 0}, message(sent) {}

  std::array<std::uint64_t, 4> header{};
  M message;
};

/// Reads the clock for each message, as a bus does that is asked to.
template <class M, std::size_t kAlignment>
class StampingSender final : public RingSender<BareRing<Stamped<M>, kAlignment>> {
 public:
  using RingSender<BareRing<Stamped<M>, kAlignment>>::RingSender;

  void send(std::uint64_t first, std::uint64_t count) override {
    send_one_by_one<M>(first, count, [&](const M& message) {
      this->ring().push(this->producer(), {clock_.now_ns(), message}, this->idle_);
    });
  }

 private:
  ClockReader clock_;
};

template <class M, std::size_t kPerCall>
class SharedSender final : public RingSender<BareRing<M>> {
 public:
  using RingSender<BareRing<M>>::RingSender;

  void send(std::uint64_t first, std::uint64_t count) override {
    if constexpr (kPerCall == 1) {
      send_one_by_one<M>(first, count, [&](const M& message) {
        this->ring().push_shared(this->producer(), &message, 1, this->idle_);
      });
    } else {
      send_in_batches<M>(first, count, [&](const M* messages, std::size_t now) {
        this->ring().push_shared(this->producer(), messages, now, this->idle_);
      });
    }
  }
};

template <class M, class Slot>
class BatchSender final : public RingSender<BareBatchRing<Slot>> {
 public:
  using RingSender<BareBatchRing<Slot>>::RingSender;

  void send(std::uint64_t first, std::uint64_t count) override {
    send_in_batches<M>(first, count, [&](const M* messages, std::size_t now) {
      this->ring().push(this->producer(), messages, now, this->idle_);
      this->next_turn();
    });
  }
};

template <class M>
const M& message_of(const M& sent) noexcept {
  return sent;
}
template <class M>
const M& message_of(const Stamped<M>& sent) noexcept {
  return sent.message;
}
template <class M>
const M& message_of(const Headed<M>& sent) noexcept {
  return sent.message;
}

template <class Ring>
class RingReceiver final : public Receiver {
 public:
  explicit RingReceiver(typename Ring::Reader reader) : reader_(reader) {}

  std::size_t receive(Tally& tally) override {
    return count_into(tally, [&](Tally& mine) {
      reader_.poll([&](const auto& sent) { mine.add(message_of(sent)); }, kMost);
    });
  }

 private:
  typename Ring::Reader reader_;
};

template <class Ring, class MySender>
class RingTransport final : public Transport {
 public:
  explicit RingTransport(const FlowPlan& plan) : plan_(plan), rings_(make_rings<Ring>(plan)) {}

  std::unique_ptr<Sender> sender(std::size_t) override { return std::make_unique<MySender>(rings_, plan_); }
  std::unique_ptr<Receiver> receiver(std::size_t consumer) override {
    const std::size_t ring = plan_.groups() ? consumer : 0;
    return std::make_unique<RingReceiver<Ring>>(
        typename Ring::Reader(*rings_[ring], plan_.groups() ? 0 : consumer));
  }

 private:
  FlowPlan plan_;
  std::vector<std::unique_ptr<Ring>> rings_;
};

std::unique_ptr<Transport> one_at_a_time(const FlowPlan& plan, std::size_t payload_bytes) {
  return with_payload(payload_bytes, [&]<std::size_t Bytes>() -> std::unique_ptr<Transport> {
    using M = Message<Bytes>;
    using Ring = BareRing<M>;
    if (plan.producers > 1) return std::make_unique<RingTransport<Ring, SharedSender<M, 1>>>(plan);
    return std::make_unique<RingTransport<Ring, SingleSender<M>>>(plan);
  });
}

std::unique_ptr<Transport> in_batches(const FlowPlan& plan, std::size_t payload_bytes) {
  return with_payload(payload_bytes, [&]<std::size_t Bytes>() -> std::unique_ptr<Transport> {
    using M = Message<Bytes>;
    if (plan.producers > 1) {
      return std::make_unique<RingTransport<BareRing<M>, SharedSender<M, kBatch>>>(plan);
    }
    return std::make_unique<RingTransport<BareBatchRing<M>, BatchSender<M, M>>>(plan);
  });
}

std::unique_ptr<Transport> headed(const FlowPlan& plan, std::size_t payload_bytes) {
  return with_payload(payload_bytes, [&]<std::size_t Bytes>() -> std::unique_ptr<Transport> {
    using M = Message<Bytes>;
    return std::make_unique<RingTransport<BareBatchRing<Headed<M>>, BatchSender<M, Headed<M>>>>(plan);
  });
}

template <std::size_t kAlignment>
std::unique_ptr<Transport> stamped(const FlowPlan& plan, std::size_t payload_bytes) {
  return with_payload(payload_bytes, [&]<std::size_t Bytes>() -> std::unique_ptr<Transport> {
    using M = Message<Bytes>;
    return std::make_unique<RingTransport<BareRing<Stamped<M>, kAlignment>, StampingSender<M, kAlignment>>>(
        plan);
  });
}

}  // namespace

std::vector<Peer> bare_ring_peers() {
  const auto single_producer = [](const FlowPlan& plan) {
    return plan.producers == 1 && !plan.groups() && plan.threads() > 1;
  };
  const auto one_each = [](const FlowPlan& plan) { return plan.threads() == 2 && plan.consumers == 1; };
  return {
      {"bare_ring", 1, any_plan, one_at_a_time},
      {"bare_ring", kBatch, any_plan, in_batches},
      {"bare_ring_headed", kBatch, single_producer, headed},
      // Slots like the bus's records, and slots of whole cache lines.
      {"bare_ring_tsc", 1, one_each, stamped<32>},
      {"bare_ring_tsc_lines", 1, one_each, stamped<platform::kDestructiveBytes>},
  };
}

}  // namespace sluice::bench
