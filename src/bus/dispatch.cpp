// What a dispatcher does with each event: the hot half of its core.
#include <exception>

#include "sluice/bus/detail/poll.hpp"

#include "bus/core.hpp"
#include "bus/dispatch_core.hpp"

namespace sluice::detail {

/// Counts a poll in and out, so that nothing is freed that it may have in hand.
class DispatchCore::InPoll {
 public:
  explicit InPoll(DispatchCore& core) noexcept : core_(&core) {
    core.polls_.fetch_add(1, std::memory_order_relaxed);  // ordered by the fence
    // SYNC polls: who frees sees us counted, or we see the routes as they were left.
    platform::light_fence();
  }
  InPoll(const InPoll&) = delete;
  InPoll& operator=(const InPoll&) = delete;
  ~InPoll() {
    // SYNC polls: our reads are done.
    if (core_->polls_.fetch_sub(1, std::memory_order_release) != 1) return;
    // SYNC polls: who could not free for our sake has left word.
    platform::light_fence();
    if (core_->has_retired_.load(std::memory_order_relaxed)) [[unlikely]]
      core_->free_unreachable();
  }

 private:
  DispatchCore* core_;
};

/// Names the handler that is running.
class DispatchCore::Running {
 public:
  Running(DispatchCore& core, const DispatchHandler& handler) noexcept : core_(&core) {
    // SYNC running: earlier calls are over for whoever sees this one.
    core.running_.store(&handler, std::memory_order_release);
    // SYNC removing: the remover sees us running, or we see the removal.
    platform::light_fence();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    // SYNC running: what the call did.
    core_->running_.store(nullptr, std::memory_order_release);
    // SYNC awaiting: who waits sees that we are done, or we see that it waits.
    platform::light_fence();
    if (core_->awaiting_.load(std::memory_order_relaxed) == 0) [[likely]]
      return;
    // SYNC finished: see `await`.
    core_->finished_.fetch_add(1, std::memory_order_release);
    platform::futex_wake_all(core_->finished_);
  }

 private:
  DispatchCore* core_;
};

PollResult DispatchCore::poll(std::size_t limit) {
  const InPoll in_poll(*this);
  const auto dispatch_one = [this](const EventView& event) { dispatch(event); };
  return detail::poll(*subscription_, dispatch_one, limit);
}

inline void DispatchCore::dispatch(const EventView& event) {
  // SYNC adding: a route that is older than a handler means an event below where that handler starts.
  platform::light_fence();
  Route route = routes_.find(event.topic_id());
  if (!route.is_known()) [[unlikely]]
    route = resolve(event.topic_id());
  if (DispatchHandler* only = route.only()) {
    call(*only, event);
  } else if (const RouteList* list = route.list()) {
    dispatch_to_all(*list, event);
  }
}

void DispatchCore::dispatch_to_all(const RouteList& list, const EventView& event) {
  std::exception_ptr thrown;
  for (std::uint32_t i = 0; i < list.size; ++i) {
    // Relaxed: handlers came with their list; one that is taken out says no itself.
    DispatchHandler* handler = list.handlers[i].load(std::memory_order_relaxed);
    if (handler == nullptr) continue;
    if (subscription_->must_stop()) break;
    try {
      call(*handler, event);
    } catch (...) {
      // The caller of poll gets one exception; the event is the other handlers' all the same.
      if (thrown != nullptr) {
        report_current_exception();
      } else {
        thrown = std::current_exception();
      }
    }
  }
  if (thrown != nullptr) std::rethrow_exception(thrown);
}

inline void DispatchCore::call(DispatchHandler& handler, const EventView& event) {
  const Running running(*this, handler);
  if (!may_begin(handler, event)) [[unlikely]]
    return;
  try {
    handler.call(event);
  } catch (...) {
    exceptions_.add();
    throw;
  }
}

inline bool DispatchCore::may_begin(DispatchHandler& handler, const EventView& event) noexcept {
  std::atomic<std::uint64_t>& start = handler.start(event.shard());
  // SYNC deciding: every route leads to the handler, for this thread too.
  std::uint64_t at = start.load(std::memory_order_acquire);
  if (at <= event.position()) [[likely]]
    return true;
  if (at == DispatchHandler::kDeciding) {
    // Relaxed: as in `add_or_throw`; if that was first, its decision may well lie above this event, too.
    const bool ours = start.compare_exchange_strong(at, log_end(event.shard()), std::memory_order_relaxed,
                                                    std::memory_order_relaxed);
    return !ours && at <= event.position();
  }
  return false;
}

void DispatchCore::report_current_exception() noexcept {
  subscription_->exceptions.add();
  try {
    std::string what = "something that is not a std::exception";
    try {
      throw;
    } catch (const std::exception& thrown) {
      what = thrown.what();
    } catch (...) {
    }
    subscription_->core->keeper().notify({ErrorCode::system_error, subscription_->name,
                                          "a further handler of dispatcher \"" + subscription_->name +
                                              "\" threw at one event: " + what +
                                              "; the event counts as handled"});
  } catch (const std::bad_alloc&) {
    // It was counted; there is no memory to say more.
  }
}

}  // namespace sluice::detail
