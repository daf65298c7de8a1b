// Fiber: a stack of its own, on which an emulated thread runs until it waits for others. Switching is a few
// instructions.
#pragma once
#include <sys/mman.h>

#include <cstdint>
#include <new>

#include "emulation/sanitizers.hpp"
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace crisp::emulation {

#if defined(__x86_64__)
// Pushes what a function must preserve, leaves the stack's place in *from and continues at the place `to` of
// another (System V ABI).
__attribute__((naked, noinline)) inline void swap_stacks(void** /*from*/, void* /*to*/) {
  asm("pushq %rbp\n pushq %rbx\n pushq %r12\n pushq %r13\n pushq %r14\n pushq %r15\n"
      "movq %rsp, (%rdi)\n movq %rsi, %rsp\n"
      "popq %r15\n popq %r14\n popq %r13\n popq %r12\n popq %rbx\n popq %rbp\n ret\n");
}
#endif

class Fiber {
 public:
  Fiber() = default;  // the stack on which the program runs already
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  ~Fiber() {
    if (mapped_) munmap(mapped_, guard + bytes);
  }

  // A stack on which the first switch to it calls entry(), which must not return.
  explicit Fiber(void (*entry)()) : entry_(entry) {
    void* p = mmap(nullptr, guard + bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc();
    mapped_ = static_cast<char*>(p);
    mprotect(mapped_, guard, PROT_NONE);  // an overflow faults
    bottom_ = mapped_ + guard;
    size_ = bytes;
    reset();
  }

  // Forgets what runs on it: the next switch to it calls entry() anew.
  void reset() {
    allow(bottom_, size_);
    fake_stack_ = nullptr;
#if defined(__SANITIZE_THREAD__)
    tsan_ = __tsan_create_fiber(0);  // the old one is left behind, in whatever state it is
#endif
#if defined(__x86_64__)
    void** top = reinterpret_cast<void**>(mapped_ + guard + bytes) - 4;
    top[0] = reinterpret_cast<void*>(entry_);  // where `ret` goes; the stack is then aligned as after a call
    top[1] = nullptr;
    for (int i = 1; i <= 6; ++i) top[-i] = nullptr;  // the registers
    place_ = top - 6;
#else
    getcontext(&context_);
    context_.uc_stack.ss_sp = bottom_;
    context_.uc_stack.ss_size = bytes;
    context_.uc_link = nullptr;
    makecontext(&context_, entry_, 0);
#endif
  }

  // Continues `to`; returns when something switches back to this fiber, which must be the one that runs.
  void switch_to(Fiber& to) {
    previous() = this;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&fake_stack_, to.bottom_, to.size_);
#endif
#if defined(__SANITIZE_THREAD__)
    tsan_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to.tsan_, __tsan_switch_to_fiber_no_sync);
#endif
#if defined(__x86_64__)
    swap_stacks(&place_, to.place_);
#else
    swapcontext(&context_, &to.context_);
#endif
    arrived();
  }

  // After each switch, on the stack that it went to. entry() begins with it.
  void arrived() {
#if defined(__SANITIZE_ADDRESS__)
    const void* bottom = nullptr;
    std::size_t size = 0;
    __sanitizer_finish_switch_fiber(fake_stack_, &bottom, &size);
    // So we learn where the program's own stack lies.
    previous()->bottom_ = static_cast<char*>(const_cast<void*>(bottom));
    previous()->size_ = size;
#endif
  }

  // Runs f as if this fiber did, for the thread sanitizer.
  template <class F>
  void in_the_name_of(F f) {
#if defined(__SANITIZE_THREAD__)
    void* const me = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(tsan_, __tsan_switch_to_fiber_no_sync);
    f();
    __tsan_switch_to_fiber(me, __tsan_switch_to_fiber_no_sync);
#else
    static_cast<void>(f);
#endif
  }

 private:
  static constexpr std::size_t guard = 4096,
                               bytes = address_sanitizer || thread_sanitizer ? 256 * 1024 : 64 * 1024;

  static Fiber*& previous() {
    static thread_local Fiber* fiber = nullptr;
    return fiber;
  }

  void (*entry_)() = nullptr;
  char *mapped_ = nullptr, *bottom_ = nullptr;
  std::size_t size_ = 0;
  void* fake_stack_ = nullptr;  // what the address sanitizer keeps for it
#if defined(__SANITIZE_THREAD__)
  void* tsan_ = nullptr;
#endif
#if defined(__x86_64__)
  void* place_ = nullptr;
#else
  ucontext_t context_{};
#endif
};

}  // namespace crisp::emulation
