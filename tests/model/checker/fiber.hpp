#pragma once

#include <cstddef>
#include <memory>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace sluice::model {

/// A stack of its own, and the place where it was left. Model threads are fibers of one system thread, so
/// that the checker alone decides who runs. A fiber may be dropped half-way: what stood on its stack is then
/// never destroyed.
class Fiber {
 public:
  /// The fiber that the calling thread is already on: it needs no stack.
  Fiber() = default;
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// The next switch here begins `entry` on a clean stack. `entry` must never return.
  void prepare(void (*entry)());
  /// Leaves `from` and goes on where `to` was left.
  static void switch_between(Fiber& from, Fiber& to) noexcept;

 private:
  static constexpr std::size_t kStackBytes = 256 * 1024;

  std::unique_ptr<std::byte[]> stack_;
#if defined(__x86_64__)
  void* stack_pointer_ = nullptr;
#else
  ucontext_t context_{};
#endif
};

}  // namespace sluice::model
