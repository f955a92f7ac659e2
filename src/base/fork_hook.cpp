#include "base/fork_hook.hpp"

#include <mutex>
#include <new>

#include <pthread.h>

namespace sluice::platform {

/// All hooks of the process. The lock is held while it forks, so that a child finds the list whole.
class ForkHooks {
 public:
  static ForkHooks& instance() {
    // Never destroyed: a bus may outlive main.
    static ForkHooks& hooks = *new ForkHooks;
    return hooks;
  }

  void add(ForkHook& hook) {
    const std::lock_guard lock(mutex_);
    hook.before_ = last_;
    (last_ == nullptr ? first_ : last_->next_) = &hook;
    last_ = &hook;
  }

  void remove(ForkHook& hook) noexcept {
    const std::lock_guard lock(mutex_);
    (hook.before_ == nullptr ? first_ : hook.before_->next_) = hook.next_;
    (hook.next_ == nullptr ? last_ : hook.next_->before_) = hook.before_;
  }

 private:
  ForkHooks() {
    const int failure = ::pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); },
                                         [] { instance().in_child(); });
    if (failure != 0) throw std::bad_alloc();
  }

  void in_child() noexcept {
    for (const ForkHook* hook = first_; hook != nullptr; hook = hook->next_) hook->in_child_(hook->context_);
    mutex_.unlock();
  }

  std::mutex mutex_;
  ForkHook* first_ = nullptr;
  ForkHook* last_ = nullptr;
};

ForkHook::ForkHook(InChild in_child, void* context) : in_child_(in_child), context_(context) {
  ForkHooks::instance().add(*this);
}

ForkHook::~ForkHook() {
  ForkHooks::instance().remove(*this);
}

}  // namespace sluice::platform
