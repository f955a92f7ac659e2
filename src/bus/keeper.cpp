#include "bus/keeper.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <system_error>

#include "bus/core.hpp"

namespace sluice::detail {

Result<void> Keeper::watch_evictions() {
  const std::lock_guard lock(mutex_);
  try {
    start_locked();
  } catch (const std::system_error& failure) {
    return Error{ErrorCode::system_error,
                 std::string("no thread could be started that evicts subscriptions: ") + failure.what()};
  }
  // Relaxed: a publisher that misses it is refused again.
  watching_.store(true, std::memory_order_relaxed);
  return {};
}

void Keeper::refused(std::uint32_t shard) noexcept {
  if (!watching_.load(std::memory_order_relaxed)) return;  // see watch_evictions
  // Relaxed: the keeper is woken after it, or is looking again soon.
  if (core_->shard(shard).refused.exchange(true, std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  look_wanted_ = true;
  changed_.notify_one();
}

void Keeper::notify(Notice notice) noexcept {
  if (!core_->options().on_notice || !core_->is_home()) return;
  try {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    notices_.push_back(std::move(notice));
    start_locked();
    changed_.notify_one();
  } catch (const std::exception&) {
    // No memory or no thread to tell it with: what it is about has been done and counted all the same.
  }
}

void Keeper::stop() noexcept {
  std::thread thread;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    thread = std::move(thread_);
    changed_.notify_one();
  }
  if (!thread.joinable()) return;
  if (thread.get_id() == std::this_thread::get_id()) {
    thread.detach();
  } else {
    thread.join();
  }
}

void Keeper::start_locked() {
  if (thread_.joinable() || stopping_) return;
  // The thread shares the core, so that neither a notice nor an eviction is the end of what it stands on.
  thread_ = std::thread([this, core = core_->shared_from_this()] { run(); });
}

void Keeper::run() {
  platform::name_this_thread(core_->options().name + ".keep");
  std::unique_lock lock(mutex_);
  std::int64_t look_at_ns = 0;  // 0: nothing to look at
  for (;;) {
    const auto called = [this] { return stopping_ || look_wanted_ || !notices_.empty(); };
    if (look_at_ns == 0) {
      changed_.wait(lock, called);
    } else {
      changed_.wait_for(
          lock, std::chrono::nanoseconds(std::max<std::int64_t>(1, look_at_ns - monotonic_ns())), called);
    }
    while (!notices_.empty()) {
      const Notice notice = std::move(notices_.front());
      notices_.pop_front();
      lock.unlock();
      tell(notice);
      lock.lock();
    }
    if (stopping_) return;
    look_wanted_ = false;
    lock.unlock();
    look_at_ns = look();
    lock.lock();
  }
}

void Keeper::tell(const Notice& notice) noexcept {
  try {
    core_->options().on_notice(notice);
  } catch (...) {
    // There is nobody else to tell, least of all about this.
  }
}

std::int64_t Keeper::look() {
  std::int64_t look_at_ns = 0;
  for (std::uint32_t index = 0; index < core_->shard_count(); ++index) {
    Shard& shard = core_->shard(index);
    if (!shard.refused.load(std::memory_order_relaxed)) continue;  // see Shard, here and below
    const Holder holder = core_->find_holder(shard);
    const auto policy = holder.member != nullptr  ? &holder.member->options
                        : holder.group != nullptr ? &holder.group->options
                                                  : nullptr;
    if (policy == nullptr) {
      // Nobody that may be evicted: the next publisher that is refused calls again. Relaxed: see Shard.
      shard.refused.store(false, std::memory_order_relaxed);
      holds_.erase(index);
      continue;
    }
    const std::int64_t now_ns = monotonic_ns();
    const auto [hold, is_new] = holds_.try_emplace(index, Hold{holder.position, now_ns});
    if (!is_new && hold->second.position != holder.position) {
      // It moved: whether anybody is still held back, the next refusal says. Relaxed: see Shard.
      shard.refused.store(false, std::memory_order_relaxed);
      holds_.erase(hold);
      continue;
    }
    const std::int64_t held_ns = now_ns - hold->second.since_ns;
    if (held_ns >= policy->evict_after.count()) {
      shard.refused.store(false, std::memory_order_relaxed);  // see Shard
      holds_.erase(hold);
      evict(holder, held_ns);
      continue;
    }
    const std::int64_t due_ns = hold->second.since_ns + policy->evict_after.count();
    look_at_ns = look_at_ns == 0 ? due_ns : std::min(look_at_ns, due_ns);
  }
  return look_at_ns;
}

void Keeper::evict(const Holder& holder, std::int64_t held_ns) {
  for (const auto& subscription : core_->subscriptions()) {
    const bool guilty =
        subscription == holder.member || (holder.group != nullptr && subscription->group == holder.group);
    if (!guilty || subscription->must_stop()) continue;
    subscription->evict();
    evictions_.fetch_add(1, std::memory_order_relaxed);  // a count for metrics
    notify({ErrorCode::evicted, subscription->name,
            "subscription \"" + subscription->name + "\" was evicted: it held publishers back for " +
                std::to_string(held_ns / 1'000'000) + " ms without moving (evict_after is " +
                std::to_string(subscription->options.evict_after.count() / 1'000'000) +
                " ms); subscribe again to go on from the newest event"});
  }
}

}  // namespace sluice::detail
