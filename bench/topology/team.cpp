#include "topology/team.hpp"

#include <exception>
#include <mutex>
#include <thread>

namespace sluice::bench {

void Team::run() {
  const bool oversubscribed = is_oversubscribed(members_.size());
  StartLine start(members_.size());
  std::mutex mutex;
  std::exception_ptr first_failure;
  const auto fail = [&] {
    const std::lock_guard lock(mutex);
    if (first_failure == nullptr) first_failure = std::current_exception();
    failed_.store(true, std::memory_order_relaxed);  // see failed()
  };

  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    threads.emplace_back([&, i] {
      try {
        if (!oversubscribed) platform::pin_this_thread(usable_cores()[i]).value();
        members_[i](start);
      } catch (...) {
        fail();
        start.arrive();  // whoever still waits at the line goes on, and finds out
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (first_failure != nullptr) std::rethrow_exception(first_failure);
}

}  // namespace sluice::bench
