#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "sluice/bus/options.hpp"
#include "sluice/log/machine.hpp"

namespace sluice::detail {

class Core;

/// The bus's own thread, started when there is something for it to do: it evicts subscriptions whose deadline
/// has passed while they held a publisher back, and it calls `on_notice`. Asleep, it costs nothing.
///
/// **Thread safety.** Any thread. **Locks.** Its own only, never held around a notice or an eviction.
class Keeper {
 public:
  explicit Keeper(Core& core) noexcept : core_(&core) {}
  ~Keeper() { stop(); }

  /// From now on, publishers that find no room tell the keeper.
  [[nodiscard]] Result<void> watch_evictions();
  /// A publisher found no room on a shard.
  void refused(std::uint32_t shard) noexcept;
  /// Tells the bus's owner, if it wants to know.
  void notify(Notice notice) noexcept;
  [[nodiscard]] std::uint64_t evictions() const noexcept {
    return evictions_.load(std::memory_order_relaxed);  // a count for metrics
  }

  /// Ends the thread; what was to be told is told first. Never on the keeper's own thread: there it is left
  /// to end by itself.
  void stop() noexcept;

 private:
  struct Hold {
    std::uint64_t position = 0;
    std::int64_t since_ns = 0;
  };

  void start_locked();
  void run();
  void tell(const Notice& notice) noexcept;
  /// Looks at the shards where publishers were refused; returns when to look again, 0 for never.
  std::int64_t look();
  void evict(const struct Holder& holder, std::int64_t held_ns);

  Core* core_;
  log::Atomic<bool> watching_{false};
  log::Atomic<std::uint64_t> evictions_{0};
  std::map<std::uint32_t, Hold> holds_;  ///< by shard; the keeper thread's own

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Notice> notices_;
  bool look_wanted_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sluice::detail
