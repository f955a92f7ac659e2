#include "sluice/bus/dispatcher.hpp"

#include "sluice/bus/bus.hpp"

#include "base/home_process.hpp"
#include "bus/dispatch_core.hpp"

namespace sluice {

namespace {

/// Has a bus thread poll a dispatcher, whose core it shares: handlers may destroy the dispatcher.
class DispatchPump final : public detail::Pump {
 public:
  explicit DispatchPump(std::shared_ptr<detail::DispatchCore> core) : core_(std::move(core)) {}
  PollResult poll(detail::SubscriptionState&, std::size_t limit) override { return core_->poll(limit); }

 private:
  const std::shared_ptr<detail::DispatchCore> core_;
};

}  // namespace

Result<Dispatcher> Bus::dispatcher() {
  return dispatcher(DispatcherOptions());
}

Result<Dispatcher> Bus::dispatcher(DispatcherOptions options) {
  return subscribe({.topic = std::move(options.topic),
                    .group = {},
                    .overload = options.overload,
                    .evict_after = options.evict_after,
                    .name = std::move(options.name),
                    .wait = options.wait})
      .transform([](Subscription&& subscription) { return Dispatcher(std::move(subscription)); });
}

Result<Runner> Bus::run(Dispatcher& dispatcher, RunOptions options) {
  return start(dispatcher.subscription_, std::make_unique<DispatchPump>(dispatcher.core_),
               std::move(options));
}

Dispatcher::Dispatcher(Subscription&& subscription)
    : subscription_(std::move(subscription)),
      core_(std::make_shared<detail::DispatchCore>(subscription_.state_.shared())) {}

Dispatcher& Dispatcher::operator=(Dispatcher&& other) noexcept {
  if (this != &other) {
    end();
    subscription_ = std::move(other.subscription_);
    core_ = std::move(other.core_);
  }
  return *this;
}
Dispatcher::~Dispatcher() {
  end();
}

void Dispatcher::end() noexcept {
  if (core_ == nullptr) return;  // moved from
  if (!core_->is_home()) return platform::abandon(std::move(core_));
  subscription_.cancel();
  core_->close();
}

Result<HandlerHandle> Dispatcher::add(std::string_view topic,
                                      std::unique_ptr<detail::DispatchHandler> handler) {
  std::shared_ptr<detail::DispatchHandler> shared = std::move(handler);
  return core_->add(topic, shared).transform([&](std::vector<ShardPosition>&& from) {
    return HandlerHandle(core_, std::move(shared), std::move(from));
  });
}

PollResult Dispatcher::poll(std::size_t limit) {
  const std::shared_ptr<detail::DispatchCore> core = core_;  // a handler may destroy us
  return core->poll(limit);
}

std::uint64_t Dispatcher::exceptions() const noexcept {
  return core_->exceptions();
}

HandlerHandle::HandlerHandle(std::shared_ptr<detail::DispatchCore> core,
                             std::shared_ptr<detail::DispatchHandler> handler,
                             std::vector<ShardPosition> from) noexcept
    : core_(std::move(core)), handler_(std::move(handler)), from_(std::move(from)) {}

HandlerHandle::HandlerHandle(HandlerHandle&&) noexcept = default;
HandlerHandle& HandlerHandle::operator=(HandlerHandle&& other) noexcept {
  if (this != &other) {
    end();
    core_ = std::move(other.core_);
    handler_ = std::move(other.handler_);
    from_ = std::move(other.from_);
  }
  return *this;
}
HandlerHandle::~HandlerHandle() {
  end();
}

void HandlerHandle::remove() noexcept {
  if (handler_ != nullptr) core_->remove(*handler_);
}

void HandlerHandle::detach() noexcept {
  handler_.reset();
  core_.reset();
}

void HandlerHandle::end() noexcept {
  // Our own members may go with the callable, which may own this very handle.
  const auto handler = std::move(handler_);
  const auto core = std::move(core_);
  if (handler == nullptr) return;
  if (!core->is_home()) {
    platform::abandon(std::shared_ptr(core));
    return platform::abandon(std::shared_ptr(handler));
  }
  core->remove(*handler);
  if (core->await(*handler)) handler->drop();
}

}  // namespace sluice
