#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/bus/bus.hpp"

#include "stress/oracle.hpp"
#include "stress/scale.hpp"

namespace sluice::stress {

/// How a producer publishes.
enum class Mix : std::uint8_t {
  plain,       ///< one event at a time, 64 bytes in the ring
  everything,  ///< batches, claims, short commits, aborts, metadata and several sizes, at random
};

/// Publishes stamped events to some topics from one thread.
class Producer {
 public:
  /// `topics` are names by their numbers; only those in `mine` are published to.
  Producer(Bus& bus, Findings& findings, std::uint32_t number, std::span<const std::string> topics,
           std::span<const std::uint32_t> mine, Mix mix, std::uint64_t seed)
      : findings_(&findings), number_(number), mix_(mix), dice_(mix64(seed + number)) {
    for (const std::uint32_t topic : mine) {
      lanes_.push_back({bus.publisher(topics[topic]).value(), topic, 0});
    }
  }

  /// Publishes `events` of them; false when the bus said closed. Anything else but ok is a finding.
  bool publish(std::uint64_t events) {
    const std::uint64_t end = order_ + events;
    while (order_ < end) {
      if (!step(end - order_)) return false;
    }
    return true;
  }
  /// How many events were accepted so far: their orders are 1 to that.
  [[nodiscard]] std::uint64_t published() const noexcept { return order_; }

 private:
  struct Lane {
    Publisher publisher;
    std::uint32_t topic;
    std::uint64_t sequence;
  };
  static constexpr std::size_t kMostBatch = 6;
  static constexpr std::size_t kMostTail = 64;
  using Buffer = std::array<std::byte, sizeof(Stamp) + kMostTail>;

  bool step(std::uint64_t most) {
    Lane& lane = lanes_[lanes_.size() == 1 ? 0 : dice_.below(lanes_.size())];
    if (mix_ == Mix::plain) return publish_one(lane, 0);
    switch (dice_.below(8)) {
      case 0:
        return publish_batch(lane, 1 + dice_.below(std::min<std::uint64_t>(most, kMostBatch)));
      case 1:
        return claim(lane, 0);
      case 2:
        return claim(lane, 1 + dice_.below(200));
      case 3:
        return abort(lane);
      case 4:
        return publish_with_metadata(lane);
      default:
        return publish_one(lane, dice_.below(kMostTail));
    }
  }

  std::span<const std::byte> stamp(Buffer& buffer, const Lane& lane, std::size_t tail, std::uint64_t ahead) {
    Stamp stamp{number_, lane.topic, order_ + 1 + ahead, lane.sequence + 1 + ahead, 0};
    stamp.seal = stamp.proper_seal();
    std::memcpy(buffer.data(), &stamp, sizeof stamp);
    std::memset(buffer.data() + sizeof stamp, static_cast<int>(stamp.seal & 0xff), tail);
    return std::span<const std::byte>(buffer).first(sizeof stamp + tail);
  }

  /// True when it was accepted, and so counts.
  bool count(Lane& lane, PublishStatus status, std::uint64_t events) {
    if (status == PublishStatus::ok) {
      order_ += events;
      lane.sequence += events;
      return true;
    }
    if (status != PublishStatus::closed) {
      findings_->add("producer ", number_, ": ", lane.publisher.last_error().to_string());
    }
    return false;
  }

  bool publish_one(Lane& lane, std::size_t tail) {
    Buffer buffer;
    return count(lane, lane.publisher.publish(stamp(buffer, lane, tail, 0)).status, 1);
  }
  bool publish_with_metadata(Lane& lane) {
    Buffer buffer;
    PublishOptions options;
    options.metadata = {{"dice", "six"}};
    return count(lane, lane.publisher.publish(stamp(buffer, lane, dice_.below(kMostTail), 0), options).status,
                 1);
  }
  bool publish_batch(Lane& lane, std::size_t events) {
    std::array<Buffer, kMostBatch> buffers;
    std::array<std::span<const std::byte>, kMostBatch> payloads;
    for (std::size_t i = 0; i < events; ++i) {
      payloads[i] = stamp(buffers[i], lane, dice_.below(kMostTail), i);
    }
    const auto batch = std::span(payloads).first(events);
    return count(lane, lane.publisher.publish_batch(batch).status, events);
  }
  /// In place; with `surplus` more is claimed than committed.
  bool claim(Lane& lane, std::size_t surplus) {
    Buffer buffer;
    const auto payload = stamp(buffer, lane, dice_.below(kMostTail), 0);
    auto claimed = lane.publisher.claim(payload.size() + surplus);
    if (!claimed) return refused(claimed.error());
    std::memcpy(claimed->payload().data(), payload.data(), payload.size());
    return count(lane, claimed->commit(payload.size()).status, 1);
  }
  bool abort(Lane& lane) {
    auto claimed = lane.publisher.claim(dice_.below(200));
    if (!claimed) return refused(claimed.error());
    for (std::byte& byte : claimed->payload()) byte = std::byte{0xee};
    return true;  // dropped uncommitted
  }
  bool refused(const Error& error) {
    if (error.code != ErrorCode::closed) findings_->add("producer ", number_, ": ", error.to_string());
    return false;
  }

  Findings* findings_;
  std::uint32_t number_;
  Mix mix_;
  Dice dice_;
  std::vector<Lane> lanes_;
  std::uint64_t order_ = 0;
};

/// Polls until the subscription has ended, sleeping between; returns how it ended.
template <class Handler>
PollStatus consume(Subscription& subscription, Handler&& handler) {
  for (;;) {
    const PollResult result = subscription.poll(handler);
    if (result.ended()) return result.status;
    if (result.events == 0) (void)subscription.wait(std::chrono::nanoseconds(-1));
  }
}

/// Threads that are joined when they go out of scope.
class Crew {
 public:
  Crew() = default;
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew() { join(); }

  template <class Work>
  void start(Work work) {
    threads_.emplace_back(std::move(work));
  }
  void join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  std::vector<std::thread> threads_;
};

/// A bus whose publishers wait as long as a noisy machine may take.
[[nodiscard]] inline BusOptions patient(BusOptions options = {}) {
  options.publish_deadline = std::chrono::minutes(5);
  return options;
}

/// A backstop that had to wake somebody hides a lost wake-up: there must be none.
inline void expect_no_rescues(const Bus& bus) {
  EXPECT_EQ(bus.metrics().rescues, 0U);
}

inline void expect_no(const Findings& findings) {
  EXPECT_EQ(findings.count(), 0U) << findings.text();
}

}  // namespace sluice::stress
