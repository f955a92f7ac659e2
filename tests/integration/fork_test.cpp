// A forked child has a bus's handles and none of its threads. It is refused, never waits, and its parent does
// not notice.
#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>

#include "sluice/bus/bus.hpp"
#include "sluice/bus/dispatcher.hpp"
#include "sluice/journal/journal.hpp"

#include "integration/forked_child.hpp"
#include "unit/journal/temporary_directory.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// `forked`, naming both processes.
bool is_refusal(const Error& error, pid_t parent) {
  return error.code == ErrorCode::forked &&
         error.message.find("process " + std::to_string(parent) + ",") != std::string::npos &&
         error.message.find("process " + std::to_string(::getpid()) + ",") != std::string::npos;
}

bool is_readable(int fd) {
  pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&ready, 1, 0) != 0;
}

/// A bus without a journal, and with one.
class Fork : public testing::TestWithParam<bool> {
 protected:
  Fork() {
    BusOptions options;
    options.name = "forked";
    options.pinned = {{.pattern = "alone.>"}};
    options.on_notice = [](const Notice&) {};
    if (GetParam()) options.persistence = journal_ = journal(directory_.file("journal"));
    bus_.emplace(Bus::open(std::move(options)).value());
  }

  [[nodiscard]] std::uint64_t tails() const {
    std::uint64_t sum = 0;
    for (const ShardMetrics& shard : bus_->metrics().shards) sum += shard.tail;
    return sum;
  }
  void expect_alive() {
    auto seen = bus_->subscribe({.topic = "still.>"}).value();
    bus_->publish("still.alive", "x").value();
    EXPECT_TRUE(seen.next(10s).has_value());
  }

  const pid_t parent_ = ::getpid();
  TemporaryDirectory directory_{TemporaryDirectory::fast_parent()};
  std::shared_ptr<Journal> journal_;
  std::optional<Bus> bus_;
};

INSTANTIATE_TEST_SUITE_P(Buses, Fork, testing::Bool(),
                         [](const auto& with) { return with.param ? "journal" : "memory"; });

TEST_P(Fork, refuses_what_sets_something_up_in_a_child_and_names_both_processes) {
  auto subscription = bus_->subscribe({.topic = "a"}).value();
  auto dispatcher = bus_->dispatcher().value();
  bus_->publish("a", "x").value();
  const int status = in_child([&](InChild& child) {
    const auto refused = [&](const auto& result, const char* what) {
      child.expect(!result.has_value() && is_refusal(result.error(), parent_), what);
    };
    refused(bus_->publisher("a"), "publisher() is refused");
    refused(bus_->publisher<double>("b"), "publisher<T>() is refused");
    refused(bus_->subscribe({}), "subscribe() is refused");
    refused(bus_->dispatcher(), "dispatcher() is refused");
    refused(bus_->run(subscription, [](const EventView&) {}), "run() is refused");
    refused(bus_->run(dispatcher), "run(dispatcher) is refused");
    refused(bus_->topic("a"), "topic() is refused");
    refused(bus_->topic("new"), "topic() of a new name is refused");
    refused(dispatcher.add("a", [](const EventView&) {}), "add() is refused");
    refused(subscription.event_fd(), "event_fd() is refused");
    refused(bus_->publish("a", "x"), "publish() by name is refused");
    refused(bus_->publish("new", "x"), "publish() to a new topic is refused");
    if (journal_ != nullptr) {
      refused(journal_->store_cursor("c", 0, 0, CursorRetention::gap), "store_cursor() is refused");
      refused(journal_->remove_cursor("c", 0), "remove_cursor() is refused");
      refused(journal_->retain(), "retain() is refused");
      refused(journal_->load_cursor("c", 0), "load_cursor() is refused");
      refused(journal_->sync(0, 0, 1s), "sync() is refused");
      refused(journal_->read(0, 0, [](const EventView&) { return true; }), "read() is refused");
      refused(Bus::open({.persistence = journal_}), "open() with the parent's journal is refused");
      child.expect(journal_->trouble().has_value(), "trouble() says that it is not this process's");
    }
  });
  EXPECT_EQ(status, 0);
  expect_alive();
}

