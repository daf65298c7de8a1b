// Memory that a thread keeps for its inner loops: aligned, and asked for once.
#pragma once
#include <memory>
#include <new>

#include "crisp/backend/cpu/simd/instruction_set.hpp"
#include "crisp/fwd.hpp"

namespace crisp::cpu::inline CRISP_CPU_KIND {

// n elements for this thread, from the last call with the same T and slot or new; what they hold is left
// over. Slots are numbers that keep the arrays of one loop apart.
template <class T, int slot>
T* scratch(Index n) {
  constexpr std::align_val_t alignment{64};
  struct Free {
    void operator()(T* p) const { ::operator delete[](p, alignment); }
  };
  thread_local std::unique_ptr<T[], Free> memory;
  thread_local Index size = 0;
  if (size < n) {
    memory.reset(new (alignment) T[std::size_t(n)]());
    size = n;
  }
  return memory.get();
}

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
