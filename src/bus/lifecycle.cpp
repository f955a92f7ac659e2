// Drain, cancel, close: the ways in which a bus comes to rest.
#include <algorithm>
#include <set>
#include <utility>

#include "bus/backstop.hpp"
#include "bus/core.hpp"
#include "bus/runner_core.hpp"

namespace sluice::detail {

namespace {

/// How often a drain looks. Nothing waits for it but its caller.
constexpr std::chrono::nanoseconds kLook = std::chrono::microseconds(100);

}  // namespace

void Core::add_runner(const std::shared_ptr<RunnerCore>& runner) {
  const std::lock_guard lock(mutex_);
  std::erase_if(runners_, [](const auto& known) { return known.expired(); });
  runners_.push_back(runner);
}

std::vector<std::shared_ptr<RunnerCore>> Core::runners() {
  std::vector<std::shared_ptr<RunnerCore>>
      known;  // let go of after the lock: one may be the last of its runner
  {
    const std::lock_guard lock(mutex_);
    for (const auto& runner : runners_) known.push_back(runner.lock());
  }
  std::vector<std::shared_ptr<RunnerCore>> running;
  for (const auto& runner : known) {
    if (runner != nullptr && runner->running()) running.push_back(runner);
  }
  return running;
}

DrainReport Core::drain(std::chrono::nanoseconds timeout) {
  if (!is_home()) {
    DrainReport nothing;
    nothing.pending.push_back(forked_error().message);
    return nothing;
  }
  const Deadline deadline = Deadline::in(timeout);
  std::vector<std::uint64_t> targets;
  for (const auto& shard : shards_) targets.push_back(shard->ring.tail());
  const auto is_drained = [&](const SubscriptionState& subscription) {
    return subscription.left() || is_polled_here(subscription) ||
           std::all_of(subscription.begin(), subscription.end(), [&](const Port& port) {
             return subscription.done_below(port, targets[port.shard->context.shard]);
           });
  };
  std::vector<std::shared_ptr<RunnerCore>> runners;
  const auto nobody_came = [&] {
    auto now = this->runners();
    if (now == runners) return true;
    for (const auto& runner : now) {
      // A sleeper that wants none of the newest events has no reason to come here by itself.
      if (std::find(runners.begin(), runners.end(), runner) == runners.end()) runner->subscription().nudge();
    }
    runners = std::move(now);
    return false;
  };

  // Members of a group are asked one after the other, and may hand a span on meanwhile: see GroupShared.
  const auto sum_of = [&](const auto& count) {
    std::uint64_t sum = 0;
    for (const auto& runner : runners) {
      const auto& group = runner->subscription().group;
      if (group == nullptr) continue;
      for (const auto& place : group->all_places()) sum += count(place.shared);
    }
    return sum;
  };
  const auto hand_overs_over = [](const GroupShared& shared) {
    // SYNC hand-over: the gates of those that are over.
    return shared.hand_overs_over.load(std::memory_order_acquire);
  };
  const auto hand_overs_begun = [](const GroupShared& shared) {
    // Relaxed: who found a span elsewhere, or its member gone, acquired the count with that.
    return shared.hand_overs_begun.load(std::memory_order_relaxed);
  };

  DrainReport report;
  (void)nobody_came();
  for (bool once_more = true;;) {
    const std::uint64_t over_before = sum_of(hand_overs_over);
    report.pending.clear();
    for (const auto& runner : runners) {
      if (!is_drained(runner->subscription())) report.pending.push_back(runner->subscription().name);
    }
    const bool unchanged = sum_of(hand_overs_begun) == over_before;
    // A member of a group that is run from now on may have taken what one that was asked has left.
    report.drained = nobody_came() && unchanged && report.pending.empty();
    if (report.drained) break;
    if (deadline.passed()) {
      if (!report.pending.empty() || !std::exchange(once_more, false)) break;
      continue;
    }
    log::Atomic<std::uint32_t> nobody{0};
    log::Machine::futex_wait(nobody, 0, kLook);
  }
  if (!report.drained && report.pending.empty()) {
    for (const auto& runner : runners) {
      // It is the members of groups whose events go from one to the other.
      if (runner->subscription().group != nullptr) report.pending.push_back(runner->subscription().name);
    }
  }
  name_left_out(targets, report);
  return report;
}

/// What a drain does not wait for, but must not keep silent about either.
void Core::name_left_out(const std::vector<std::uint64_t>& targets, DrainReport& report) {
  for (const auto& subscription : subscriptions()) {
    const bool behind = std::any_of(subscription->begin(), subscription->end(), [&](const Port& port) {
      return !subscription->done_below(port, targets[port.shard->context.shard]);
    });
    // Relaxed: whether it is run may change a moment later as well.
    const bool is_run = subscription->runner.load(std::memory_order_relaxed) != 0;
    if (behind && !is_run && !subscription->left()) report.not_waited_for.push_back(subscription->name);
  }
  const std::lock_guard lock(mutex_);
  for (const PublisherCore* publisher : publishers_) {
    // Relaxed: see PublisherCore; the drain itself waits for the words in the ring.
    if (publisher->claim_position.load(std::memory_order_relaxed) <
        targets[publisher->shard->context.shard]) {
      report.pending.push_back("an open claim of publisher \"" + publisher->name + "\"");
      report.drained = false;
    }
  }
}

void Core::cancel() noexcept {
  if (!is_home()) return;
  for (const auto& subscription : subscriptions()) subscription->request(kCancelled);
}

CloseReport Core::close(std::chrono::nanoseconds timeout) {
  if (!is_home()) return {};
  const Deadline deadline = Deadline::in(timeout);
  std::unique_lock lock(close_mutex_);
  if (closing_) return await_close(lock, deadline);
  closing_ = true;
  lock.unlock();

  close_shards();
  CloseReport report;
  std::set<const Group*> counted;
  for (const auto& runner : runners()) {
    if (runner->is_this_thread() || runner->join(deadline)) continue;
    SubscriptionState& subscription = runner->subscription();
    report.cut_short.push_back(subscription.name);
    // First of all: from here on it handles the event at hand, and no other. It leaves when that returns,
    // which is not waited for.
    runner->stop();
    subscription.request(kCancelled);
    report.unfinished += subscription.left() ? subscription.unfinished() : subscription.in_its_hands();
    // A group's backlog is nobody's own; where another member got to the end, there is none.
    if (subscription.group != nullptr && counted.insert(subscription.group.get()).second) {
      report.unfinished += subscription.group->backlog();
    }
  }
  if (options_.persistence != nullptr) options_.persistence->stop(deadline.left());
  report.published = published();

  lock.lock();
  close_report_ = report;
  close_done_.notify_all();
  return report;
}

/// Somebody else is closing, or has closed. A bus thread must not wait for it: it may be what that one waits
/// for.
CloseReport Core::await_close(std::unique_lock<std::mutex>& lock, const Deadline& deadline) {
  while (!close_report_ && !deadline.passed() && !is_bus_thread()) {
    close_done_.wait_for(lock, std::min<std::chrono::nanoseconds>(deadline.left(), kBackstop));
  }
  if (close_report_) return *close_report_;
  CloseReport so_far;
  so_far.published = published();
  return so_far;
}

bool Core::is_bus_thread() {
  const auto running = runners();
  return std::any_of(running.begin(), running.end(),
                     [](const auto& runner) { return runner->is_this_thread(); });
}

/// After this no publish succeeds, and whoever sleeps comes out to see it.
void Core::close_shards() noexcept {
  {
    // With the lock, so that nobody joins a shard that is closed.
    const std::lock_guard lock(mutex_);
    // SYNC closed: whoever sees it finds the final tails, or waits for them.
    closed_.store(true, std::memory_order_release);
  }
  for (const auto& shard : shards_) {
    shard->close();
    shard->lot.wake_all();
    shard->lot.space_freed();
  }
  for (std::uint32_t slot = 0; slot < options_.max_subscriptions; ++slot) waiters_[slot].wake();
}

}  // namespace sluice::detail
