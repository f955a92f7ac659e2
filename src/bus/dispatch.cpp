// What a dispatcher does with each event: the hot half of its core.
#include <exception>

#include "sluice/bus/detail/poll.hpp"

#include "bus/core.hpp"
#include "bus/dispatch_core.hpp"

namespace sluice::detail {

/// Counts a poll in and out, so that nothing is freed that it may have in hand.
class DispatchCore::InPoll {
 public:
  explicit InPoll(DispatchCore& core) noexcept : core_(&core) { core.retirement_.enter_poll(); }
  InPoll(const InPoll&) = delete;
  InPoll& operator=(const InPoll&) = delete;
  ~InPoll() {
    if (core_->retirement_.leave_poll()) [[unlikely]]
      core_->free_unreachable();
  }

 private:
  DispatchCore* core_;
};

/// Names the handler that is running.
class DispatchCore::Running {
 public:
  Running(DispatchCore& core, const DispatchHandler& handler) noexcept : core_(&core) {
    core.retirement_.begin_call(handler);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { core_->retirement_.end_call(); }

 private:
  DispatchCore* core_;
};

PollResult DispatchCore::poll(std::size_t limit) {
  const InPoll in_poll(*this);
  const auto dispatch_one = [this](const EventView& event) { dispatch(event); };
  return detail::poll(*subscription_, dispatch_one, limit);
}

inline void DispatchCore::dispatch(const EventView& event) {
  log::before_route<log::Machine>();
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
  return log::has_started(handler.start(event.shard()), event.position(),
                          [&] { return log_end(event.shard()); });
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
