// CUDA on the CPU, for tests: the words and calls that crisp's GPU code uses, so that a plain C++ compiler
// reads the same kernels and they run where there is no GPU, under sanitizers. A test program defines
// CRISP_EMULATE_CUDA and has tests/ among its include paths.
#pragma once
#include "emulation/cublas.hpp"
#include "emulation/events.hpp"
#include "emulation/intrinsics.hpp"
#include "emulation/language.hpp"
#include "emulation/runtime.hpp"
