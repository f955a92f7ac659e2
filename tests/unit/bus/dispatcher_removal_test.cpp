// How handlers go: by whom, when their last call is, and when their callable is destroyed.
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/sluice.hpp"

namespace sluice {
namespace {

class DispatcherRemoval : public testing::Test {
 protected:
  void publish(std::string_view topic) { bus.publish(topic, "").value(); }

  Bus bus = Bus::open().value();
  Dispatcher dispatcher = bus.dispatcher().value();
  int calls = 0;
};

TEST_F(DispatcherRemoval, calls_no_removed_handler_for_events_that_were_there_already) {
  auto exact = dispatcher.add("a", [&](const EventView&) { ++calls; }).value();
  auto pattern = dispatcher.add("*", [&](const EventView&) { ++calls; }).value();
  publish("a");
  dispatcher.poll();
  EXPECT_EQ(calls, 2);
  publish("a");
  exact.remove();
  exact.remove();
  pattern.remove();
  publish("a");
  publish("b");
  EXPECT_EQ(dispatcher.poll().events, 3u);
  EXPECT_EQ(calls, 2);
}

TEST_F(DispatcherRemoval, keeps_the_position_and_the_callable_until_the_handle_goes) {
  auto mark = std::make_shared<int>(0);
  std::optional<HandlerHandle> handle(dispatcher.add("a", [mark](const EventView&) {}).value());
  const auto from = handle->from();
  handle->remove();
  EXPECT_EQ(handle->from(), from);
  EXPECT_EQ(mark.use_count(), 2);
  handle.reset();
  EXPECT_EQ(mark.use_count(), 1);
}

TEST_F(DispatcherRemoval, lets_a_handler_remove_itself) {
  std::optional<HandlerHandle> handle;
  handle = dispatcher
               .add("a",
                    [&](const EventView&) {
                      ++calls;
                      handle->remove();
                    })
               .value();
  publish("a");
  publish("a");
  dispatcher.poll();
  EXPECT_EQ(calls, 1);
}

TEST_F(DispatcherRemoval, lets_a_handler_destroy_its_own_handle_and_live_to_its_calls_end) {
  std::optional<HandlerHandle> handle;
  auto mark = std::make_shared<int>(0);
  handle = dispatcher
               .add("a",
                    [&, mark](const EventView&) {
                      ++calls;
                      handle.reset();
                      EXPECT_EQ(mark.use_count(), 2);
                    })
               .value();
  publish("a");
  publish("a");
  dispatcher.poll();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(mark.use_count(), 1) << "the callable goes when the poll returns";
}

TEST_F(DispatcherRemoval, lets_a_handler_remove_others_of_the_same_event) {
  std::optional<HandlerHandle> second;
  std::optional<HandlerHandle> fourth;
  std::string order;
  const auto first = dispatcher
                         .add("a",
                              [&](const EventView&) {
                                order += '1';
                                if (second) second->remove();
                                fourth.reset();
                              })
                         .value();
  second = dispatcher.add("a", [&](const EventView&) { order += '2'; }).value();
  const auto third = dispatcher.add("*", [&](const EventView&) { order += '3'; }).value();
  fourth = dispatcher.add("a", [&](const EventView&) { order += '4'; }).value();
  publish("a");
  publish("a");
  dispatcher.poll();
  EXPECT_EQ(order, "1313");
}

TEST_F(DispatcherRemoval, destroys_the_callable_of_another_handler_at_once_inside_a_handler) {
  auto mark = std::make_shared<int>(0);
  std::optional<HandlerHandle> victim(dispatcher.add("a", [mark](const EventView&) {}).value());
  long uses_after = 0;
  const auto killer = dispatcher
                          .add("b",
                               [&](const EventView&) {
                                 victim.reset();
                                 uses_after = mark.use_count();
                               })
                          .value();
  publish("b");
  dispatcher.poll();
  EXPECT_EQ(uses_after, 1);
}

TEST_F(DispatcherRemoval, returns_at_once_inside_a_nested_poll_of_another_dispatcher) {
  auto inner = bus.dispatcher().value();
  std::optional<HandlerHandle> outer_handle;
  const auto inside = inner
                          .add("a",
                               [&](const EventView&) {
                                 outer_handle.reset();  // it runs, further down this stack
                                 ++calls;
                               })
                          .value();
  outer_handle = dispatcher
                     .add("a",
                          [&](const EventView&) {
                            ++calls;
                            inner.poll(1);
                          })
                     .value();
  publish("a");
  publish("a");
  dispatcher.poll();
  EXPECT_EQ(calls, 2);
}

TEST_F(DispatcherRemoval, lets_a_callable_own_its_handle_and_go_with_the_dispatcher) {
  auto mark = std::make_shared<int>(0);
  const auto own = std::make_shared<std::optional<HandlerHandle>>();
  *own = dispatcher.add("a", [own, mark](const EventView&) { own->reset(); }).value();
  const std::weak_ptr<std::optional<HandlerHandle>> watch = own;
  const_cast<std::shared_ptr<std::optional<HandlerHandle>>&>(own).reset();
  ASSERT_EQ(mark.use_count(), 2);
  dispatcher = bus.dispatcher().value();
  EXPECT_EQ(mark.use_count(), 1);
  EXPECT_TRUE(watch.expired());
}

TEST_F(DispatcherRemoval, keeps_a_detached_handler_until_the_dispatcher_goes) {
  auto mark = std::make_shared<int>(0);
  dispatcher.add("a", [&, mark](const EventView&) { ++calls; }).value().detach();
  publish("a");
  dispatcher.poll();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(mark.use_count(), 2);
  dispatcher = bus.dispatcher().value();
  EXPECT_EQ(mark.use_count(), 1);
}

TEST_F(DispatcherRemoval, lets_a_handle_outlive_its_dispatcher_and_its_bus) {
  auto mark = std::make_shared<int>(0);
  std::optional<HandlerHandle> handle;
  {
    Bus other = Bus::open().value();
    auto short_lived = other.dispatcher().value();
    handle = short_lived.add("a", [mark](const EventView&) {}).value();
  }
  EXPECT_EQ(mark.use_count(), 1);
  handle->remove();
  handle.reset();
}

TEST_F(DispatcherRemoval, ends_the_handler_that_a_handle_had_when_another_is_assigned) {
  auto handle = dispatcher.add("a", [&](const EventView&) { calls += 1; }).value();
  handle = dispatcher.add("a", [&](const EventView&) { calls += 10; }).value();
  publish("a");
  dispatcher.poll();
  EXPECT_EQ(calls, 10);
}

TEST_F(DispatcherRemoval, waits_for_the_running_call_when_another_thread_destroys_the_handle) {
  std::binary_semaphore entered{0};
  std::binary_semaphore removed{0};
  std::atomic<bool> destroyed{false};
  auto mark = std::make_shared<int>(0);
  std::optional<HandlerHandle> handle(dispatcher
                                          .add("a",
                                               [&, mark](const EventView&) {
                                                 entered.release();
                                                 removed.acquire();
                                                 // As good a chance as can be had to see a hasty destructor.
                                                 for (int i = 0; i < 2'000; ++i) std::this_thread::yield();
                                                 EXPECT_FALSE(destroyed.load());
                                                 EXPECT_EQ(mark.use_count(), 2);
                                               })
                                          .value());
  std::thread other([&] {
    entered.acquire();
    handle->remove();  // returns although the call goes on
    removed.release();
    handle.reset();
    destroyed.store(true);
  });
  publish("a");
  dispatcher.poll();
  other.join();
  EXPECT_TRUE(destroyed.load());
  EXPECT_EQ(mark.use_count(), 1);
}

TEST_F(DispatcherRemoval, does_not_wait_for_another_handlers_call) {
  std::binary_semaphore entered{0};
  std::binary_semaphore destroyed{0};
  std::optional<HandlerHandle> victim(dispatcher.add("b", [](const EventView&) {}).value());
  const auto busy = dispatcher
                        .add("a",
                             [&](const EventView&) {
                               entered.release();
                               destroyed.acquire();  // would never come if it waited for us
                             })
                        .value();
  std::thread other([&] {
    entered.acquire();
    victim.reset();
    destroyed.release();
  });
  publish("a");
  EXPECT_EQ(dispatcher.poll().events, 1u);
  other.join();
}

TEST_F(DispatcherRemoval, waits_for_a_call_that_ends_by_an_exception) {
  std::binary_semaphore entered{0};
  std::optional<HandlerHandle> handle(dispatcher
                                          .add("a",
                                               [&](const EventView&) {
                                                 entered.release();
                                                 throw 1;
                                               })
                                          .value());
  std::thread other([&] {
    entered.acquire();
    handle.reset();
  });
  publish("a");
  EXPECT_THROW(dispatcher.poll(), int);
  other.join();
  EXPECT_EQ(dispatcher.poll().status, PollStatus::ok);
}

}  // namespace
}  // namespace sluice
