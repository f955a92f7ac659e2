// Boost.Signals2: a call to everybody who is connected, on the caller's thread. Nothing is stored, so it can
// only stand in where one thread does everything.
#include <memory>
#include <vector>

#include <boost/signals2/signal.hpp>

#include "topology/peer.hpp"

namespace sluice::bench {

namespace {

template <class M>
class SignalTransport final : public Transport {
  using Signal = boost::signals2::signal<void(const M&)>;

 public:
  explicit SignalTransport(const FlowPlan&)
      : connection_(signal_.connect([this](const M& message) { called_.add(message); })) {}

  std::unique_ptr<Sender> sender(std::size_t) override { return std::make_unique<Emitter>(signal_); }
  std::unique_ptr<Receiver> receiver(std::size_t) override { return std::make_unique<Collector>(called_); }

 private:
  class Emitter final : public Sender {
   public:
    explicit Emitter(Signal& signal) : signal_(&signal) {}
    void send(std::uint64_t first, std::uint64_t count) override {
      send_one_by_one<M>(first, count, [&](const M& message) { (*signal_)(message); });
    }

   private:
    Signal* signal_;
  };

  /// The slot has counted already; this hands its sums over.
  class Collector final : public Receiver {
   public:
    explicit Collector(Tally& called) : called_(&called) {}
    std::size_t receive(Tally& tally) override {
      return count_into(tally, [this](Tally& mine) { mine = std::exchange(*called_, Tally{}); });
    }

   private:
    Tally* called_;
  };

  Tally called_;
  Signal signal_;
  boost::signals2::scoped_connection connection_;
};

}  // namespace

std::vector<Peer> boost_signals2_peers() {
  return {{.name = "boost_signals2",
           .fits = [](const FlowPlan& plan) { return plan.single_threaded(); },
           .make = maker(
               []<class M>(const FlowPlan& plan) { return std::make_unique<SignalTransport<M>>(plan); }),
           .first_amount = 20'000}};
}

}  // namespace sluice::bench
