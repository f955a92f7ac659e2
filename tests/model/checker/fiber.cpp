#include "model/checker/fiber.hpp"

#include <cstdint>

#if defined(__x86_64__)

// The callee-saved registers are all that a function call promises to keep. swapcontext would also save the
// signal mask, with a system call per switch.
extern "C" void sluice_model_switch(void** left_at, void* go_on_at);
asm(R"(
.text
.globl sluice_model_switch
.type sluice_model_switch, @function
sluice_model_switch:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, (%rdi)
  mov %rsi, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
.size sluice_model_switch, .-sluice_model_switch
)");

namespace sluice::model {

void Fiber::prepare(void (*entry)()) {
  if (!stack_) stack_.reset(new std::byte[kStackBytes]);  // not zeroed: a fresh stack costs nothing
  auto top = reinterpret_cast<std::uintptr_t>(stack_.get() + kStackBytes) & ~std::uintptr_t{15};
  auto* at = reinterpret_cast<void**>(top);
  *--at = nullptr;  // where a return address would stand: the alignment that a call leaves behind
  *--at = reinterpret_cast<void*>(entry);
  for (int saved = 0; saved < 6; ++saved) *--at = nullptr;
  stack_pointer_ = at;
}

void Fiber::switch_between(Fiber& from, Fiber& to) noexcept {
  sluice_model_switch(&from.stack_pointer_, to.stack_pointer_);
}

}  // namespace sluice::model

#else

namespace sluice::model {

void Fiber::prepare(void (*entry)()) {
  if (!stack_) stack_.reset(new std::byte[kStackBytes]);
  getcontext(&context_);
  context_.uc_stack.ss_sp = stack_.get();
  context_.uc_stack.ss_size = kStackBytes;
  context_.uc_link = nullptr;
  makecontext(&context_, entry, 0);
}

void Fiber::switch_between(Fiber& from, Fiber& to) noexcept {
  swapcontext(&from.context_, &to.context_);
}

}  // namespace sluice::model

#endif
