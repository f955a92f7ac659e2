#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>

namespace sluice::detail {

/// Publishers that wait for the disk, and the thread that syncs for them: those who come while a sync runs
/// share the next one. (Known from databases as group commit.)
///
/// **Thread safety.** Any thread; `await_work` is the syncing thread's.
class GroupCommit {
 public:
  /// Sleeps until a sync is wanted: somebody waits for more than was journaled when the last one began, or
  /// `interval` has passed. False once it is to stop.
  [[nodiscard]] bool await_work(std::optional<std::chrono::nanoseconds> interval);
  /// After a sync, whatever came of it: those who wait look again.
  void synced();
  /// There is more to sync than before.
  void journaled();
  /// Sleeps for `moment`, unless somebody waits, or begins to.
  void rest(std::chrono::nanoseconds moment);

  /// Has a sync begin, and sleeps until `is_done()` (asked under a lock) or `timeout` has passed; returns
  /// what it answered last.
  bool wait(std::chrono::nanoseconds timeout, const std::function<bool()>& is_done);

  /// Ends `await_work`, until `start`.
  void stop();
  void start();

 private:
  std::mutex mutex_;
  std::condition_variable wanted_;
  std::condition_variable synced_;
  std::condition_variable awaited_;
  std::size_t waiting_ = 0;
  bool is_wanted_ = false;
  bool stopping_ = false;
};

}  // namespace sluice::detail
