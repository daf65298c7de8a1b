// window_attention: multi-head self-attention within windows, y = softmax(q k^T / sqrt(d) + bias + mask) v (Vaswani et al.
// 2017, eq. 1; with the position bias of Liu et al. 2021, eq. 4); and the bias from its table.
#pragma once
#include <cmath>

#include "crisp/ops/matmul.hpp"
#include "crisp/ops/permute.hpp"
#include "crisp/ops/softmax.hpp"

namespace crisp {

namespace detail {

template <class T> struct Scaled {
  T* x; T by;
  CRISP_HD void operator()(Index i) const { x[i] *= by; }
};
template <class T> struct AddBias {  // row = (window, head, query), col = key; mask is null where there is none
  T* scores; const T *bias, *mask; Index heads, n, masks;
  CRISP_HD void operator()(Index row, Index col) const {
    const Index query = row % n, head = row / n % heads, window = row / n / heads;
    scores[row * n + col] += bias[(head * n + query) * n + col] + (mask ? mask[(window % masks * n + query) * n + col] : T(0));
  }
};
template <class T> struct ReadTable {  // row = (head, query), col = key
  const T* table; T* bias; Index M, heads;
  CRISP_HD void operator()(Index row, Index key) const {
    const Index n = M * M, query = row % n, head = row / n;
    const Index dh = query / M - key / M + M - 1, dw = query % M - key % M + M - 1;  // 0 .. 2 M - 2
    bias[row * n + key] = table[(dh * (2 * M - 1) + dw) * heads + head];
  }
};
template <class T> struct SumToTable {  // row = distance, col = head: all pairs that lie so far apart
  const T* dbias; T* dtable; Index M, heads;
  CRISP_HD void operator()(Index row, Index head) const {
    const Index dh = row / (2 * M - 1) - (M - 1), dw = row % (2 * M - 1) - (M - 1), n = M * M;
    T sum = 0;
    for (Index h = dh > 0 ? 0 : -dh; h < M && h + dh < M; ++h)    // of the key; the query is dh below it
      for (Index w = dw > 0 ? 0 : -dw; w < M && w + dw < M; ++w)
        sum += dbias[(head * n + (h + dh) * M + w + dw) * n + h * M + w];
    dtable[row * heads + head] = sum;
  }
};

}  // namespace detail

/// table ((2 M - 1)^2, heads) -> (heads, M M, M M): the learned bias for each pair of pixels of an M x M window, which depends
/// on their distance alone. Throws Error for a table of another size.
template <class T, class D>
Var<T, D> relative_position_bias(const Var<T, D>& table, Index M) {
  const Index reach = 2 * M - 1;
  check(table.shape().rank() == 2 && M >= 1 && table[0] == reach * reach, "relative_position_bias: a window of ", M, " x ", M, " needs ", reach * reach,
        " distances", operand("table", table.shape(), "((2 M - 1)^2, heads)"));
  const Index heads = table[1], n = M * M;
  Tensor<T, D> bias({heads, n, n});
  D::for_each(heads * n, n, detail::ReadTable<T>{table.value().data(), bias.data(), M, heads});
  return {"relative_position_bias", bias, {table}, [=](const Tensor<T, D>& dbias) {
    Tensor<T, D> dtable(table.shape());
    D::for_each(reach * reach, heads, detail::SumToTable<T>{dbias.data(), dtable.data(), M, heads});
    table.add_grad(std::move(dtable));
  }};
}

/// qkv (B, n, 3 C), queries, keys and values of B windows of n pixels one after the other; bias (heads, n, n); mask (G, n, n) or
/// empty, added to window b as mask b % G -> (B, n, C). Throws Error where the shapes do not fit.
template <class T, class D>
Var<T, D> window_attention(const Var<T, D>& qkv, const Operand<T, D>& bias, const Tensor<T, D>& mask = {}) {
  const Index B = qkv.shape().rank() == 3 ? qkv[0] : 0, n = B ? qkv[1] : 0, heads = bias.shape().rank() == 3 ? bias[0] : 1;
  check(B > 0 && qkv[2] % (3 * heads) == 0 && bias.shape() == Shape{heads, n, n}, "window_attention: the channels must divide by 3 x ", heads,
        " heads, and the bias fit the window", operand("qkv", qkv.shape(), "(B, n, 3 C)"), operand("bias", bias.shape(), "(heads, n, n)"));
  check(!mask.defined() || (mask.shape().rank() == 3 && mask[1] == n && mask[2] == n && B % mask[0] == 0), "window_attention: the mask does not fit",
        operand("qkv", qkv.shape(), "(B, n, 3 C)"), mask.defined() ? operand("mask", mask.shape(), "(G, n, n), G dividing B") : "");
  const Index C = qkv[2] / 3, d = C / heads, all = B * heads, size = all * n * d;
  const T scale = T(1 / std::sqrt(double(d)));

  Tensor<T, D> split = detail::permuted(qkv.value().reshape({B, n, 3, heads, d}), {2, 0, 3, 1, 4});  // (3, B, heads, n, d)
  D::for_each(size, detail::Scaled<T>{split.data(), scale});
  const T *q = split.data(), *k = q + size, *v = k + size;
  Tensor<T, D> p({all, n, n}), y({B, heads, n, d});  // p: scores, then their softmax
  D::gemm(Gemm<T>{.m = n, .n = n, .k = d, .a = q, .b = k, .c = p.data(), .b_transposed = true, .batch = all, .a_stride = n * d, .b_stride = n * d, .c_stride = n * n});
  D::for_each(all * n, n, detail::AddBias<T>{p.data(), bias.value().data(), mask.defined() ? mask.data() : nullptr, heads, n, mask.defined() ? mask[0] : 1});
  D::for_each(all * n, detail::SoftmaxRow<T>{p.data(), p.data(), n});
  D::gemm(Gemm<T>{.m = n, .n = d, .k = n, .a = p.data(), .b = v, .c = y.data(), .batch = all, .a_stride = n * n, .b_stride = n * d, .c_stride = n * d});
  const Tensor<T, D> joined = detail::permuted(y, {0, 2, 1, 3}).reshape({B, n, C});

  std::vector<Var<T, D>> inputs{qkv, bias};
  if (mask.defined()) inputs.push_back(Var<T, D>(mask));
  return {"window_attention", joined, inputs, [=](const Tensor<T, D>& dy) {
    const T *q = split.data(), *k = q + size, *v = k + size;
    const Tensor<T, D> dout = detail::permuted(dy.reshape({B, n, heads, d}), {0, 2, 1, 3});  // (B, heads, n, d)
    Tensor<T, D> dp({all, n, n}), dsplit(split.shape());
    T *dq = dsplit.data(), *dk = dq + size, *dv = dk + size;
    D::gemm(Gemm<T>{.m = n, .n = d, .k = n, .a = p.data(), .b = dout.data(), .c = dv, .a_transposed = true, .batch = all, .a_stride = n * n, .b_stride = n * d, .c_stride = n * d});
    D::gemm(Gemm<T>{.m = n, .n = n, .k = d, .a = dout.data(), .b = v, .c = dp.data(), .b_transposed = true, .batch = all, .a_stride = n * d, .b_stride = n * d, .c_stride = n * n});
    D::for_each(all * n, detail::SoftmaxSlope<T>{p.data(), dp.data(), dp.data(), n});
    if (bias.requires_grad()) bias.add_grad(detail::sum_rows<T, D>(dp.data(), B, heads * n * n).reshape(bias.shape()));
    D::gemm(Gemm<T>{.m = n, .n = d, .k = n, .a = dp.data(), .b = k, .c = dq, .batch = all, .a_stride = n * n, .b_stride = n * d, .c_stride = n * d});
    D::gemm(Gemm<T>{.m = n, .n = d, .k = n, .a = dp.data(), .b = q, .c = dk, .a_transposed = true, .batch = all, .a_stride = n * n, .b_stride = n * d, .c_stride = n * d});
    D::for_each(size, detail::Scaled<T>{dq, scale});
    qkv.add_grad(detail::permuted(dsplit, {1, 3, 0, 2, 4}).reshape(qkv.shape()));  // (B, n, 3, heads, d)
  }};
}

}  // namespace crisp
