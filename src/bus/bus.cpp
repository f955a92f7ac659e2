#include "sluice/bus/bus.hpp"

#include "bus/core.hpp"
#include "bus/options.hpp"
#include "bus/runner_core.hpp"

namespace sluice {

Result<Bus> Bus::open(BusOptions options) {
  return detail::Core::open(std::move(options)).transform([](auto&& core) { return Bus(std::move(core)); });
}

Bus::Bus(std::shared_ptr<detail::Core> core) noexcept : core_(std::move(core)) {}
Bus::Bus(Bus&&) noexcept = default;
Bus& Bus::operator=(Bus&& other) noexcept {
  if (this != &other) {
    end();
    core_ = std::move(other.core_);
  }
  return *this;
}
Bus::~Bus() {
  end();
}

void Bus::end() noexcept {
  if (core_ == nullptr) return;
  if (!core_->is_home()) return platform::abandon(std::move(core_));
  core_->cancel();
  (void)core_->close(std::chrono::nanoseconds(0));
  for (const auto& runner : core_->runners()) runner->join();
  core_->keeper().stop();
}

Result<Publisher> Bus::publisher(std::string_view topic, PublisherOptions options) {
  return core_->publisher(topic, std::nullopt, std::move(options)).transform([](auto&& core) {
    return Publisher(std::move(core));
  });
}

Result<Publisher> Bus::typed_publisher(std::string_view topic, TypeIdentity type, PublisherOptions options) {
  return core_->publisher(topic, std::move(type), std::move(options)).transform([](auto&& core) {
    return Publisher(std::move(core));
  });
}

Result<EventId> Bus::publish(std::string_view topic, std::span<const std::byte> payload,
                             const PublishOptions& options) {
  return core_->publish(topic, payload, options);
}

Result<Subscription> Bus::subscribe(SubscribeOptions options) {
  return core_->subscribe(std::move(options)).transform([](auto&& state) {
    return Subscription(std::move(state));
  });
}

Result<Runner> Bus::start(Subscription& subscription, std::unique_ptr<detail::Pump> pump,
                          RunOptions options) {
  if (auto home = core_->check_home(); !home) return std::move(home).error();
  if (auto valid = detail::validate(options); !valid) return std::move(valid).error();
  auto runner =
      std::make_shared<detail::RunnerCore>(subscription.state_.shared(), std::move(pump), std::move(options));
  // First of all: a handler that has begun is one that drain and close know of.
  core_->add_runner(runner);
  if (auto started = runner->start(); !started) return std::move(started).error();
  return Runner(std::move(runner));
}

DrainReport Bus::drain(std::chrono::nanoseconds deadline) {
  return core_->drain(deadline);
}
void Bus::cancel() noexcept {
  core_->cancel();
}
CloseReport Bus::close(std::chrono::nanoseconds deadline) {
  return core_->close(deadline);
}
BusMetrics Bus::metrics() const {
  return core_->metrics();
}
Result<const Topic*> Bus::topic(std::string_view name) {
  if (auto home = core_->check_home(); !home) return std::move(home).error();
  return core_->topics().intern(name);
}

}  // namespace sluice
