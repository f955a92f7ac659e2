#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace sluice::detail {

/// A thread that does something again and again until it is stopped.
///
/// **Thread safety.** One thread starts and stops it; it is not restarted from its own work.
class Periodic {
 public:
  ~Periodic() { stop(); }

  /// Calls `work` at once, and then each time `interval` has passed since it returned. `thread_name` has at
  /// most 15 characters.
  void start(std::string thread_name, std::chrono::nanoseconds interval, std::function<void()> work);
  /// Returns once `work` does not run and will not.
  void stop();
  /// For a forked child, which has no such thread: forgets it.
  void abandon();

 private:
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
};

}  // namespace sluice::detail
