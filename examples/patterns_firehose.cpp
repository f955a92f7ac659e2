// Who sees what: a topic, `*` for one token, `>` for all that remain, and the firehose.
#include <array>
#include <iomanip>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/sluice.hpp"

namespace {

constexpr std::array<std::string_view, 5> kTopics = {"md.trades.AAPL", "md.trades.GOOG", "md.quotes.AAPL",
                                                     "md.status", "orders.new"};

struct Listener {
  std::string pattern;        // empty: the firehose
  std::string_view expected;  // one letter for each topic: x is seen, - is not
};

std::string seen_by(sluice::Subscription& subscription) {
  std::string seen(kTopics.size(), '-');
  subscription.poll([&](const sluice::EventView& event) {
    for (std::size_t i = 0; i < kTopics.size(); ++i) {
      if (event.topic() == kTopics[i]) seen[i] = 'x';
    }
  });
  return seen;
}

}  // namespace

int main() {
  auto bus = sluice::Bus::open().value();

  const std::vector<Listener> listeners = {
      {"md.trades.AAPL", "x----"}, {"md.trades.*", "xx---"}, {"md.*.AAPL", "x-x--"},
      {"md.>", "xxxx-"},           {"md.*", "---x-"},        {"", "xxxxx"},
  };
  std::vector<sluice::Subscription> subscriptions;
  for (const Listener& listener : listeners) {
    subscriptions.push_back(bus.subscribe({.topic = listener.pattern}).value());
  }
  // Subscribing comes first: a subscription sees what is published after it, topics that are new included.
  for (const std::string_view topic : kTopics) bus.publish(topic, "something").value();

  for (std::size_t i = 0; i < kTopics.size(); ++i) {
    std::cout << std::string(18 + 2 * i, ' ') << kTopics[i] << '\n';
  }
  bool all_right = true;
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const std::string seen = seen_by(subscriptions[i]);
    all_right = all_right && seen == listeners[i].expected;
    const bool is_firehose = listeners[i].pattern.empty();
    std::cout << std::left << std::setw(18) << (is_firehose ? "(firehose)" : listeners[i].pattern);
    for (const char c : seen) std::cout << c << ' ';
    std::cout << '\n';
  }
  return all_right ? 0 : 1;
}
