// window_attention: multi-head self-attention within windows, y = softmax(q k^T / sqrt(d) + bias + mask) v (Vaswani et al.
// 2017, eq. 1; with the position bias of Liu et al. 2021, eq. 4), of windows alone or of those of an image; and the bias from its table.
#pragma once
#include <cmath>

#include "crisp/ops/matmul.hpp"
#include "crisp/ops/permute.hpp"
#include "crisp/ops/roll.hpp"
#include "crisp/ops/softmax.hpp"
#include "crisp/ops/window.hpp"

namespace crisp {

namespace detail {

template <class T> struct Scaled {
  T* x; Wide<T> by;
  CRISP_HD void operator()(Index i) const { x[i] *= by; }
};
template <class T> struct AddBias {  // row = (window, head, query), col = key; mask is null where there is none
  T* scores; const T *bias, *mask; Index heads, n, masks;
  CRISP_HD void operator()(Index row, Index col) const {
    const Index query = row % n, head = row / n % heads, window = row / n / heads;
    scores[row * n + col] += bias[(head * n + query) * n + col] + (mask ? Wide<T>(mask[(window % masks * n + query) * n + col]) : 0);
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
    Wide<T> sum = 0;
    for (Index h = dh > 0 ? 0 : -dh; h < M && h + dh < M; ++h)    // of the key; the query is dh below it
      for (Index w = dw > 0 ? 0 : -dw; w < M && w + dw < M; ++w)
        sum += dbias[(head * n + (h + dh) * M + w + dw) * n + h * M + w];
    dtable[row * heads + head] = sum;
  }
};
template <class T> struct ShiftMask {  // row = (window, query), col = key
  T* mask; Index H, W, M, shift;
  CRISP_HD static Index region(Index i, Index n, Index M, Index shift) { return i < n - M ? 0 : i < n - shift ? 1 : 2; }
  CRISP_HD Index place(Index window, Index i) const {
    const Index across = W / M, h = window / across * M + i / M, w = window % across * M + i % M;
    return 3 * region(h, H, M, shift) + region(w, W, M, shift);
  }
  CRISP_HD void operator()(Index row, Index key) const {
    const Index n = M * M, window = row / n;
    mask[row * n + key] = place(window, row % n) == place(window, key) ? T(0) : T(-100);
  }
};

// The heads, of which bias (heads, n, n) has one matrix each.
inline Index check_heads(const Shape& qkv, const char* axes, const Shape& bias, Index n) {
  const Index heads = bias.rank() == 3 ? bias[0] : 1;
  check(n > 0 && heads > 0 && qkv.numel() > 0 && qkv[-1] % (3 * heads) == 0 && bias == Shape{heads, n, n}, "window_attention: the channels must divide by 3 x ", heads,
        " heads, and the bias fit the window", operand("qkv", qkv, axes), operand("bias", bias, "(heads, n, n)"));
  return heads;
}

// Whether D computes it as a whole also for windows of n pixels, d channels a head.
template <class D>
bool window_attention_fits(Index n, Index d) {
  if constexpr (requires { D::window_attention_fits(n, d); }) return D::window_attention_fits(n, d);
  return true;
}

inline void check_windows(const Shape& x, const char* axes, Index M, Index shift) {
  check(x.rank() == 4 && M >= 1 && x[1] % M == 0 && x[2] % M == 0 && shift >= 0 && shift < M, "window_attention: windows of ", M, " x ", M, " pixels, moved by ", shift,
        ", do not fill the image", operand("image", x, axes), "\n  hint: pad the image by reflection first");
}

}  // namespace detail

/// What shifted windows may not see, (H/M W/M, M M, M M): -100 where two pixels of a window came from opposite edges of the
/// image, else 0 (Liu et al. 2021, fig. 4).
template <class T, class D>
Tensor<T, D> shifted_window_mask(Index H, Index W, Index M, Index shift) {
  const Index windows = (H / M) * (W / M), n = M * M;
  Tensor<T, D> mask({windows, n, n});
  D::for_each(windows * n, n, detail::ShiftMask<T>{mask.data(), H, W, M, shift});
  return mask;
}

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
  const Index B = qkv.shape().rank() == 3 ? qkv[0] : 0, n = B ? qkv[1] : 0, heads = detail::check_heads(qkv.shape(), "(B, n, 3 C)", bias.shape(), n);
  check(!mask.defined() || (mask.shape().rank() == 3 && mask[1] == n && mask[2] == n && B % mask[0] == 0), "window_attention: the mask does not fit",
        operand("qkv", qkv.shape(), "(B, n, 3 C)"), mask.defined() ? operand("mask", mask.shape(), "(G, n, n), G dividing B") : "");
  const Index C = qkv[2] / 3, d = C / heads, all = B * heads, size = all * n * d;
  const Wide<T> scale = Wide<T>(1 / std::sqrt(double(d)));

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
  return {"window_attention", joined, inputs, [=, qkv = qkv.node(), shape = qkv.shape(), bias = bias.node(), bias_shape = bias.shape()](const Tensor<T, D>& dy) {
    const T *queries = split.data(), *keys = queries + size, *values = keys + size;
    const Tensor<T, D> dout = detail::permuted(dy.reshape({B, n, heads, d}), {0, 2, 1, 3});  // (B, heads, n, d)
    Tensor<T, D> dp({all, n, n}), dsplit(split.shape());
    T *dq = dsplit.data(), *dk = dq + size, *dv = dk + size;
    D::gemm(Gemm<T>{.m = n, .n = d, .k = n, .a = p.data(), .b = dout.data(), .c = dv, .a_transposed = true, .batch = all, .a_stride = n * n, .b_stride = n * d, .c_stride = n * d});
    D::gemm(Gemm<T>{.m = n, .n = n, .k = d, .a = dout.data(), .b = values, .c = dp.data(), .b_transposed = true, .batch = all, .a_stride = n * d, .b_stride = n * d, .c_stride = n * n});
    D::for_each(all * n, detail::SoftmaxSlope<T>{p.data(), dp.data(), dp.data(), n});
    if (bias->requires_grad) bias->add_grad(detail::sum_rows<T, D>(dp.data(), B, heads * n * n).reshape(bias_shape));
    D::gemm(Gemm<T>{.m = n, .n = d, .k = n, .a = dp.data(), .b = keys, .c = dq, .batch = all, .a_stride = n * n, .b_stride = n * d, .c_stride = n * d});
    D::gemm(Gemm<T>{.m = n, .n = d, .k = n, .a = dp.data(), .b = queries, .c = dk, .a_transposed = true, .batch = all, .a_stride = n * n, .b_stride = n * d, .c_stride = n * d});
    D::for_each(size, detail::Scaled<T>{dq, scale});
    qkv->add_grad(detail::permuted(dsplit, {1, 3, 0, 2, 4}).reshape(shape));  // (B, n, 3, heads, d)
  }};
}

