#include "journal/group_commit.hpp"

#include <algorithm>

namespace sluice::detail {

namespace {

/// Longer waits are as good as for ever, and no clock overflows.
constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(24 * 365);

}  // namespace

bool GroupCommit::await_work(std::optional<std::chrono::nanoseconds> interval) {
  std::unique_lock lock(mutex_);
  const auto called = [this] { return is_wanted_ || stopping_; };
  if (interval) {
    (void)wanted_.wait_for(lock, *interval, called);
  } else {
    wanted_.wait(lock, called);
  }
  is_wanted_ = false;
  return !stopping_;
}

void GroupCommit::synced() {
  const std::lock_guard lock(mutex_);
  if (waiting_ != 0) synced_.notify_all();
}

void GroupCommit::journaled() {
  const std::lock_guard lock(mutex_);
  if (waiting_ == 0) return;
  is_wanted_ = true;
  wanted_.notify_one();
}

void GroupCommit::rest(std::chrono::nanoseconds moment) {
  std::unique_lock lock(mutex_);
  (void)awaited_.wait_for(lock, moment, [this] { return waiting_ != 0; });
}

bool GroupCommit::wait(std::chrono::nanoseconds timeout, const std::function<bool()>& is_done) {
  std::unique_lock lock(mutex_);
  ++waiting_;
  awaited_.notify_one();
  if (!is_done()) {
    is_wanted_ = true;
    wanted_.notify_one();
  }
  const bool done = synced_.wait_for(lock, std::min(timeout, kLongest), is_done);
  --waiting_;
  return done;
}

void GroupCommit::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  wanted_.notify_all();
}

void GroupCommit::start() {
  const std::lock_guard lock(mutex_);
  stopping_ = false;
}

}  // namespace sluice::detail
