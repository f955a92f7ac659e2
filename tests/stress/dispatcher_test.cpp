// Handlers that come and go at a high rate, from outside and from inside, while events flow on five hundred
// topics: nobody loses an event, hears one twice, or is called when it is gone.
#include "sluice/bus/dispatcher.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/sluice.hpp"

#include "stress/scale.hpp"

namespace sluice {
namespace {

constexpr std::uint32_t kGroups = 50;
constexpr std::uint32_t kPerGroup = 10;
constexpr std::uint32_t kTopics = kGroups * kPerGroup;
constexpr std::uint32_t kProducers = 2;
constexpr std::uint32_t kPopulation = 64;  // handlers that each churning thread has at a time
constexpr std::uint64_t kNone = ~std::uint64_t{0};

std::string topic_name(std::uint32_t topic) {
  return "t." + std::to_string(topic / kPerGroup) + "." + std::to_string(topic % kPerGroup);
}

/// What one handler has heard of one topic. Plain numbers: the handle's destructor is what makes them safe to
/// read.
struct Heard {
  std::uint64_t first = kNone;
  std::uint64_t next = 0;

  void hear(std::uint64_t sequence, std::uint64_t& gaps) {
    if (first == kNone) {
      first = sequence;
    } else if (sequence != next) {
      ++gaps;
    }
    next = sequence + 1;
  }
};

/// A handler of one topic, or of a group of topics by pattern, with what it has heard.
struct Listener {
  std::uint32_t first_topic = 0;
  std::uint32_t topics = 1;
  std::array<Heard, kPerGroup> heard;
  std::uint64_t gaps = 0;
  std::uint64_t from = 0;
  std::optional<HandlerHandle> handle;

  void hear(const EventView& event, std::uint32_t topic) {
    heard[topic - first_topic].hear(event.as<std::uint64_t>(), gaps);
  }
};

/// What is left of a listener that is gone, to be checked when all positions are known.
struct Life {
  std::uint32_t topic;
  std::uint64_t from;
  Heard heard;
};

class DispatcherStress : public testing::Test {
 protected:
  DispatcherStress() : bus(open()), dispatcher(bus.dispatcher().value()) { positions.resize(kTopics); }

  static Bus open() {
    BusOptions options;
    options.capacity_bytes = 64 * 1024;  // small, so that producers run into the dispatcher
    options.publish_deadline = std::chrono::minutes(10);
    options.timestamps = Timestamps::caller;
    return Bus::open(options).value();
  }

  std::uint32_t topic_of(const EventView& event) const {
    const std::string_view name = event.topic();
    const std::size_t dot = name.find('.', 2);
    return static_cast<std::uint32_t>(std::stoul(std::string(name.substr(2, dot - 2))) * kPerGroup +
                                      std::stoul(std::string(name.substr(dot + 1))));
  }

  std::unique_ptr<Listener> listen(stress::Dice& dice) {
    auto listener = std::make_unique<Listener>();
    Listener* self = listener.get();
    if (dice.below(4) == 0) {
      const auto group = static_cast<std::uint32_t>(dice.below(kGroups));
      listener->first_topic = group * kPerGroup;
      listener->topics = kPerGroup;
      listener->handle =
          dispatcher
              .add("t." + std::to_string(group) + ".*",
                   [this, self](const EventView& event) { self->hear(event, topic_of(event)); })
              .value();
    } else {
      // Half of them crowd on a few topics.
      listener->first_topic = static_cast<std::uint32_t>(dice.below(dice.below(2) == 0 ? kTopics : 8));
      listener->handle = dispatcher
                             .add(topic_name(listener->first_topic),
                                  [self](const EventView& event) { self->hear(event, self->first_topic); })
                             .value();
    }
    listener->from = listener->handle->from().at(0).position;
    return listener;
  }

  /// Ends a listener and keeps what must be checked.
  static void end(std::unique_ptr<Listener> listener, std::vector<Life>& lives) {
    listener->handle.reset();
    EXPECT_EQ(listener->gaps, 0u) << "topic " << listener->first_topic;
    for (std::uint32_t i = 0; i < listener->topics; ++i) {
      if (listener->heard[i].first != kNone)
        lives.push_back({listener->first_topic + i, listener->from, listener->heard[i]});
    }
  }

  /// Publishes to every `kProducers`-th topic in turn; new topics come in one by one.
  void produce(std::uint32_t producer, std::uint64_t events) {
    std::vector<TypedPublisher<std::uint64_t>> publishers;
    constexpr std::uint32_t kOwn = kTopics / kProducers;
    for (std::uint64_t event = 0; !stop.load(); ++event) {
      if (event == events) producers_done.fetch_add(1);
      if (event % 16 == 0 && publishers.size() < kOwn) {
        const auto topic = static_cast<std::uint32_t>(publishers.size()) * kProducers + producer;
        publishers.push_back(bus.publisher<std::uint64_t>(topic_name(topic)).value());
      }
      const std::size_t own = event % publishers.size();
      std::vector<std::uint64_t>& published = positions[own * kProducers + producer];
      const PublishResult result = publishers[own].publish(published.size());
      if (!result) {
        ADD_FAILURE() << publishers[own].last_error();
        return;
      }
      published.push_back(result.position);
    }
  }

