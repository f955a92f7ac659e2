// What a publish costs, by how many topics there are (1 to 100,000, visited in turn, so that most are cold)
// and who else is subscribed. One thread; 64 bytes unless told otherwise; caller timestamps, so that no clock
// hides the difference.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/bus/bus.hpp"

#include "topology/message.hpp"
#include "topology/topologies.hpp"

namespace sluice::bench {

namespace {

constexpr std::size_t kParked = 8;

BusOptions caller_timestamps() {
  BusOptions options;
  options.timestamps = Timestamps::caller;
  return options;
}

/// A bus with held publishers on many topics, and what is subscribed to others. Made once per topology.
template <class M>
class Stage {
 public:
  Stage(std::size_t topics, std::size_t parked_elsewhere) : bus_(Bus::open(caller_timestamps()).value()) {
    for (std::size_t i = 0; i < topics; ++i) {
      names_.push_back("market.instrument_" + std::to_string(i));
      publishers_.push_back(bus_.publisher<M>(names_.back()).value());
    }
    subscriptions_.reserve(parked_elsewhere);
    for (std::size_t i = 0; i < parked_elsewhere; ++i) {
      SubscribeOptions wanted;
      wanted.topic = "elsewhere_" + std::to_string(i) + ".>";
      wanted.wait = WaitStrategy::sleepy();
      subscriptions_.push_back(bus_.subscribe(wanted).value());
      runners_.push_back(bus_.run(subscriptions_.back(),
                                  [](const EventView&) {
                                    throw WrongAnswer(
                                        "topics: an event reached a subscriber of another topic");
                                  })
                             .value());
    }
  }

  /// Round robin over all its publishers.
  Reading publish_held(std::uint64_t count) {
    const std::uint64_t before = bus_.metrics().published;
    M message;
    const std::int64_t began_ns = monotonic_ns();
    for (std::uint64_t i = 0, at = 0; i < count; ++i) {
      message.number(i);
      if (!publishers_[at].publish(message)) throw BadResult(publishers_[at].last_error());
      if (++at == publishers_.size()) at = 0;
    }
    return finish(began_ns, count, before);
  }

  /// The same through the bus, which looks the name up.
  Reading publish_by_name(std::uint64_t count) {
    const std::uint64_t before = bus_.metrics().published;
    M message;
    const auto bytes = std::as_bytes(std::span(&message, 1));
    const std::int64_t began_ns = monotonic_ns();
    for (std::uint64_t i = 0, at = 0; i < count; ++i) {
      message.number(i);
      bus_.publish(names_[at], bytes).value();
      if (++at == names_.size()) at = 0;
    }
    return finish(began_ns, count, before);
  }

 private:
  Reading finish(std::int64_t began_ns, std::uint64_t count, std::uint64_t published_before) {
    const auto busy_ns = static_cast<double>(monotonic_ns() - began_ns);
    const BusMetrics metrics = bus_.metrics();
    if (metrics.published - published_before != count)
      throw WrongAnswer("topics: not every publish was counted");
    for (const Runner& runner : runners_) {
      if (runner.exceptions() != 0)
        throw WrongAnswer("topics: an event reached a subscriber of another topic");
    }
    return {.figures = {busy_ns / static_cast<double>(count)}, .busy_ns = busy_ns};
  }

  Bus bus_;
  std::vector<std::string> names_;
  std::vector<TypedPublisher<M>> publishers_;
  std::vector<Subscription> subscriptions_;
  std::vector<Runner> runners_;
};

template <std::size_t Bytes>
std::vector<Case> cases(std::size_t most) {
  using S = Stage<Message<Bytes>>;
  std::vector<Case> all;
  const auto add = [&](const std::string& what, std::function<Reading(std::uint64_t)> measure) {
    all.push_back({.topology = "topics",
                   .peer = what,
                   .payload_bytes = Bytes,
                   .metrics = {"ns"},
                   .first_amount = 100'000,
                   .measure = std::move(measure)});
  };
  const auto add_held = [&](const std::string& what, const std::shared_ptr<S>& stage) {
    add("held_" + what, [stage](std::uint64_t count) { return stage->publish_held(count); });
  };
  const auto add_by_name = [&](const std::string& what, const std::shared_ptr<S>& stage) {
    add("by_name_" + what, [stage](std::uint64_t count) { return stage->publish_by_name(count); });
  };

  const auto one = std::make_shared<S>(1, 0);
  add_held("1_topic", one);
  add_held("no_matching_subscriber", std::make_shared<S>(1, 1));
  add_held(std::to_string(kParked) + "_parked_elsewhere", std::make_shared<S>(1, kParked));
  add_by_name("1_topic", one);
  for (std::size_t topics = 100; topics <= most; topics *= 10) {
    const auto many = std::make_shared<S>(topics, 0);
    add_held("of_" + std::to_string(topics), many);
    add_by_name("of_" + std::to_string(topics), many);
  }
  return all;
}

}  // namespace

Topology topics() {
  return {"topics", [](const Options& options) {
            const std::size_t most = options.pace == Pace::smoke ? 1'000 : 100'000;
            return with_payload(options.payloads_of("topics").front(),
                                [=]<std::size_t Bytes>() { return cases<Bytes>(most); });
          }};
}

}  // namespace sluice::bench
