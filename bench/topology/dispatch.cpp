// Many handlers behind one cursor: what an event costs with 1 handler and with 500 handlers on 500 topics.
// One thread publishes a batch of events, not timed, and dispatches them, timed.
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/bus/bus.hpp"
#include "sluice/bus/dispatcher.hpp"

#include "topology/bus_room.hpp"
#include "topology/message.hpp"
#include "topology/topologies.hpp"

namespace sluice::bench {

namespace {

constexpr std::uint64_t kEventsPerTurn = 1'000;

/// A dispatcher with a handler on each of its topics, and their publishers.
template <class M>
class Switchboard {
 public:
  explicit Switchboard(std::size_t topics)
      : bus_(Bus::open(options()).value()), dispatcher_(bus_.dispatcher().value()) {
    for (std::size_t i = 0; i < topics; ++i) {
      const std::string topic = "tick.system_" + std::to_string(i);
      publishers_.push_back(bus_.publisher<M>(topic).value());
      handlers_.push_back(
          dispatcher_.add(topic, [this](const EventView& event) { tally_.add(event.as<M>()); }).value());
    }
  }
  Switchboard(const Switchboard&) = delete;
  Switchboard& operator=(const Switchboard&) = delete;

  /// Nanoseconds per event that was dispatched, round robin over the topics.
  Reading measure(std::uint64_t events) {
    tally_ = {};
    std::int64_t busy_ns = 0;
    std::uint64_t sent = 0;
    for (M message; sent < events;) {
      for (std::uint64_t i = 0; i < kEventsPerTurn; ++i) {
        message.number(sent++);
        if (!publishers_[turn_].try_publish(message)) throw BadResult(publishers_[turn_].last_error());
        if (++turn_ == publishers_.size()) turn_ = 0;
      }
      const std::int64_t began_ns = monotonic_ns();
      while (dispatcher_.poll().events != 0) {
      }
      busy_ns += monotonic_ns() - began_ns;
    }
    require_same(tally_, sent_by(1, sent), "dispatch");
    if (tally_.steps_back != 0) throw WrongAnswer("dispatch: events came out of order");
    const auto took_ns = static_cast<double>(busy_ns);
    return {.figures = {took_ns / static_cast<double>(sent)}, .busy_ns = took_ns};
  }

 private:
  static BusOptions options() {
    BusOptions options;
    options.timestamps = Timestamps::caller;
    options.capacity_bytes = bus_room_bytes(sizeof(M));
    return options;
  }

  Tally tally_;
  std::size_t turn_ = 0;
  Bus bus_;
  Dispatcher dispatcher_;
  std::vector<TypedPublisher<M>> publishers_;
  std::vector<HandlerHandle> handlers_;
};

/// The dearer case over the cheaper one, both measured in the same breath: that is what has a target.
template <class M>
Reading measure_ratio(Switchboard<M>& many, Switchboard<M>& one, std::uint64_t events) {
  const Reading of_many = many.measure(events);
  const Reading of_one = one.measure(events);
  return {.figures = {of_many.figures.front() / of_one.figures.front()},
          .busy_ns = of_many.busy_ns + of_one.busy_ns};
}

template <std::size_t Bytes>
std::vector<Case> cases() {
  using S = Switchboard<Message<Bytes>>;
  const auto one = std::make_shared<S>(1);
  const auto many = std::make_shared<S>(500);
  const auto make = [](const std::string& peer, const std::string& metric,
                       std::function<Reading(std::uint64_t)> measure) {
    return Case{.topology = "dispatch",
                .peer = peer,
                .payload_bytes = Bytes,
                .metrics = {metric},
                .first_amount = 100'000,
                .measure = std::move(measure)};
  };
  return {make("1_handler", "ns", [one](std::uint64_t events) { return one->measure(events); }),
          make("500_handlers_on_500_topics", "ns",
               [many](std::uint64_t events) { return many->measure(events); }),
          make("500_over_1", "ratio",
               [one, many](std::uint64_t events) { return measure_ratio(*many, *one, events); })};
}

}  // namespace

Topology dispatch() {
  return {"dispatch", [](const Options& options) {
            return with_payload(options.payloads_of("dispatch").front(),
                                []<std::size_t Bytes>() { return cases<Bytes>(); });
          }};
}

}  // namespace sluice::bench
