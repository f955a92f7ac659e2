#include "journal/periodic.hpp"

#include <utility>

#include "sluice/base/thread.hpp"

#include "base/home_process.hpp"

namespace sluice::detail {

void Periodic::start(std::string thread_name, std::chrono::nanoseconds interval, std::function<void()> work) {
  stop();
  stopping_ = false;
  thread_ = std::thread([this, name = std::move(thread_name), interval, work = std::move(work)] {
    platform::name_this_thread(name.c_str());
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      lock.unlock();
      work();
      lock.lock();
      (void)stopped_.wait_for(lock, interval, [this] { return stopping_; });
    }
  });
}

void Periodic::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

void Periodic::abandon() {
  platform::abandon(std::move(thread_));
}

}  // namespace sluice::detail
