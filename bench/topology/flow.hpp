#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/platform.hpp"

#include "topology/options.hpp"
#include "topology/peer.hpp"
#include "topology/suite.hpp"
#include "topology/team.hpp"

namespace sluice::bench {

/// When a thread's work began and when it had its last message. Written once, at its end.
struct Times {
  std::int64_t began_ns = std::numeric_limits<std::int64_t>::max();
  std::int64_t ended_ns = 0;

  void merge(const Times& other) noexcept {
    began_ns = std::min(began_ns, other.began_ns);
    ended_ns = std::max(ended_ns, other.ended_ns);
  }
};

/// How far those who send are: what a consumer that finds nothing asks.
struct alignas(platform::kDestructiveBytes) Progress {
  std::atomic<std::size_t> sending{0};

  explicit Progress(std::size_t senders) noexcept : sending(senders) {}
  [[nodiscard]] bool all_sent() const noexcept {
    // SYNC all-sent: the messages of every producer.
    return sending.load(std::memory_order_acquire) == 0;
  }
};

/// Says that a sender is done when its thread's work ends, by return or by exception.
class SenderDone {
 public:
  explicit SenderDone(Progress& progress) noexcept : progress_(&progress) {}
  SenderDone(const SenderDone&) = delete;
  SenderDone& operator=(const SenderDone&) = delete;
  ~SenderDone() {
    // SYNC all-sent: our messages, and by the read-modify-write those of the senders before us.
    progress_->sending.fetch_sub(1, std::memory_order_acq_rel);
  }

 private:
  Progress* progress_;
};

/// What a consumer got, and when it had the last of it.
struct Received {
  Tally tally;
  std::int64_t ended_ns = 0;
};

/// One consumer's loop, in a frame of its own: until all is sent and nothing is left. `after_look(tally)`
/// runs after each look that found something.
template <class AfterLook>
[[gnu::noinline]] Received receive_all(Receiver& receiver, const Progress& progress, const Team& team,
                                       Idle idle, AfterLook after_look) {
  Received received;
  for (;;) {
    // Asked before looking: nothing that is sent afterwards may be missed.
    const bool last_look = progress.all_sent();
    bool found = false;
    while (receiver.receive(received.tally) != 0) {
      found = true;
      after_look(received.tally);
    }
    if (found) received.ended_ns = monotonic_ns();
    if (last_look || team.failed()) break;
    if (!found) idle();
  }
  return received;
}

/// Moves `each` messages from every producer to the consumers through a fresh transport, checks what came
/// out, and answers in million messages per second: those that were sent, each counted once, however many
/// consumers saw it.
[[nodiscard]] Reading run_flow(const Peer& peer, const FlowPlan& plan, std::size_t payload_bytes,
                               const std::string& who, std::uint64_t each);

/// The same through `stages` threads in a row, each of which hands on what it gets: a transport between each
/// two of them.
[[nodiscard]] Reading run_pipeline(const Peer& peer, std::size_t stages, std::size_t payload_bytes,
                                   const std::string& who, std::uint64_t count);

/// The cases of one flow, over everybody whom it fits. The pauses of its readers are those of `options`.
[[nodiscard]] std::vector<Case> flow_cases(const std::string& topology, FlowPlan plan,
                                           const Options& options);

}  // namespace sluice::bench
