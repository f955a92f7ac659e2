#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "sluice/bus/poll_result.hpp"

namespace sluice {

namespace detail {
class RunnerCore;
}

/// A bus thread that runs a subscription or a dispatcher. Made by `Bus::run`.
///
/// **Thread safety.** Any thread. Destroying it stops the thread and waits for the handler that is running;
/// on the bus thread itself it only asks it to stop.
class [[nodiscard]] Runner {
 public:
  Runner(Runner&&) noexcept;
  Runner& operator=(Runner&&) noexcept;
  ~Runner();

  /// Asks the thread to stop after the event at hand. The subscription lives on and may be polled or run
  /// again.
  void stop() noexcept;
  /// Waits until the thread is done: stopped, or its subscription ended. At once on the bus thread itself.
  void join() noexcept;
  /// True until the thread is done.
  [[nodiscard]] bool running() const noexcept;
  /// Handlers that threw.
  [[nodiscard]] std::uint64_t exceptions() const noexcept;

 private:
  friend class Bus;
  explicit Runner(std::shared_ptr<detail::RunnerCore> core) noexcept;
  void end() noexcept;

  std::shared_ptr<detail::RunnerCore> core_;
};

}  // namespace sluice
