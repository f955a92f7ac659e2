#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

#include "sluice/bus/event.hpp"
#include "sluice/log/machine.hpp"
#include "sluice/log/start_line.hpp"

namespace sluice::detail {

/// One handler of a dispatcher: a callable whose type is forgotten here, and from which position on it is
/// called. Its first cache line is all that the dispatch of an event reads of it, a small callable included.
///
/// **Starts.** There is one per shard that the handler may hear of. It first is `kHooking`, then `kDeciding`,
/// then a position, in the end `log::kRemoved`; only a position lets events through, those at or above it.
/// Why no event is missed or seen too early meanwhile is told where these protocols are, in start_line.hpp.
///
/// **Thread safety.** Starts are for any thread. `call` is for the dispatching thread alone; `drop` for any
/// that has seen to it that no call runs and none can begin.
class alignas(64) DispatchHandler {
 public:
  static constexpr std::uint64_t kHooking = log::kHooking;    ///< not all of its routes lead to it yet
  static constexpr std::uint64_t kDeciding = log::kDeciding;  ///< they do; where it starts is being read

  DispatchHandler() = default;
  DispatchHandler(const DispatchHandler&) = delete;
  DispatchHandler& operator=(const DispatchHandler&) = delete;
  virtual ~DispatchHandler() = default;

  virtual void call(const EventView& event) = 0;
  /// Destroys the callable, ahead of the handler itself; when it returns, the callable is gone, whoever came
  /// first. (On the thread that is just destroying it, it returns at once: a callable may own its own
  /// handle.)
  void drop() noexcept {
    const std::lock_guard lock(cold_->drop_mutex);
    if (!std::exchange(cold_->is_dropped, true)) destroy_callable();
  }

  /// Says of which shards it may hear. Before it is shown to anybody, once.
  void cover(std::uint32_t first_shard, std::uint32_t shard_count) {
    if (shard_count > 1) {
      cold_->starts = std::make_unique<log::Atomic<std::uint64_t>[]>(shard_count);
      starts_ = cold_->starts.get();
    }
    first_shard_ = first_shard;
    shard_count_ = shard_count;
    for (auto& start : starts()) start.store(kHooking, std::memory_order_relaxed);  // nobody sees it yet
  }
  [[nodiscard]] bool covers(std::uint32_t shard) const noexcept {
    return shard - first_shard_ < shard_count_;
  }
  [[nodiscard]] log::Atomic<std::uint64_t>& start(std::uint32_t shard) noexcept {
    return starts_[shard - first_shard_];
  }
  [[nodiscard]] std::span<log::Atomic<std::uint64_t>> starts() noexcept { return {starts_, shard_count_}; }

  /// In the order in which handlers were added.
  [[nodiscard]] std::uint64_t& number() noexcept { return cold_->number; }

 private:
  /// What the dispatch of an event has no use for.
  struct Cold {
    std::recursive_mutex drop_mutex;
    bool is_dropped = false;
    std::uint64_t number = 0;
    std::unique_ptr<log::Atomic<std::uint64_t>[]> starts;  ///< when there are several
  };

  virtual void destroy_callable() noexcept = 0;

  log::Atomic<std::uint64_t>* starts_ = &only_;
  log::Atomic<std::uint64_t> only_{kHooking};
  std::uint32_t first_shard_ = 0;
  std::uint32_t shard_count_ = 1;
  const std::unique_ptr<Cold> cold_ = std::make_unique<Cold>();
};

template <class Callable>
class DispatchHandlerOf final : public DispatchHandler {
 public:
  explicit DispatchHandlerOf(Callable callable) : callable_(std::move(callable)) {}

  void call(const EventView& event) override { (void)(*callable_)(event); }

 private:
  void destroy_callable() noexcept override { callable_.reset(); }

  std::optional<Callable> callable_;
};

}  // namespace sluice::detail
