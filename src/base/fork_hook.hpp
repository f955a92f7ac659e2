#pragma once

namespace sluice::platform {

/// Has something done in every child that this process forks, on the child's only thread, before `fork`
/// returns there. So a child can be kept from what is its parent's without anything being looked up on a path
/// that is in a hurry.
///
/// What it calls may rely on no lock and no other thread: those that the parent had are not in the child.
/// Hooks are called in the order in which they were made. Children that are made without the handlers of
/// `pthread_atfork` (`_Fork`, `vfork`, the bare system call) don't call them.
///
/// **Thread safety.** Making and destroying: any thread. A fork waits for those, and they for it.
class ForkHook {
 public:
  using InChild = void (*)(void* context) noexcept;

  /// Throws `std::bad_alloc` when the system has no memory for its handlers.
  ForkHook(InChild in_child, void* context);
  ForkHook(const ForkHook&) = delete;
  ForkHook& operator=(const ForkHook&) = delete;
  ~ForkHook();

 private:
  friend class ForkHooks;

  InChild in_child_;
  void* context_;
  ForkHook* before_ = nullptr;
  ForkHook* next_ = nullptr;
};

}  // namespace sluice::platform
