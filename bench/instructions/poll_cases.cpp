// What one event costs its reader, the poll around it and the handler included, and what the whole way costs
// on one thread.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "instructions/cases.hpp"

namespace sluice::bench {

namespace {

constexpr auto by_type = [](const EventView& event) { return event.as<Payload64>().words[0]; };
constexpr auto by_bytes = [](const EventView& event) {
  std::uint64_t first = 0;
  std::memcpy(&first, event.payload().data(), sizeof first);
  return first;
};

/// A publisher whose events carry 1, 2, 3, ... as their first word, and what they add up to.
class Source {
 public:
  Source(Bus& bus, const std::string& topic) : publisher_(bus.publisher<Payload64>(topic).value()) {}

  void publish_round() {
    for (std::uint64_t i = 0; i < kRound; ++i) {
      sum_ += ++payload_.words[0];
      require(publisher_.publish(payload_));
    }
  }
  void expect(std::uint64_t received) const {
    if (received != sum_) throw std::runtime_error("what was received is not what was published");
  }

 private:
  TypedPublisher<Payload64> publisher_;
  Payload64 payload_;
  std::uint64_t sum_ = 0;
};

template <class Read>
void poll(Meter& meter, const Scale& scale, const SubscribeOptions& options, Read read) {
  Bus bus = open_bus(Producers::single);
  Subscription subscription = bus.subscribe(options).value();
  Source source(bus, "bench.poll");
  std::uint64_t sum = 0;
  count_rounds(
      meter, scale, [&] { sum += drain_round(subscription, read); }, [&] { source.publish_round(); });
  source.expect(sum);
}

void same_thread(Meter& meter, const Scale& scale, Producers producers) {
  Bus bus = open_bus(producers);
  Subscription subscription = bus.subscribe(to_topic("bench.poll")).value();
  Source source(bus, "bench.poll");
  std::uint64_t sum = 0;
  const auto tick = [&] {
    source.publish_round();
    sum += drain_round(subscription, by_type);
  };
  count_rounds(meter, scale, tick, [] {});
  source.expect(sum);
}

}  // namespace

std::vector<Case> poll_cases() {
  std::vector<Case> cases;
  const auto add = [&](std::string name, const SubscribeOptions& options, auto read) {
    cases.push_back(
        {std::move(name), [=](Meter& meter, const Scale& scale) { poll(meter, scale, options, read); }});
  };
  add("poll_topic_raw", to_topic("bench.poll"), by_bytes);
  add("poll_topic_typed", to_topic("bench.poll"), by_type);
  add("poll_pattern_typed", to_topic("bench.*"), by_type);
  add("poll_firehose_raw", to_topic(""), by_bytes);
  add("poll_firehose_typed", to_topic(""), by_type);
  add("poll_group_of_1_typed", to_topic("bench.poll", Overload::block, "group"), by_type);
  add("poll_drop_oldest_typed", to_topic("bench.poll", Overload::drop_oldest), by_type);
  cases.push_back({"same_thread_single",
                   [](Meter& meter, const Scale& scale) { same_thread(meter, scale, Producers::single); }});
  cases.push_back({"same_thread_multi",
                   [](Meter& meter, const Scale& scale) { same_thread(meter, scale, Producers::multi); }});
  return cases;
}

}  // namespace sluice::bench