  /// Swaps one listener for another, again and again.
  void churn(std::uint64_t own_seed, std::uint64_t steps, std::vector<Life>& lives) {
    stress::Dice dice(own_seed);
    std::array<std::unique_ptr<Listener>, kPopulation> population;
    for (std::uint64_t step = 0; step < steps || producers_done.load() < kProducers; ++step) {
      if (HasFailure()) return;
      auto& place = population[dice.below(kPopulation)];
      if (place != nullptr) {
        if (dice.below(2) == 0) place->handle->remove();
        end(std::move(place), lives);
      }
      place = listen(dice);
    }
    for (auto& listener : population) {
      if (listener != nullptr) end(std::move(listener), lives);
    }
  }

  /// The first event that a handler heard is the first that lies at or above its start.
  void check(const std::vector<Life>& lives) const {
    for (const Life& life : lives) {
      const auto& published = positions[life.topic];
      const auto expected = std::lower_bound(published.begin(), published.end(), life.from);
      ASSERT_EQ(life.heard.first, static_cast<std::uint64_t>(expected - published.begin()))
          << "topic " << life.topic << " from " << life.from << ", seed " << seed;
      ASSERT_LE(life.heard.next, published.size());
    }
  }

  Bus bus;
  Dispatcher dispatcher;
  const std::uint64_t seed = stress::run_seed();
  std::vector<std::vector<std::uint64_t>>
      positions;                                 ///< by topic, of every event; its producer's until it ends
  std::atomic<std::uint32_t> producers_done{0};  ///< that have published as much as was asked; they go on
  std::atomic<bool> stop{false};
};

TEST_F(DispatcherStress, loses_and_repeats_nothing_while_handlers_come_and_go) {
  const std::uint64_t steps =
      stress::Scale{.plain = 3'000, .sanitized = 1'000, .full_plain = 300'000, .full_sanitized = 50'000}
          .pick();
  const std::uint64_t events_each =
      stress::Scale{.plain = 30'000, .sanitized = 10'000, .full_plain = 3'000'000, .full_sanitized = 300'000}
          .pick();

  // One handler for each topic that stays, and hears everything.
  std::vector<std::unique_ptr<Listener>> permanent;
  for (std::uint32_t topic = 0; topic < kTopics; ++topic) {
    permanent.push_back(std::make_unique<Listener>());
    Listener* self = permanent.back().get();
    self->first_topic = topic;
    self->handle =
        dispatcher.add(topic_name(topic), [self, topic](const EventView& event) { self->hear(event, topic); })
            .value();
  }
  // And one that does to others, on the dispatching thread, what the churning threads do from outside.
  stress::Dice inside_dice(seed);
  std::array<std::unique_ptr<Listener>, kPopulation> inside;
  std::vector<Life> inside_lives;
  std::optional<HandlerHandle> churner(dispatcher
                                           .add("t.*.0",
                                                [&](const EventView&) {
                                                  if (inside_dice.below(16) != 0 || stop.load()) return;
                                                  auto& place = inside[inside_dice.below(kPopulation)];
                                                  if (place != nullptr) end(std::move(place), inside_lives);
                                                  place = listen(inside_dice);
                                                })
                                           .value());
  auto runner = bus.run(dispatcher).value();

  std::vector<std::thread> producers;
  for (std::uint32_t producer = 0; producer < kProducers; ++producer)
    producers.emplace_back([&, producer] { produce(producer, events_each); });
  std::array<std::vector<Life>, 2> lives;
  std::vector<std::thread> churners;
  for (std::uint32_t i = 0; i < lives.size(); ++i)
    churners.emplace_back([&, i] { churn(seed + i + 1, steps, lives[i]); });
  for (std::thread& thread : churners) thread.join();
  stop.store(true);
  for (std::thread& thread : producers) thread.join();
  ASSERT_TRUE(bus.drain(std::chrono::minutes(5)).drained);
  churner.reset();

  std::uint64_t events = 0;
  for (const auto& listener : permanent) {
    listener->handle.reset();
    EXPECT_EQ(listener->gaps, 0u);
    EXPECT_EQ(listener->heard[0].first, 0u);
    EXPECT_EQ(listener->heard[0].next, positions[listener->first_topic].size());
    events += listener->heard[0].next;
  }
  EXPECT_EQ(dispatcher.received(), events);
  std::size_t checked = 0;
  for (auto& listener : inside) {
    if (listener != nullptr) end(std::move(listener), inside_lives);
  }
  for (const auto* group : {&lives[0], &lives[1], &inside_lives}) {
    check(*group);
    checked += group->size();
    EXPECT_GT(group->size(), 0u) << "none of these handlers heard anything";
  }
  EXPECT_EQ(runner.exceptions(), 0u);
  EXPECT_EQ(bus.metrics().rescues, 0u);
  std::cout << "events: " << events << ", handlers that came and went and heard something: " << checked
            << "\n";
}

}  // namespace
}  // namespace sluice
