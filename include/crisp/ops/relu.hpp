// relu: y = max(x, 0) (Nair and Hinton 2010). The slope at 0 is 0; NaN stays NaN.
#pragma once
#include "crisp/core/fused_ops.hpp"
#include "crisp/ops/elementwise.hpp"

namespace crisp {

namespace detail {
template <class T>
struct Relu {
  static constexpr const char* name = "relu";
  static constexpr bool slope_from_y = true;
  CRISP_HD T value(T x) const { return x < T(0) ? T(0) : x; }
  CRISP_HD T slope(T, T y) const { return y > T(0) ? T(1) : T(0); }
};

// What the gradient of relu has to know of y, in a 32nd of its memory: bit i % 32 of word i / 32 is whether
// y[i] > 0.
template <class T>
struct PositiveBits {
  const T* y;
  std::uint32_t* bits;
  Index n;
  CRISP_HD void operator()(Index word) const {
    std::uint32_t all = 0;
    for (Index i = 32 * word; i < n && i < 32 * word + 32; ++i) all |= std::uint32_t(y[i] > T(0)) << (i % 32);
    bits[word] = all;
  }
};
template <class T>
struct WhereBits {
  const std::uint32_t* bits;
  const T* dy;
  T* dx;
  CRISP_HD void operator()(Index i) const { dx[i] = (bits[i / 32] >> (i % 32)) & 1 ? dy[i] : T(0); }
};
template <class T, class D>
Tensor<std::uint32_t, D> positive_bits(const Tensor<T, D>& y) {
  const Index n = y.numel(), words = (n + 31) / 32;
  Tensor<std::uint32_t, D> bits(Shape{words});
  if constexpr (HasPositiveBits<D, T>)
    if (D::positive_bits(y.data(), n, bits.data())) return bits;
  D::for_each(words, PositiveBits<T>{y.data(), bits.data(), n});
  return bits;
}
template <class T, class D>
Tensor<T, D> where_bits(const Tensor<std::uint32_t, D>& bits, const Tensor<T, D>& dy) {
  Tensor<T, D> dx = reuse_or_make(dy);
  if constexpr (HasWhereBits<D, T>)
    if (D::where_bits(bits.data(), dy.data(), dy.numel(), dx.data())) return dx;
  D::for_each(dy.numel(), WhereBits<T>{bits.data(), dy.data(), dx.data()});
  return dx;
}
}  // namespace detail

/// x of any shape.
template <class T, class D>
Var<T, D> relu(Var<T, D> x) {
  return elementwise(detail::Relu<T>{}, std::move(x));
}

}  // namespace crisp
