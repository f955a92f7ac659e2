// An epoll loop that polls whenever its descriptor is readable, and never otherwise, misses nothing.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "stress/traffic.hpp"

namespace sluice::stress {
namespace {

const std::vector<std::string> kTopics{"a.0", "a.1", "b.0"};
const std::vector<std::uint32_t> kAll{0, 1, 2};
constexpr std::uint32_t kProducers = 2;

/// One descriptor behind epoll.
class EpollLoop {
 public:
  explicit EpollLoop(int descriptor) : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    EXPECT_EQ(epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &wanted), 0);
  }
  EpollLoop(const EpollLoop&) = delete;
  EpollLoop& operator=(const EpollLoop&) = delete;
  ~EpollLoop() { (void)close(epoll_); }

  void wait() const {
    epoll_event event{};
    while (epoll_wait(epoll_, &event, 1, -1) < 0) {
    }
  }

 private:
  int epoll_;
};

bool is_readable(int descriptor) {
  pollfd look{.fd = descriptor, .events = POLLIN, .revents = 0};
  return ::poll(&look, 1, 0) == 1;
}

/// Reads until `done()`; a poll that took as much as it may leaves the descriptor readable.
template <class Handler, class Done>
void epoll_until(Subscription& subscription, Dice dice, Handler&& handler, Done&& done) {
  const EpollLoop loop(subscription.event_fd().value());
  while (!done()) {
    loop.wait();
    if (subscription.poll(handler, 1 + dice.below(30)).ended()) return;
  }
}

void nothing_is_missed(BusOptions options, std::uint64_t events) {
  const std::uint64_t seed = run_seed();
  Findings findings;
  Bus bus = Bus::open(patient(std::move(options))).value();
  Subscription in_place = bus.subscribe({.topic = "a.*"}).value();
  Subscription copying =
      bus.subscribe({.overload = Overload::evict, .evict_after = std::chrono::minutes(10)}).value();
  Subscription members[] = {bus.subscribe({.group = "group"}).value(),
                            bus.subscribe({.group = "group"}).value()};
  std::uint64_t all_wanted = 0;
  std::atomic<std::uint64_t> wanted{0};
  std::atomic<bool> published{false};
  std::atomic<std::uint64_t> by_group{0};
  std::atomic<std::uint64_t> by_pattern{0};
  Census census(kProducers, events);
  Crew crew;
  crew.start([&] {
    Witness witness(findings, "copying", Gaps::none);
    epoll_until(
        copying, Dice(seed),
        [&](const EventView& event) {
          if (witness.see(event).topic < 2) wanted.fetch_add(1, std::memory_order_relaxed);
        },
        [&] { return witness.events() == events; });
    all_wanted = wanted.load();
    published.store(true, std::memory_order_release);
  });
  crew.start([&] {
    Witness witness(findings, "in place", Gaps::none);
    epoll_until(
        in_place, Dice(seed + 1),
        [&](const EventView& event) {
          (void)witness.see(event);
          by_pattern.fetch_add(1, std::memory_order_release);
        },
        [] { return false; });
  });
  for (Subscription& member : members) {
    crew.start([&] {
      Witness witness(findings, "member", Gaps::amidst);
      epoll_until(
          member, Dice(seed + 2),
          [&](const EventView& event) {
            const Stamp stamp = witness.see(event);
            if (!census.tick(stamp)) findings.add("twice: ", stamp.producer, " order ", stamp.order);
            by_group.fetch_add(1, std::memory_order_release);
          },
          [] { return false; });
    });
  }
  Crew producers;
  for (std::uint32_t i = 0; i < kProducers; ++i) {
    producers.start([&, i] {
      Producer producer(bus, findings, i, kTopics, kAll, Mix::everything, seed);
      // Now and then everybody has time to fall asleep.
      for (std::uint64_t left = events / kProducers; left != 0; --left) {
        (void)producer.publish(1);
        if (left % 100 == 0) {
          for (int pause = 0; pause < 50; ++pause) platform::yield_thread();
        }
      }
    });
  }
  producers.join();
  while (!published.load(std::memory_order_acquire)) platform::yield_thread();
  while (by_group.load(std::memory_order_acquire) < events) platform::yield_thread();
  while (by_pattern.load(std::memory_order_acquire) < all_wanted) platform::yield_thread();
  bus.cancel();  // wakes the loops, which find that there is nothing more
  crew.join();
  EXPECT_EQ(by_group.load(), events);
  EXPECT_EQ(by_pattern.load(), all_wanted);
  expect_no(findings);
  expect_no_rescues(bus);
}

