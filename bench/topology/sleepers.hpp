#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sluice/base/histogram.hpp"
#include "sluice/base/platform.hpp"

namespace sluice::bench {

/// Subscribers that wait for something to happen, for the topology `idle`. They run from construction to
/// `finish`, on the second core where there is one.
class Sleepers {
 public:
  Sleepers() = default;
  Sleepers(const Sleepers&) = delete;
  Sleepers& operator=(const Sleepers&) = delete;
  virtual ~Sleepers() = default;

  [[nodiscard]] virtual std::size_t count() const = 0;
  /// Sends `sent_ns` to one of them, which records how long that took.
  virtual void wake(std::size_t which, std::int64_t sent_ns) = 0;
  /// How often that one has answered.
  [[nodiscard]] virtual std::uint64_t answers(std::size_t which) const = 0;
  /// Ends them; all their latencies. To be called once.
  [[nodiscard]] virtual Histogram finish() = 0;
  /// Wake-ups that a guard had to make up for.
  [[nodiscard]] virtual std::uint64_t rescues() const { return 0; }
};

/// What one subscriber measures. Its own cache lines; the histogram is read once its thread has ended.
struct alignas(platform::kDestructiveBytes) Sleeper {
  Histogram latency_ns;
  std::atomic<std::uint64_t> answers{0};

  void answer(std::int64_t sent_ns);
  [[nodiscard]] std::uint64_t answered() const noexcept {
    return answers.load(std::memory_order_relaxed);  // only the count is of interest
  }
};

/// A place for one number that a thread sleeps at until it is there.
class Mailbox {
 public:
  Mailbox() = default;
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  virtual ~Mailbox() = default;

  virtual void put(std::int64_t value) = 0;
  [[nodiscard]] virtual std::int64_t take() = 0;
};

/// One way to wait, under the name that stands in the results.
struct IdlePeer {
  std::string name;
  std::function<std::unique_ptr<Sleepers>()> make;
};

/// Threads that sleep at a mailbox each.
[[nodiscard]] IdlePeer mailbox_peer(std::string name, std::function<std::unique_ptr<Mailbox>()> make);

// One file each, in peers/.
[[nodiscard]] std::vector<IdlePeer> sluice_sleepers();
[[nodiscard]] std::vector<IdlePeer> bare_sleepers();
[[nodiscard]] std::vector<IdlePeer> moodycamel_sleepers();
[[nodiscard]] std::vector<IdlePeer> zeromq_sleepers();

}  // namespace sluice::bench
