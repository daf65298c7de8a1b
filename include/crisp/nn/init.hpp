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
  double value = 1;  // the gain for he, the standard deviation for normal, the value for constant

  /// Normal with variance 2 / fan_in: keeps the scale through relu (He et al. 2015, eq. 10). A gain below 1
  /// lets the branch of a residual block begin small, so that many of them do not add up
  /// (Wang et al. 2018, sec. 3.1).
  static constexpr Init he(double gain = 1) { return {Kind::he, gain}; }
  /// Uniform in +-sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010, eq. 16).
  static constexpr Init xavier() { return {Kind::xavier}; }
  /// Normal with mean 0 and the given deviation; SRCNN uses 0.001 (Dong et al. 2014, sec. 3.3).
  static constexpr Init normal(double deviation) { return {Kind::normal, deviation}; }
  static constexpr Init constant(double value) { return {Kind::constant, value}; }
};

/// A new weight (O, ..., C) of a layer on values T: fan_in is the number of elements of one output.
template <class T, class D>
Tensor<Wide<T>, D> make_weight(Shape shape, Init init) {
  const double fan_in = shape[0] ? double(shape.numel() / shape[0]) : 1;
  const double fan_out = shape.rank() > 1 && shape[-1] ? double(shape.numel() / shape[-1]) : double(shape[0]);
  const double limit = std::sqrt(6 / (fan_in + fan_out));
  { const Tensor<Wide<T>, D> room(shape); }  // whether there is room for it, before values are drawn
  std::vector<Wide<T>> values(static_cast<std::size_t>(shape.numel()));
  for (Wide<T>& v : values) switch (init.kind) {
      case Init::Kind::he:
        v = Wide<T>(detail::generator.normal(0, init.value * std::sqrt(2 / fan_in)));
        break;
      case Init::Kind::xavier:
        v = Wide<T>(detail::generator.uniform(-limit, limit));
        break;
      case Init::Kind::normal:
        v = Wide<T>(detail::generator.normal(0, init.value));
        break;
      case Init::Kind::constant:
        v = Wide<T>(init.value);
        break;
    }
  return Tensor<Wide<T>, D>(shape, values);
}

/// Lets the first `channels` outputs of a weight (O, kH, kW, C) pass the first input channels on as they are:
/// what these outputs held is multiplied by `keep`, and a 1 is put at the centre of channel o for output o.
/// Layers that all do so begin as the identity (the Dirac initializer of PyTorch; with skips, He et al.
/// 2016).
template <class T, class D>
void pass_through(Tensor<T, D>& weight, Index channels, double keep = 0) {
  const Shape s = weight.shape();  // (O, kH, kW, C)
  check(s.rank() == 4 && channels <= s[0] && channels <= s[3], "pass_through: ", channels,
        " channels do not fit", operand("weight", s, "(O, kH, kW, C)"));
  std::vector<T> values = weight.to_host();
  const Index size = s[1] * s[2] * s[3], centre = (s[1] / 2 * s[2] + s[2] / 2) * s[3];
  for (Index o = 0; o < channels; ++o) {
    T* filter = values.data() + o * size;
    for (Index i = 0; i < size; ++i) filter[i] *= T(keep);
    filter[centre + o] = T(1);
  }
  weight = Tensor<T, D>(s, values);
}

}  // namespace nn
}  // namespace crisp
