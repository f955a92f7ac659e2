// The bare ways to wake a thread: one futex, slept on at once, as the limit; and a mutex with a condition
// variable, which is what most programs have.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "sluice/base/platform.hpp"

#include "topology/sleepers.hpp"

namespace sluice::bench {

namespace {

class FutexBox final : public Mailbox {
 public:
  void put(std::int64_t value) override {
    value_.store(value, std::memory_order_relaxed);  // published by the count
    // SYNC mailbox: the value.
    puts_.fetch_add(1, std::memory_order_release);
    platform::futex_wake_all(puts_);
  }
  std::int64_t take() override {
    // SYNC mailbox: see put.
    while (puts_.load(std::memory_order_acquire) == taken_) {
      (void)platform::futex_wait(puts_, taken_, std::chrono::nanoseconds(-1));
    }
    ++taken_;
    return value_.load(std::memory_order_relaxed);  // see put
  }

 private:
  std::atomic<std::uint32_t> puts_{0};
  std::atomic<std::int64_t> value_{0};
  std::uint32_t taken_ = 0;
};

class CondvarBox final : public Mailbox {
 public:
  void put(std::int64_t value) override {
    {
      const std::lock_guard lock(mutex_);
      values_.push_back(value);
    }
    changed_.notify_one();
  }
  std::int64_t take() override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !values_.empty(); });
    const std::int64_t value = values_.front();
    values_.pop_front();
    return value;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::int64_t> values_;
};

template <class Box>
IdlePeer peer(const char* name) {
  return mailbox_peer(name, [] { return std::make_unique<Box>(); });
}

}  // namespace

std::vector<IdlePeer> bare_sleepers() {
  return {peer<FutexBox>("bare_futex"), peer<CondvarBox>("mutex_condvar")};
}

}  // namespace sluice::bench
