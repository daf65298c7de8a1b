// A warning where a program trains without having been compiled for speed.
#pragma once
#include <cstdio>

namespace crisp::optim::detail {

// Says, once in a program, that it was compiled without optimisation.
inline void warn_of_no_optimisation() {
#if !defined(__OPTIMIZE__) && !defined(CRISP_NO_SPEED_WARNING)
  static const int said = std::fputs(
      "crisp: warning: this program was compiled without optimisation, and trains many times slower than it "
      "could: compile it with -O3, or in CMake with -DCMAKE_BUILD_TYPE=Release\n",
      stderr);
  static_cast<void>(said);
#endif
}

}  // namespace crisp::optim::detail
