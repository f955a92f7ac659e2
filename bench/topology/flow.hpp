#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "sluice/base/clock.hpp"

#include "topology/message.hpp"
#include "topology/placement.hpp"
#include "topology/suite.hpp"
#include "topology/team.hpp"

namespace sluice::bench {

/// Who gets what.
enum class Delivery : std::uint8_t {
  everybody,  ///< each consumer sees every message
  one_of,     ///< each message goes to one consumer
};

/// The shape of a measurement.
struct FlowPlan {
  std::size_t producers = 1;
  std::size_t consumers = 1;
  Delivery delivery = Delivery::everybody;

  [[nodiscard]] std::size_t threads() const noexcept { return producers + consumers; }
};

/// When a thread's work began and when it had its last message. Written once, at its end.
struct Times {
  std::int64_t began_ns = std::numeric_limits<std::int64_t>::max();
  std::int64_t ended_ns = 0;

  void merge(const Times& other) noexcept {
    began_ns = std::min(began_ns, other.began_ns);
    ended_ns = std::max(ended_ns, other.ended_ns);
  }
};

/// How far the producers are: what a consumer that finds nothing asks.
struct alignas(platform::kDestructiveBytes) Progress {
  std::atomic<std::size_t> producing{0};

  [[nodiscard]] bool all_sent() const noexcept {
    // SYNC all-sent: the messages of every producer.
    return producing.load(std::memory_order_acquire) == 0;
  }
};

/// Says that a producer is done when its thread's work ends, by return or by exception.
class ProducerDone {
 public:
  explicit ProducerDone(Progress& progress) noexcept : progress_(&progress) {}
  ProducerDone(const ProducerDone&) = delete;
  ProducerDone& operator=(const ProducerDone&) = delete;
  ~ProducerDone() {
    // SYNC all-sent: our messages, and by the read-modify-write those of the producers before us.
    progress_->producing.fetch_sub(1, std::memory_order_acq_rel);
  }

 private:
  Progress* progress_;
};

/// One consumer's loop, in a frame of its own: nothing it counts shares a cache line with another thread.
template <class Receiver>
[[gnu::noinline]] Tally receive_all(Receiver& receiver, const Progress& progress, const Team& team,
                                    std::size_t threads, Times& times) {
  const Idle idle(is_oversubscribed(threads));
  Tally tally;
  std::int64_t ended_ns = 0;
  for (;;) {
    // Asked before looking: nothing that is sent afterwards may be missed.
    const bool last_look = progress.all_sent();
    bool found = false;
    while (receiver.receive(tally) != 0) found = true;
    if (found) ended_ns = monotonic_ns();
    if (last_look || team.failed()) break;
    if (!found) idle();
  }
  times.ended_ns = ended_ns;
  return tally;
}

/// Moves `each` messages from every producer to the consumers through a fresh `Transport`, checks what came
/// out, and answers in million messages per second: those that were sent, each counted once, however many
/// consumers saw it.
///
/// A transport is made of a plan; `sender(i)` gives an object with `send(first, count)`, `receiver(i)` one
/// with `receive(tally)`, which takes what is there and returns how many messages that was.
template <class Transport>
Reading run_flow(const FlowPlan& plan, const std::string& who, std::uint64_t each) {
  Transport transport(plan);
  Progress progress;
  progress.producing.store(plan.producers, std::memory_order_relaxed);  // no thread is running yet
  Team team;
  std::vector<Times> times(plan.threads());
  std::vector<Tally> tallies(plan.consumers);

  for (std::size_t i = 0; i < plan.producers; ++i) {
    team.add([&, i](StartLine& start) {
      const ProducerDone done(progress);
      auto sender = transport.sender(i);
      start.wait();
      Times mine;
      mine.began_ns = monotonic_ns();
      sender.send(first_sequence(i), each);
      times[i] = mine;
    });
  }
  for (std::size_t i = 0; i < plan.consumers; ++i) {
    team.add([&, i](StartLine& start) {
      auto receiver = transport.receiver(i);
      start.wait();
      tallies[i] = receive_all(receiver, progress, team, plan.threads(), times[plan.producers + i]);
    });
  }
  team.run();

  const Tally sent = sent_by(plan.producers, each);
  if (plan.delivery == Delivery::everybody) {
    for (const Tally& tally : tallies) require_same(tally, sent, who);
  } else {
    Tally received;
    for (const Tally& tally : tallies) received.merge(tally);
    require_same(received, sent, who);
  }
  for (const Tally& tally : tallies) {
    if (plan.producers == 1 && tally.steps_back != 0) throw WrongAnswer(who + ": messages came out of order");
  }

  Times all;
  for (const Times& one : times) all.merge(one);
  const auto busy_ns = static_cast<double>(all.ended_ns - all.began_ns);
  return {{static_cast<double>(each * plan.producers) * 1e3 / busy_ns}, busy_ns};
}

}  // namespace sluice::bench