TEST_P(Fork, leaves_a_bus_open_that_a_child_closes_drains_or_cancels) {
  std::atomic<int> handled{0};
  auto subscription = bus_->subscribe({.topic = "a"}).value();
  auto runner = bus_->run(subscription, [&](const EventView&) { ++handled; }).value();
  const int status = in_child([&](InChild& child) {
    const DrainReport drained = bus_->drain(1h);
    child.expect(!drained.drained && drained.pending.size() == 1, "drain() waits for nobody, and says why");
    bus_->cancel();
    subscription.cancel();
    child.expect(bus_->close(1h).published == 0, "close() does nothing");
    child.expect(bus_->metrics().shards.empty(), "metrics() have nothing");
    runner.stop();
    runner.join();
    child.expect(!runner.running(), "no thread runs here");
  });
  EXPECT_EQ(status, 0);
  bus_->publish("a", "x").value();
  EXPECT_TRUE(bus_->drain(10s).drained);
  EXPECT_EQ(handled, 1);
}

TEST_P(Fork, answers_closed_to_what_a_child_publishes_and_the_parent_sees_none_of_it) {
  auto many = bus_->publisher("a").value();
  auto alone = bus_->publisher("alone.a").value();
  auto with_claim = bus_->publisher("a").value();
  auto seen = bus_->subscribe({}).value();
  ASSERT_TRUE(many.publish(bytes_of("before")).ok());
  ASSERT_TRUE(alone.publish(bytes_of("before")).ok());
  auto claim = with_claim.claim(8).value();
  auto armed = bus_->subscribe({.topic = "a"}).value();
  const int fd = armed.event_fd().value();
  ASSERT_FALSE(is_readable(fd));
  const std::uint64_t before = tails();
  const int status = in_child([&](InChild& child) {
    for (Publisher* publisher : {&many, &alone}) {
      for (int i = 0; i < 3; ++i) {
        child.expect(publisher->publish(bytes_of("x")).status == PublishStatus::closed,
                     "publish() is closed");
        child.expect(is_refusal(publisher->last_error(), parent_), "last_error() says that it was forked");
      }
      child.expect(publisher->try_publish(bytes_of("x")).status == PublishStatus::closed,
                   "try_publish() is closed");
      const auto space = publisher->claim(8);
      child.expect(!space.has_value() && is_refusal(space.error(), parent_), "claim() is refused");
    }
    claim.commit();
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(tails(), before);
  EXPECT_FALSE(is_readable(fd)) << "what the child committed has woken nobody";
  std::vector<std::string> texts;
  claim.abort();
  ASSERT_TRUE(many.publish(bytes_of("after")).ok());
  seen.poll([&](const EventView& event) { texts.emplace_back(event.text()); });
  EXPECT_EQ(texts, (std::vector<std::string>{"before", "after", "before"}));
}

TEST_P(Fork, answers_cancelled_to_whoever_polls_in_a_child) {
  auto plain = bus_->subscribe({}).value();
  auto lossy = bus_->subscribe({.overload = Overload::drop_oldest}).value();
  auto member = bus_->subscribe({.group = "g"}).value();
  auto dispatcher = bus_->dispatcher().value();
  bus_->publish("a", "x").value();
  const int status = in_child([&](InChild& child) {
    const auto nobody = [&](const EventView&) { child.expect(false, "no handler is called"); };
    for (Subscription* subscription : {&plain, &lossy, &member}) {
      child.expect(subscription->poll(nobody).status == PollStatus::cancelled, "poll() is cancelled");
      (void)subscription->wait(1h);
      const auto next = subscription->next(1h);
      child.expect(!next.has_value() && is_refusal(next.error(), parent_), "next() is refused");
    }
    child.expect(dispatcher.poll().status == PollStatus::cancelled, "a dispatcher's poll() is cancelled");
  });
  EXPECT_EQ(status, 0);
  int events = 0;
  for (Subscription* subscription : {&plain, &lossy, &member}) {
    events += static_cast<int>(subscription->poll([](const EventView&) {}).events);
  }
  EXPECT_EQ(events, 3);
}

TEST_P(Fork, lets_a_child_destroy_every_handle_and_the_parent_go_on_with_its_own) {
  std::atomic<int> handled{0};
  std::optional subscription = bus_->subscribe({.topic = "a", .overload = Overload::evict}).value();
  std::optional runner = bus_->run(*subscription, [&](const EventView&) { ++handled; }).value();
  std::optional dispatcher = bus_->dispatcher({.topic = "a"}).value();
  std::optional handle = dispatcher->add("a", [&](const EventView&) { ++handled; }).value();
  std::optional of_dispatcher = bus_->run(*dispatcher).value();
  std::optional polled = bus_->subscribe({.topic = "other"}).value();
  const int fd = polled->event_fd().value();
  std::optional publisher = bus_->publisher("a").value();
  const int status = in_child([&](InChild&) {
    publisher.reset();
    polled.reset();
    handle.reset();
    runner.reset();
    of_dispatcher.reset();
    dispatcher.reset();
    subscription.reset();
    bus_.reset();
    journal_.reset();
  });
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(is_readable(fd)) << "the child's end of it is no event";
  ASSERT_TRUE(publisher->publish(bytes_of("x")).ok());
  EXPECT_TRUE(bus_->drain(10s).drained);
  EXPECT_EQ(handled, 2);
}

TEST_P(Fork, is_harmless_inside_a_handler) {
  auto subscription = bus_->subscribe({}).value();
  bus_->publish("a", "first").value();
  bus_->publish("a", "second").value();
  int handled = 0;
  pid_t child = -1;
  const PollResult result = subscription.poll([&](const EventView&) {
    if (++handled == 1) child = ::fork();
  });
  // In the child, the poll ended with the event at hand.
  if (child == 0) ::_exit(handled == 1 && result.status == PollStatus::cancelled ? 0 : 1);
  EXPECT_EQ(status_of(child), 0);
  EXPECT_EQ(handled, 2);
  EXPECT_EQ(result.status, PollStatus::ok);
}

TEST_P(Fork, never_hangs_a_child_whatever_the_parents_threads_hold_at_that_moment) {
  std::atomic<bool> done{false};
  std::vector<std::thread> busy;
  for (int number = 0; number < 2; ++number) {
    busy.emplace_back([&, number] {
      auto dispatcher = bus_->dispatcher({.topic = "busy.>"}).value();
      for (int round = 0; !done; ++round) {
        const auto subscription = bus_->subscribe({.topic = "busy.>", .overload = Overload::drop_oldest});
        const auto publisher = bus_->publisher("busy.topic");
        // New topics are many, but not more than there may be.
        const std::string topic = "busy." + std::to_string(number) + "." + std::to_string(round % 5'000);
        (void)bus_->publish(topic, "x");
        const auto handler = dispatcher.add(topic, [](const EventView&) {});
        (void)dispatcher.poll();
        (void)bus_->metrics();
      }
    });
  }
  auto publisher = bus_->publisher("busy.forked").value();
  auto subscription = bus_->subscribe({.topic = "quiet"}).value();
  for (int i = 0; i < 40; ++i) {
    const int status = in_child([&](InChild& child) {
      child.expect(!publisher.publish(bytes_of("x")).ok(), "publish() is closed");
      child.expect(!bus_->publish("never.seen." + std::to_string(i), "x"), "publish() by name is refused");
      child.expect(!bus_->subscribe({}), "subscribe() is refused");
      child.expect(subscription.poll([](const EventView&) {}).ended(), "poll() is cancelled");
      const Subscription gone = std::move(subscription);
      const Publisher too = std::move(publisher);
      bus_.reset();
      journal_.reset();
    });
    ASSERT_EQ(status, 0) << "round " << i;
  }
  done = true;
  for (std::thread& thread : busy) thread.join();
  expect_alive();
}

#if !defined(__SANITIZE_THREAD__)  // which refuses threads in a child whose parent has some
TEST_P(Fork, lets_a_child_open_a_bus_of_its_own) {
  const int status = in_child([&](InChild& child) {
    BusOptions options;
    if (journal_ != nullptr) options.persistence = journal(directory_.file("childs"));
    auto bus = Bus::open(std::move(options));
    child.expect(bus.has_value(), "open() succeeds");
    if (!bus) return;
    std::atomic<int> handled{0};
    auto subscription = bus->subscribe({.wait = WaitStrategy::sleepy()}).value();
    auto runner = bus->run(subscription, [&](const EventView&) { ++handled; }).value();
    for (int i = 0; i < 1'000; ++i) child.expect(bus->publish("a", "x").has_value(), "publish() succeeds");
    child.expect(bus->close(30s).unfinished == 0, "close() finds everything handled");
    child.expect(handled == 1'000, "every event was handled");
  });
  EXPECT_EQ(status, 0);
  expect_alive();
}
#endif

}  // namespace
}  // namespace sluice::test
