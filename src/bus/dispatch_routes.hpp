#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "sluice/bus/detail/dispatch_handler.hpp"

namespace sluice::detail {

/// Several handlers of one topic, in the order in which they were added. One that is removed leaves a null.
struct RouteList {
  explicit RouteList(const std::vector<DispatchHandler*>& members);
  ~RouteList();
  RouteList(const RouteList&) = delete;
  RouteList& operator=(const RouteList&) = delete;

  const std::unique_ptr<log::Atomic<DispatchHandler*>[]> handlers;
  const std::uint32_t size;
  std::unique_ptr<RouteList> next_retired;
};

/// What a topic leads to, in one word: nothing known yet, nobody, one handler, or a list.
class Route {
 public:
  Route() = default;  ///< nothing known yet
  explicit Route(std::uintptr_t bits) noexcept : bits_(bits) {}
  explicit Route(DispatchHandler* only) noexcept : bits_(reinterpret_cast<std::uintptr_t>(only)) {}
  explicit Route(RouteList* list) noexcept : bits_(reinterpret_cast<std::uintptr_t>(list) | kIsList) {}
  [[nodiscard]] static Route nobody() noexcept { return Route(std::uintptr_t{kIsList}); }

  [[nodiscard]] bool is_known() const noexcept { return bits_ != 0; }
  /// The one handler, or null.
  [[nodiscard]] DispatchHandler* only() const noexcept {
    return (bits_ & kIsList) != 0 ? nullptr : reinterpret_cast<DispatchHandler*>(bits_);
  }
  /// The list, or null.
  [[nodiscard]] RouteList* list() const noexcept {
    return (bits_ & kIsList) != 0 ? reinterpret_cast<RouteList*>(bits_ & ~kIsList) : nullptr;
  }
  [[nodiscard]] std::uintptr_t bits() const noexcept { return bits_; }

 private:
  static constexpr std::uintptr_t kIsList = 1;

  std::uintptr_t bits_ = 0;
};
static_assert(alignof(DispatchHandler) > 1 && alignof(RouteList) > 1, "the lowest bit of a pointer is free");

/// From topic id to handlers. Slots lie in chunks that never move. Handlers are not owned.
///
/// **Thread safety.** `find` is for any thread and takes two loads; everything else is under the dispatcher's
/// lock. **Lifetime.** Whoever has found a route may go on using its list after it was replaced, so replaced
/// lists are kept in `retired` until the caller knows that nobody does.
class RouteTable {
 public:
  explicit RouteTable(std::uint32_t max_topics);
  ~RouteTable();
  RouteTable(const RouteTable&) = delete;
  RouteTable& operator=(const RouteTable&) = delete;

  [[nodiscard]] Route find(std::uint32_t topic_id) const noexcept {
    // SYNC route-chunk: its empty slots.
    const Slot* chunk = chunks_[topic_id / kSlotsPerChunk].load(std::memory_order_acquire);
    if (chunk == nullptr) [[unlikely]]
      return {};
    // SYNC route: the list and its handlers.
    return Route(chunk[topic_id % kSlotsPerChunk].load(std::memory_order_acquire));
  }

  /// One more than the highest topic id that has a route.
  [[nodiscard]] std::uint32_t end() const noexcept { return end_; }

  /// A route that is ready to be stored: nothing can fail any more.
  struct Change {
    std::uint32_t topic_id;
    Route route;
    std::unique_ptr<RouteList> list;
  };
  /// The route to `handlers`. Throws `std::bad_alloc`.
  [[nodiscard]] Change plan(std::uint32_t topic_id, const std::vector<DispatchHandler*>& handlers);
  /// The topic's route with one handler more. Throws `std::bad_alloc`.
  [[nodiscard]] Change plan_with(std::uint32_t topic_id, DispatchHandler& handler);
  void apply(Change change) noexcept;

  /// Takes a handler out of one topic's route, or of all of them.
  void unhook(std::uint32_t topic_id, const DispatchHandler& handler) noexcept;
  void unhook(const DispatchHandler& handler) noexcept;
  /// Every topic then leads to nobody.
  void clear() noexcept;

  std::unique_ptr<RouteList> retired;  ///< lists that were replaced, one behind the other

 private:
  using Slot = log::Atomic<std::uintptr_t>;
  static constexpr std::uint32_t kSlotsPerChunk = 512;  // 4 KiB

  [[nodiscard]] Slot& slot(std::uint32_t topic_id) noexcept;
  void store(std::uint32_t topic_id, Route route) noexcept;

  const std::uint32_t chunk_count_;
  const std::unique_ptr<log::Atomic<Slot*>[]> chunks_;
  std::uint32_t end_ = 0;
};

}  // namespace sluice::detail
