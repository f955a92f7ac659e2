#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "sluice/bus/detail/poll.hpp"

namespace sluice::detail {

class RunnerCore;

/// What a bus thread does again and again: polls a subscription with a handler whose type is forgotten here,
/// once per batch and not once per event.
class Pump {
 public:
  virtual ~Pump() = default;
  virtual PollResult poll(SubscriptionState& subscription, std::size_t limit) = 0;
};

template <class Handler>
class HandlerPump final : public Pump {
 public:
  explicit HandlerPump(Handler handler) : handler_(std::move(handler)) {}
  PollResult poll(SubscriptionState& subscription, std::size_t limit) override {
    return detail::poll(subscription, handler_, limit);
  }

 private:
  Handler handler_;
};

template <class Handler>
[[nodiscard]] std::unique_ptr<Pump> make_pump(Handler handler) {
  return std::make_unique<HandlerPump<Handler>>(std::move(handler));
}

}  // namespace sluice::detail
