// How weights begin: He, Xavier, normal and constant initializers, and the seed they draw from.
#pragma once
#include <cmath>

#include "crisp/core/random.hpp"
#include "crisp/core/tensor.hpp"

namespace crisp {

namespace nn::detail {
inline thread_local Rng generator{0};
}

/// Seeds the weights of the layers that this thread makes from now on.
inline void seed(std::uint64_t value) { nn::detail::generator = Rng(value); }

namespace nn {

/// A rule that fills a new weight: the distribution, and how its width follows from fan_in (inputs of one
/// output) and fan_out (outputs of one input).
struct Init {
  enum class Kind { he, xavier, normal, constant } kind = Kind::he;
  double value = 0;  // the standard deviation for normal, the value for constant

  /// Normal with variance 2 / fan_in: keeps the scale through relu (He et al. 2015, eq. 10).
  static Init he() { return {Kind::he}; }
  /// Uniform in +-sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010, eq. 16).
  static Init xavier() { return {Kind::xavier}; }
  /// Normal with mean 0 and the given deviation; SRCNN uses 0.001 (Dong et al. 2014, sec. 3.3).
  static Init normal(double deviation) { return {Kind::normal, deviation}; }
  static Init constant(double value) { return {Kind::constant, value}; }
};

/// A new weight (O, ..., C): fan_in is the number of elements of one output.
template <class T, class D>
Tensor<T, D> make_weight(Shape shape, Init init) {
  const double fan_in = shape[0] ? double(shape.numel() / shape[0]) : 1;
  const double fan_out = shape.rank() > 1 && shape[-1] ? double(shape.numel() / shape[-1]) : double(shape[0]);
  const double limit = std::sqrt(6 / (fan_in + fan_out));
  std::vector<T> values(static_cast<std::size_t>(shape.numel()));
  for (T& v : values) switch (init.kind) {
      case Init::Kind::he: v = T(detail::generator.normal(0, std::sqrt(2 / fan_in))); break;
      case Init::Kind::xavier: v = T(detail::generator.uniform(-limit, limit)); break;
      case Init::Kind::normal: v = T(detail::generator.normal(0, init.value)); break;
      case Init::Kind::constant: v = T(init.value); break;
    }
  return Tensor<T, D>(shape, values);
}

}  // namespace nn
}  // namespace crisp
