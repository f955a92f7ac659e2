#include "sluice/bus/subscription.hpp"

#include "bus/core.hpp"
#include "bus/deadline.hpp"

namespace sluice {

Subscription::Subscription(std::shared_ptr<detail::SubscriptionState> state) noexcept
    : state_(std::move(state)) {}

Result<Event> Subscription::next(std::chrono::nanoseconds timeout) {
  const auto deadline = detail::Deadline::in_or_never(timeout);
  const auto error = [this](ErrorCode code, std::string_view what) {
    if (!state_->core->is_home()) return state_->core->forked_error();
    return Error{code, "subscription \"" + name() + "\": " + std::string(what)};
  };
  for (;;) {
    std::optional<Event> event;
    const PollResult result = poll([&](const EventView& view) { event.emplace(view); }, 1);
    if (event) return *std::move(event);
    switch (result.status) {
      case PollStatus::ok:
        break;
      case PollStatus::evicted:
        return error(ErrorCode::evicted,
                     "it was evicted, because it held publishers back too long; subscribe again");
      case PollStatus::cancelled:
        return error(ErrorCode::cancelled, "it was cancelled");
      case PollStatus::closed:
        return error(ErrorCode::closed, "the bus is closed, and every event has been seen");
      case PollStatus::reentrant:
        return error(ErrorCode::reentrant, "next() was called from inside its own handler");
      case PollStatus::busy:
        return error(ErrorCode::busy, "another thread polls it, or a bus thread runs it");
    }
    const std::chrono::nanoseconds left = deadline.left();
    if (left.count() == 0) return error(ErrorCode::timed_out, "no event came in time");
    (void)state_->wait(state_->options.wait, left);
  }
}

bool Subscription::wait(std::chrono::nanoseconds timeout) {
  return state_->wait(state_->options.wait, timeout);
}
Result<int> Subscription::event_fd() {
  return state_->open_event_fd();
}
void Subscription::cancel() noexcept {
  state_->request(detail::kCancelled);
}
const std::string& Subscription::name() const noexcept {
  return state_->name;
}
std::uint64_t Subscription::received() const noexcept {
  return state_->received.read();
}
std::uint64_t Subscription::lost() const noexcept {
  return state_->lost();
}
std::uint64_t Subscription::lag_bytes() const noexcept {
  return state_->lag_bytes();
}
std::uint64_t Subscription::unfinished() const noexcept {
  return state_->unfinished();
}

}  // namespace sluice