/// An image as windows of size x size pixels, rolled up and to the left by `shift` before, and back after.
struct Windows {
  Index size, shift = 0;
};

/// qkv (N, H, W, 3 C), bias (heads, M M, M M) -> (N, H, W, C): attention within the M x M windows of the image. Pixels that the shift
/// brought together from opposite edges do not see each other. Throws Error unless M divides H and W, and where shapes do not fit.
template <class T, class D>
Var<T, D> window_attention(const Var<T, D>& qkv, const Operand<T, D>& bias, Windows o) {
  const Index M = o.size, shift = o.shift;
  detail::check_windows(qkv.shape(), "(N, H, W, 3 C)", M, shift);
  const Index N = qkv[0], H = qkv[1], W = qkv[2], C = qkv[3] / 3, heads = detail::check_heads(qkv.shape(), "(N, H, W, 3 C)", bias.shape(), M * M);
  const auto window_by_window = [=] {
    const Var<T, D> windows = window_partition(shift > 0 ? roll(qkv, -shift, -shift) : qkv, M);  // (N H/M W/M, M M, 3 C)
    const Tensor<T, D> mask = shift > 0 ? shifted_window_mask<T, D>(H, W, M, shift) : Tensor<T, D>();
    const Var<T, D> y = window_reverse(window_attention(windows, bias, mask), M, H, W);
    return shift > 0 ? roll(y, shift, shift) : y;
  };
  if constexpr (requires(T* p, Index n) { D::window_attention(p, p, p, n, n, n, n, n, n, n); })
    if (detail::window_attention_fits<D>(M * M, C / heads)) {
      Tensor<T, D> y({N, H, W, C});
      D::window_attention(qkv.value().data(), bias.value().data(), y.data(), N, H, W, C, heads, M, shift);
      return {"window_attention", y, {qkv, bias}, [=](const Tensor<T, D>& dy) {
        Tensor<T, D> dqkv(qkv.shape()), dbias(bias.shape());
        D::window_attention_gradient(qkv.value().data(), bias.value().data(), dy.data(), dqkv.data(), dbias.data(), N, H, W, C, heads, M, shift);
        qkv.add_grad(std::move(dqkv));
        bias.add_grad(std::move(dbias));
      }, {}, window_by_window};
    }
  return window_by_window();
}

}  // namespace crisp
