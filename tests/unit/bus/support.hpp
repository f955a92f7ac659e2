#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/bus/bus.hpp"

/// What the bus's tests have in common. Nothing here sleeps for a time: threads wait for conditions.
namespace sluice::test {

/// The smallest ring there is: 128 records of 8 bytes, of which the last stays free.
inline constexpr std::size_t kSmallRing = 4096;
/// What a full small ring holds of records with at most 8 bytes of payload.
inline constexpr std::uint64_t kSmallRingEvents = kSmallRing / 32 - 1;

[[nodiscard]] inline Bus open_bus(BusOptions options = {}) {
  return Bus::open(std::move(options)).value();
}
[[nodiscard]] inline Bus open_small_bus(BusOptions options = {}) {
  options.capacity_bytes = kSmallRing;
  return open_bus(std::move(options));
}

/// Waits until `condition()` holds, for as long as it takes: the test's own limit is the only deadline.
template <class Condition>
void await(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

/// A door that one thread opens for others.
class Door {
 public:
  void open() noexcept { open_.store(true, std::memory_order_release); }
  [[nodiscard]] bool is_open() const noexcept { return open_.load(std::memory_order_acquire); }
  void pass() const {
    await([this] { return is_open(); });
  }

 private:
  std::atomic<bool> open_{false};
};

/// Polls until nothing is left, and returns what came, as text.
[[nodiscard]] inline std::vector<std::string> texts(Subscription& subscription) {
  std::vector<std::string> all;
  while (subscription.poll([&](const EventView& event) { all.emplace_back(event.text()); }).events != 0) {
  }
  return all;
}

using Numbers = std::vector<std::uint64_t>;
using NumberPublisher = TypedPublisher<std::uint64_t>;

[[nodiscard]] inline NumberPublisher numbers(Bus& bus, std::string_view topic = "a") {
  return bus.publisher<std::uint64_t>(topic).value();
}
/// Polls until nothing is left, and returns what came, as numbers.
[[nodiscard]] inline Numbers take(Subscription& subscription) {
  Numbers seen;
  while (
      subscription.poll([&](const EventView& event) { seen.push_back(event.as<std::uint64_t>()); }).events !=
      0) {
  }
  return seen;
}

/// Publishes 8-byte events until the ring takes no more, without waiting; returns how many it took.
inline std::uint64_t fill(Publisher& publisher) {
  const std::uint64_t payload = 0;
  std::uint64_t taken = 0;
  while (publisher.try_publish(std::as_bytes(std::span(&payload, 1)))) ++taken;
  return taken;
}

[[nodiscard]] inline SubscriptionMetrics metrics_of(const Bus& bus, const std::string& name) {
  for (const SubscriptionMetrics& one : bus.metrics().subscriptions) {
    if (one.name == name) return one;
  }
  return {};
}

/// What a bus told its owner. Give `collector()` as `on_notice`; it outlives the bus by itself.
class Notices {
 public:
  [[nodiscard]] std::function<void(const Notice&)> collector() const {
    return [state = state_](const Notice& notice) {
      const std::lock_guard lock(state->mutex);
      state->all.push_back(notice);
    };
  }
  [[nodiscard]] std::vector<Notice> all() const {
    const std::lock_guard lock(state_->mutex);
    return state_->all;
  }
  /// Waits until there are `count`, and returns them.
  [[nodiscard]] std::vector<Notice> await_count(std::size_t count) const {
    await([&] { return all().size() >= count; });
    return all();
  }

 private:
  struct State {
    std::mutex mutex;
    std::vector<Notice> all;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// The scheduler's letter for the process's thread of that name: 'R' runs, 'S' sleeps in the kernel; '?' when
/// there is no such thread.
[[nodiscard]] inline char thread_state(const std::string& name) {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string line;
    std::getline(std::ifstream(task.path() / "stat"), line);  // `12 (name) S ...`
    const std::size_t end = line.rfind(')');
    if (end == std::string::npos || end + 2 >= line.size()) continue;  // it has just ended
    const std::size_t begin = line.find('(') + 1;
    if (line.substr(begin, end - begin) == name) return line[end + 2];
  }
  return '?';
}

/// Fails the test if a backstop had to supply a wake-up while it stood.
class NoRescues {
 public:
  explicit NoRescues(const Bus& bus) : bus_(&bus) {}
  NoRescues(const NoRescues&) = delete;
  NoRescues& operator=(const NoRescues&) = delete;
  ~NoRescues() { EXPECT_EQ(bus_->metrics().rescues, 0U) << "a wake-up was lost"; }

 private:
  const Bus* bus_;
};

/// `EXPECT` that a failed result has a code, and a message that names all of `words`.
template <class T>
void expect_error(const Result<T>& result, ErrorCode code, const std::vector<std::string>& words) {
  ASSERT_FALSE(result.has_value()) << "expected " << to_string(code);
  EXPECT_EQ(result.error().code, code) << result.error();
  for (const std::string& word : words) {
    EXPECT_NE(result.error().message.find(word), std::string::npos)
        << "\"" << word << "\" is not in: " << result.error().message;
  }
}
inline void expect_error(const Error& error, ErrorCode code, const std::vector<std::string>& words) {
  expect_error(Result<void>(error), code, words);
}

}  // namespace sluice::test
