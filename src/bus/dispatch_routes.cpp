#include "bus/dispatch_routes.hpp"

#include <algorithm>

namespace sluice::detail {

RouteList::RouteList(const std::vector<DispatchHandler*>& members)
    : handlers(std::make_unique<log::Atomic<DispatchHandler*>[]>(members.size())),
      size(static_cast<std::uint32_t>(members.size())) {
  // Relaxed: the list is released with its route.
  for (std::size_t i = 0; i < members.size(); ++i) handlers[i].store(members[i], std::memory_order_relaxed);
}

RouteList::~RouteList() {
  // One by one: a long chain must not become a deep recursion.
  auto next = std::move(next_retired);
  while (next != nullptr) next = std::move(next->next_retired);
}

RouteTable::RouteTable(std::uint32_t max_topics)
    : chunk_count_((max_topics + kSlotsPerChunk - 1) / kSlotsPerChunk),
      chunks_(std::make_unique<log::Atomic<Slot*>[]>(chunk_count_)) {}

RouteTable::~RouteTable() {
  clear();
  // Relaxed: whoever destroys the table is ordered behind all its users.
  for (std::uint32_t i = 0; i < chunk_count_; ++i) delete[] chunks_[i].load(std::memory_order_relaxed);
}

RouteTable::Change RouteTable::plan(std::uint32_t topic_id, const std::vector<DispatchHandler*>& handlers) {
  log::Atomic<Slot*>& chunk = chunks_[topic_id / kSlotsPerChunk];
  // Relaxed: only stored under the lock, which is held.
  if (chunk.load(std::memory_order_relaxed) == nullptr) {
    // SYNC route-chunk: see `find`.
    chunk.store(new Slot[kSlotsPerChunk](), std::memory_order_release);
  }
  if (handlers.empty()) return {topic_id, Route::nobody(), nullptr};
  if (handlers.size() == 1) return {topic_id, Route(handlers.front()), nullptr};
  auto list = std::make_unique<RouteList>(handlers);
  const Route route(list.get());
  return {topic_id, route, std::move(list)};
}

RouteTable::Change RouteTable::plan_with(std::uint32_t topic_id, DispatchHandler& handler) {
  const Route now = find(topic_id);
  std::vector<DispatchHandler*> handlers;
  if (now.only() != nullptr) handlers.push_back(now.only());
  if (const RouteList* list = now.list()) {
    for (std::uint32_t i = 0; i < list->size; ++i) {
      // Relaxed: only changed under the lock, which is held.
      DispatchHandler* known = list->handlers[i].load(std::memory_order_relaxed);
      if (known != nullptr) handlers.push_back(known);
    }
  }
  handlers.push_back(&handler);
  return plan(topic_id, handlers);
}

void RouteTable::apply(Change change) noexcept {
  (void)change.list.release();  // the slot's from here on
  store(change.topic_id, change.route);
  end_ = std::max(end_, change.topic_id + 1);
}

void RouteTable::unhook(std::uint32_t topic_id, const DispatchHandler& handler) noexcept {
  const Route now = find(topic_id);
  if (now.only() == &handler) return store(topic_id, Route::nobody());
  const RouteList* list = now.list();
  if (list == nullptr) return;
  bool is_empty = true;
  for (std::uint32_t i = 0; i < list->size; ++i) {
    // Relaxed: who still finds the handler asks it, and it says no.
    if (list->handlers[i].load(std::memory_order_relaxed) == &handler)
      list->handlers[i].store(nullptr, std::memory_order_relaxed);
    is_empty = is_empty && list->handlers[i].load(std::memory_order_relaxed) == nullptr;
  }
  if (is_empty) store(topic_id, Route::nobody());
}

void RouteTable::unhook(const DispatchHandler& handler) noexcept {
  for (std::uint32_t id = 0; id < end_; ++id) unhook(id, handler);
}

void RouteTable::clear() noexcept {
  for (std::uint32_t id = 0; id < end_; ++id) {
    if (find(id).is_known()) store(id, Route::nobody());
  }
}

RouteTable::Slot& RouteTable::slot(std::uint32_t topic_id) noexcept {
  // Relaxed: only stored under the lock, which is held.
  return chunks_[topic_id / kSlotsPerChunk].load(std::memory_order_relaxed)[topic_id % kSlotsPerChunk];
}

void RouteTable::store(std::uint32_t topic_id, Route route) noexcept {
  RouteList* replaced = find(topic_id).list();
  // SYNC route: see `find`.
  slot(topic_id).store(route.bits(), std::memory_order_release);
  if (replaced == nullptr) return;
  replaced->next_retired = std::move(retired);
  retired.reset(replaced);
}

}  // namespace sluice::detail