TEST(EventFd, loses_nothing) {
  const std::uint64_t events = announce_events(Scale{60'000, 15'000, 600'000, 100'000}.pick());
  nothing_is_missed({.capacity_bytes = 16 * 1024}, events);
}

TEST(EventFd, loses_nothing_on_several_shards) {
  const std::uint64_t events = announce_events(Scale{60'000, 15'000, 600'000, 100'000}.pick());
  nothing_is_missed({.shards = 3, .capacity_bytes = 16 * 1024}, events);
}

TEST(EventFd, is_readable_until_the_end_of_a_closed_bus_was_reported) {
  Bus bus = Bus::open().value();
  Subscription subscription = bus.subscribe({}).value();
  const int descriptor = subscription.event_fd().value();
  EXPECT_FALSE(is_readable(descriptor));
  ASSERT_TRUE(bus.publish("a", "last words").has_value());
  (void)bus.close();
  ASSERT_TRUE(is_readable(descriptor));
  PollResult result = subscription.poll([](const EventView&) {});
  EXPECT_EQ(result.events, 1U);
  if (!result.ended()) {
    ASSERT_TRUE(is_readable(descriptor)) << "the loop would never hear that the bus is closed";
    result = subscription.poll([](const EventView&) {});
  }
  EXPECT_EQ(result.status, PollStatus::closed);
}

TEST(EventFd, is_readable_when_its_subscription_was_cancelled) {
  Bus bus = Bus::open().value();
  Subscription subscription = bus.subscribe({}).value();
  const int descriptor = subscription.event_fd().value();
  ASSERT_FALSE(is_readable(descriptor));
  subscription.cancel();
  EXPECT_TRUE(is_readable(descriptor)) << "the loop would never hear of it";
}

TEST(EventFd, belongs_to_its_subscription_until_that_is_gone) {
  Bus bus = Bus::open().value();
  Subscription first = bus.subscribe({}).value();
  const int descriptor = first.event_fd().value();
  first.cancel();
  Subscription second = bus.subscribe({}).value();
  EXPECT_NE(second.event_fd().value(), descriptor)
      << "the first one's loop still has it, and would be cleared by the second one's polls";
}

TEST(EventFd, stays_armed_when_a_handler_throws) {
  Bus bus = Bus::open().value();
  Subscription subscription = bus.subscribe({}).value();
  const int descriptor = subscription.event_fd().value();
  ASSERT_TRUE(bus.publish("a", "one").has_value());
  ASSERT_TRUE(bus.publish("a", "two").has_value());
  ASSERT_TRUE(is_readable(descriptor));
  EXPECT_THROW((void)subscription.poll([](const EventView&) { throw std::runtime_error("no"); }),
               std::runtime_error);
  ASSERT_TRUE(is_readable(descriptor)) << "there is another event";
  EXPECT_EQ(subscription.poll([](const EventView&) {}).events, 1U);
  EXPECT_FALSE(is_readable(descriptor));

  ASSERT_TRUE(bus.publish("a", "three").has_value());
  EXPECT_THROW((void)subscription.poll([](const EventView&) { throw std::runtime_error("no"); }),
               std::runtime_error);
  ASSERT_TRUE(bus.publish("a", "four").has_value());
  EXPECT_TRUE(is_readable(descriptor)) << "an event came after the handler threw";
}

}  // namespace
}  // namespace sluice::stress
