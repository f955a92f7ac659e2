#include <cstdio>
#include <cstdlib>

#include "model/checker/weak_memory.hpp"

/// The rest of the weak memory: what orders threads without a value, and how they sleep and are woken.
namespace sluice::model {

// ---- fences -------------------------------------------------------------------------------------------

bool WeakMemory::enter_fence(Operation operation, Fence fence, const std::source_location& where) {
  if (!sites_->fence_stands(where, operation)) {
    if (trace_->is_on()) say(std::string(to_string(operation)) + " left out", where);
    return false;
  }
  if (!facts_->note(fence, scheduler_->current())) scheduler_->abandon();
  if (facts_->is_answered(fence, scheduler_->current()))
    scheduler_->point({Step::kFences, fence != Fence::light});
  else
    scheduler_->count_step();
  if (trace_->is_on()) say(std::string(to_string(operation)), where);
  return true;
}

void WeakMemory::full_fence(const std::source_location& where) {
  if (!enter_fence(Operation::full_fence, Fence::full, where)) return;
  Thread& thread = me();
  thread.view.join(thread.acquirable, lanes_);
  thread.view.seen.join(full_fences_, lanes_);
  full_fences_.join(thread.view.seen, lanes_);
  thread.released = thread.view;
  tick();
}

void WeakMemory::heavy_fence(const std::source_location& where) {
  if (!enter_fence(Operation::heavy_fence, Fence::heavy, where)) return;
  Thread& thread = me();
  thread.view.join(thread.acquirable, lanes_);
  thread.view.seen.join(full_fences_, lanes_);
  thread.view.seen.join(light_fences_, lanes_);
  full_fences_.join(thread.view.seen, lanes_);
  heavy_fences_.join(thread.view.seen, lanes_);
  thread.released = thread.view;
  tick();
}

void WeakMemory::light_fence(const std::source_location& where) {
  if (!enter_fence(Operation::light_fence, Fence::light, where)) return;
  Thread& thread = me();
  thread.view.seen.join(heavy_fences_, lanes_);
  light_fences_.join(thread.view.seen, lanes_);
}

void WeakMemory::acquire_fence(const std::source_location& where) {
  if (!sites_->fence_stands(where, Operation::acquire_fence)) return;
  me().view.join(me().acquirable, lanes_);
  if (trace_->is_on()) say("acquire_fence", where);
}

void WeakMemory::release_fence(const std::source_location& where) {
  if (!sites_->fence_stands(where, Operation::release_fence)) return;
  me().released = me().view;
  tick();
  if (trace_->is_on()) say("release_fence", where);
}

// ---- sleeping and waking ------------------------------------------------------------------------------

void WeakMemory::futex_wait(Location location, std::uint64_t expected, const std::source_location& where) {
  // A step like a store: it puts the thread among those that a wake must find.
  const bool contended = enter(location, Access::write, std::memory_order_relaxed, where);
  const Cell& cell = cells_[location];
  // The kernel compares the newest value; that orders nothing for the caller.
  const bool sleeps = *cell.value == expected;
  const bool spurious = sleeps && contended && me().wakes_left > 0 && choices_->choose(2) == 1;
  if (trace_->is_on()) {
    say("futex_wait " + name_of(location) +
            (!sleeps    ? ": changed already"
             : spurious ? ": wakes for no reason"
                        : ": sleeps"),
        where);
  }
  if (spurious) spend(me().wakes_left);
  if (sleeps && !spurious) {
    scheduler_->sleep_on(cell.value, "sleeps on " + name_of(location) + " at " + short_place(where));
  }
}

void WeakMemory::futex_wake_all(Location location, const std::source_location& where) {
  (void)enter(location, Access::write, std::memory_order_relaxed, where);
  if (trace_->is_on()) say("futex_wake_all " + name_of(location), where);
  scheduler_->wake(cells_[location].value);
}

const WeakMemory::Descriptor& WeakMemory::fd(int event_fd) const {
  if (event_fd < 0 || static_cast<std::size_t>(event_fd) >= kDescriptors) {
    std::fprintf(stderr, "model: event descriptors are numbers from 0 to %zu\n", kDescriptors - 1);
    std::abort();
  }
  return descriptors_[static_cast<std::size_t>(event_fd)];
}

void WeakMemory::signal(int event_fd, const std::source_location& where) {
  scheduler_->point({});
  auto& descriptor = const_cast<Descriptor&>(fd(event_fd));
  descriptors_used_ = true;
  ++descriptor.sent;
  ++descriptor.pending;
  descriptor.view.join(me().view, lanes_);
  tick();
  scheduler_->count_store();
  scheduler_->wake(&descriptor);
  if (trace_->is_on()) say("signal " + std::to_string(event_fd), where);
}

void WeakMemory::await_signal(int event_fd, const std::source_location& where) {
  scheduler_->point({});
  auto& descriptor = const_cast<Descriptor&>(fd(event_fd));
  while (descriptor.pending == 0) {
    if (trace_->is_on()) say("await_signal " + std::to_string(event_fd) + ": sleeps", where);
    scheduler_->sleep_on(&descriptor,
                         "awaits signal " + std::to_string(event_fd) + " at " + short_place(where));
  }
  descriptor.pending = 0;
  me().view.join(descriptor.view, lanes_);
  if (trace_->is_on()) say("await_signal " + std::to_string(event_fd) + ": readable", where);
}

void WeakMemory::pause(const std::source_location& where) {
  if (trace_->is_on()) say("pauses", where);
  scheduler_->pause(where);
}

}  // namespace sluice::model
