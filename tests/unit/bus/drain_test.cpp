// Drain, while others begin to run: a runner that has just begun, a member that takes over another's events.
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "sluice/base/thread.hpp"

#include "unit/bus/support.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

/// A thread that drains. Its end is waited for, so no handler may be held up any more then.
class Draining {
 public:
  explicit Draining(Bus& bus)
      : thread_([this, &bus] {
          thread_id_ = ::gettid();
          begins_.open();
          report_ = bus.drain(1h);
          returned_.open();
        }) {
    begins_.pass();
  }
  Draining(const Draining&) = delete;
  Draining& operator=(const Draining&) = delete;
  ~Draining() { (void)join(); }

  [[nodiscard]] bool has_returned() const noexcept { return returned_.is_open(); }

  /// Waits until it has looked so many times more, or has returned. Between two looks it sleeps.
  void await_looks(std::uint64_t looks) const {
    // A sleep is counted when it begins, so the last of these looks is over.
    const std::uint64_t enough = sleeps() + looks;
    test::await([&] { return has_returned() || sleeps() >= enough; });
  }

  [[nodiscard]] const DrainReport& join() {
    if (thread_.joinable()) thread_.join();
    return report_;
  }

 private:
  /// How often it gave up its core to wait for something; zero when it is gone.
  [[nodiscard]] std::uint64_t sleeps() const {
    const std::string label = "voluntary_ctxt_switches:";
    std::ifstream status("/proc/self/task/" + std::to_string(thread_id_) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.rfind(label, 0) == 0) return std::stoull(line.substr(label.size()));
    }
    return 0;
  }

  ::pid_t thread_id_ = 0;
  test::Door begins_;
  test::Door returned_;
  DrainReport report_;
  std::thread thread_;
};

/// A handler may tell another thread that it has begun before `run` returns. Most rounds hit that moment.
TEST(Drain, knows_of_a_runner_whose_handler_has_begun) {
  for (int round = 0; round < 50 && !HasFailure(); ++round) {
    Bus bus = test::open_bus();
    Subscription stuck = bus.subscribe({.name = "stuck"}).value();
    ASSERT_TRUE(bus.publish("a", "x"));
    test::Door inside;
    test::Door go_on;
    DrainReport report;
    std::thread drains([&] {
      inside.pass();
      report = bus.drain(0ns);
      go_on.open();
    });
    const Runner runner = bus.run(stuck,
                                  [&](const EventView&) {
                                    inside.open();
                                    go_on.pass();
                                  })
                              .value();
    drains.join();
    EXPECT_FALSE(report.drained);
    EXPECT_EQ(report.pending, std::vector<std::string>{"stuck"});
  }
}

/// Where a handler stops until the test lets it go on.
struct Stop {
  test::Door reached;
  test::Door go_on;

  void stop_here() {
    reached.open();
    go_on.pass();
  }
};

class GroupDrain : public testing::TestWithParam<Overload> {
 protected:
  /// While a drain is under way, a second member begins to run, and takes over what the first one leaves
  /// with. Before each of these steps the drain looks so many times.
  static void hand_over_to_a_newcomer(std::uint64_t looks_before_steps) {
    constexpr std::uint64_t kEvents = 16;  // a quarter of them is the first span
    constexpr std::uint64_t kFirst = 0;
    constexpr std::uint64_t kTakenOver = 1;
    Bus bus = test::open_bus();
    const test::NoRescues no_rescues(bus);
    const SubscribeOptions options{.topic = "a", .group = "workers", .overload = GetParam()};
    Subscription leaver = bus.subscribe(options).value();
    Subscription newcomer = bus.subscribe(options).value();
    test::NumberPublisher publisher = test::numbers(bus);
    for (std::uint64_t i = 0; i < kEvents; ++i) ASSERT_TRUE(publisher.publish(i));

    std::array<std::atomic<int>, kEvents> handled{};
    Stop first;
    Stop taken_over;
    const auto handle_but_stop = [&](std::uint64_t number, Stop& stop) {
      return [&handled, number, &stop](const EventView& event) {
        const auto at = event.as<std::uint64_t>();
        if (at == number) stop.stop_here();
        ++handled.at(at);
      };
    };
    const Runner runs_leaver = bus.run(leaver, handle_but_stop(kFirst, first)).value();
    first.reached.pass();

    Draining draining(bus);
    draining.await_looks(looks_before_steps);
    const Runner runs_newcomer = bus.run(newcomer, handle_but_stop(kTakenOver, taken_over)).value();
    draining.await_looks(looks_before_steps);
    EXPECT_FALSE(draining.has_returned()) << "the first member has a span in hand";

    leaver.cancel();
    first.go_on.open();
    taken_over.reached.pass();
    draining.await_looks(20);
    EXPECT_FALSE(draining.has_returned()) << "the second member has it in hand";

    taken_over.go_on.open();
    const DrainReport& report = draining.join();
    EXPECT_TRUE(report.drained);
    EXPECT_TRUE(report.pending.empty());
    EXPECT_TRUE(report.not_waited_for.empty());
    for (std::size_t i = 0; i < kEvents; ++i) EXPECT_EQ(handled.at(i), 1) << "event " << i;
    EXPECT_TRUE(runs_newcomer.running());
  }
};
INSTANTIATE_TEST_SUITE_P(Overload, GroupDrain, testing::Values(Overload::block, Overload::evict),
                         [](const auto& tested) { return std::string(to_string(tested.param)); });

TEST_P(GroupDrain, waits_for_a_member_that_comes_meanwhile_and_takes_over_what_another_leaves) {
  hand_over_to_a_newcomer(20);
}

/// Here one comes and the other leaves within the time between two looks, in most rounds; no round may fail.
TEST_P(GroupDrain, waits_for_a_member_that_it_has_not_met_when_another_leaves) {
  for (int round = 0; round < 20 && !HasFailure(); ++round) hand_over_to_a_newcomer(0);
}

}  // namespace
}  // namespace sluice
