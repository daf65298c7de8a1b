// The trace: all ops that a function runs, in order, with their values. It shows what a network computes,
// whether gradients are recorded or not: the export to ONNX reads it, and so does the search for the first
// NaN.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "crisp/autograd/no_grad.hpp"
#include "crisp/core/finite.hpp"
#include "crisp/core/tensor.hpp"

namespace crisp {

/// A number that a program needs to repeat an op elsewhere: {"stride", 2}.
struct Attribute {
  const char* name;
  double value;
};

/// The same result by plain ops: what a fused op stands for.
template <class T, class D>
using Expansion = std::function<Var<T, D>()>;

/// One op of a trace.
template <class T, class D>
struct Step {
  std::string op;
  std::vector<Var<T, D>> inputs;
  std::map<std::string, double> attributes;
  Var<T, D> result;
  Expansion<T, D> expand;  // empty for a plain op
};

namespace detail {
template <class T, class D>
inline thread_local std::vector<Step<T, D>>* trace = nullptr;  // null while this thread is not traced
}  // namespace detail

/// Calls f() and returns all ops that ran in it on this thread.
template <class T, class D, class F>
std::vector<Step<T, D>> steps_of(F&& f) {
  std::vector<Step<T, D>> steps;
  const Scoped tracing(detail::trace<T, D>, &steps);
  f();
  return steps;
}

/// The trace with plain ops in place of fused ones, such as conv2d and relu for conv2d_relu. Which ops are
/// fused depends on the device; the plain ones are the same on all. They run here, on the values in the
/// trace.
template <class T, class D>
std::vector<Step<T, D>> expanded(const std::vector<Step<T, D>>& steps) {
  const NoGrad guard;
  std::vector<Step<T, D>> plain;
  for (const Step<T, D>& step : steps) {
    if (!step.expand) {
      plain.push_back(step);
      continue;
    }
    std::vector<Step<T, D>> parts = expanded(steps_of<T, D>(step.expand));
    parts.back().result = step.result;  // the value that later ops take
    plain.insert(plain.end(), parts.begin(), parts.end());
  }
  return plain;
}

/// Whether all elements of a tensor are numbers, and none a NaN or an infinity.
template <class T, class D>
bool all_finite(const Tensor<T, D>& x) {
  for (const T v : x.to_host())
    if (!is_finite(v)) return false;
  return true;
}

/// The first op of a trace whose result is not finite; null where all are.
template <class T, class D>
const Step<T, D>* first_non_finite(const std::vector<Step<T, D>>& steps) {
  for (const Step<T, D>& step : steps)
    if (!all_finite(step.result.value())) return &step;
  return nullptr;
}

}  // namespace crisp
