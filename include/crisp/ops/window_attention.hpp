// window_attention: multi-head self-attention within windows, y = softmax(q k^T / sqrt(d) + bias + mask) v
// (Vaswani et al. 2017, eq. 1; with the position bias of Liu et al. 2021, eq. 4), of windows alone or of
// those of an image.
#pragma once
#include <cmath>

#include "crisp/core/fused_ops.hpp"
#include "crisp/ops/matmul.hpp"
#include "crisp/ops/permute.hpp"
#include "crisp/ops/roll.hpp"
#include "crisp/ops/softmax.hpp"
#include "crisp/ops/window.hpp"

namespace crisp {

namespace detail {

template <class T>
struct Scaled {
  T* x;
  Wide<T> by;
  CRISP_HD void operator()(Index i) const { x[i] *= by; }
};
template <class T>
struct AddBias {  // row = (window, head, query), col = key; mask is null where there is none
  T* scores;
  const T *bias, *mask;
  Index heads, n, masks;
  CRISP_HD void operator()(Index row, Index col) const {
    const Index query = row % n, head = row / n % heads, window = row / n / heads;
    scores[row * n + col] += bias[(head * n + query) * n + col] +
                             (mask ? Wide<T>(mask[(window % masks * n + query) * n + col]) : 0);
  }
};
template <class T>
struct ReadTable {  // row = (head, query), col = key
  const T* table;
  T* bias;
  Index M, heads;
  CRISP_HD void operator()(Index row, Index key) const {
    const Index n = M * M, query = row % n, head = row / n;
    const Index dh = query / M - key / M + M - 1, dw = query % M - key % M + M - 1;  // 0 .. 2 M - 2
    bias[row * n + key] = table[(dh * (2 * M - 1) + dw) * heads + head];
  }
};
template <class T>
struct SumToTable {  // row = distance, col = head: all pairs that lie so far apart
  const T* dbias;
  T* dtable;
  Index M, heads;
  CRISP_HD void operator()(Index row, Index head) const {
    const Index dh = row / (2 * M - 1) - (M - 1), dw = row % (2 * M - 1) - (M - 1), n = M * M;
    Wide<T> sum = 0;
    for (Index h = dh > 0 ? 0 : -dh; h < M && h + dh < M; ++h)  // of the key; the query is dh below it
      for (Index w = dw > 0 ? 0 : -dw; w < M && w + dw < M; ++w)
        sum += dbias[(head * n + (h + dh) * M + w + dw) * n + h * M + w];
    dtable[row * heads + head] = sum;
  }
};
template <class T>
struct ShiftMask {  // row = (window, query), col = key
  T* mask;
  Index H, W, M, shift;
  CRISP_HD static Index region(Index i, Index n, Index M, Index shift) {
    return Index(i >= n - M) + Index(i >= n - shift);
  }
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
  check(n > 0 && heads > 0 && qkv.numel() > 0 && qkv[-1] % (3 * heads) == 0 && bias == Shape{heads, n, n},
        "window_attention: the channels must divide by 3 x ", heads, " heads, and the bias fit the window",
        operand("qkv", qkv, axes), operand("bias", bias, "(heads, n, n)"));
  return heads;
}

inline void check_windows(const Shape& x, const char* axes, Index M, Index shift) {
  check(x.rank() == 4 && M >= 1 && x[1] % M == 0 && x[2] % M == 0 && shift >= 0 && shift < M,
        "window_attention: windows of ", M, " x ", M, " pixels, moved by ", shift, ", do not fill the image",
        operand("image", x, axes), "\n  hint: pad the image by reflection first");
}

// The heads of B windows of n pixels, d channels each: what q, k, v, their scores and their gradients lie in.
template <class T, class D>
struct Heads {
  Index B, n, heads, d;
  Wide<T> scale = Wide<T>(1 / std::sqrt(double(d)));

  Index count() const { return B * heads; }
  Index size() const { return count() * n * d; }  // of q, of k, and of v

  /// Number i of q, k and v in (3, B, heads, n, d): a matrix (n, d) each.
  Matrices<T> part(Tensor<T, D>& qkv, Index i) const {
    return matrices(qkv.data() + i * size(), count(), n, d);
  }
  Matrices<const T> part(const Tensor<T, D>& qkv, Index i) const {
    return matrices(qkv.data() + i * size(), count(), n, d);
  }

  Matrices<T> scores(Tensor<T, D>& p) const { return matrices(p.data(), count(), n, n); }
  Matrices<const T> scores(const Tensor<T, D>& p) const { return matrices(p.data(), count(), n, n); }

  /// (B, n, 3 C) -> (3, B, heads, n, d), and back.
  Tensor<T, D> split(const Tensor<T, D>& qkv) const {
    return permuted(qkv.reshape({B, n, 3, heads, d}), {2, 0, 3, 1, 4});
  }
  Tensor<T, D> joined(const Tensor<T, D>& qkv) const {
    return permuted(qkv, {1, 3, 0, 2, 4}).reshape({B, n, 3 * heads * d});
  }

  /// (B, n, C) -> (B, heads, n, d), and back.
  Tensor<T, D> split_result(const Tensor<T, D>& y) const {
    return permuted(y.reshape({B, n, heads, d}), {0, 2, 1, 3});
  }
  Tensor<T, D> joined_result(const Tensor<T, D>& y) const {
    return permuted(y, {0, 2, 1, 3}).reshape({B, n, heads * d});
  }

  // The factor of the scores, taken on by the queries.
  void scale_queries(Tensor<T, D>& qkv) const { D::for_each(size(), Scaled<T>{qkv.data(), scale}); }
};

}  // namespace detail

/// What shifted windows may not see, (H/M W/M, M M, M M): -100 where two pixels of a window came from
/// opposite edges of the image, else 0 (Liu et al. 2021, fig. 4).
template <class T, class D>
Tensor<T, D> shifted_window_mask(Index H, Index W, Index M, Index shift) {
  const Index windows = (H / M) * (W / M), n = M * M;
  Tensor<T, D> mask({windows, n, n});
  D::for_each(windows * n, n, detail::ShiftMask<T>{mask.data(), H, W, M, shift});
  return mask;
}

/// table ((2 M - 1)^2, heads) -> (heads, M M, M M): the learned bias for each pair of pixels of an M x M
/// window, which depends on their distance alone. Throws Error for a table of another size.
template <class T, class D>
Var<T, D> relative_position_bias(const Var<T, D>& table, Index M) {
  const Index reach = 2 * M - 1;
  check(table.shape().rank() == 2 && M >= 1 && table[0] == reach * reach,
        "relative_position_bias: a window of ", M, " x ", M, " needs ", reach * reach, " distances",
        operand("table", table.shape(), "((2 M - 1)^2, heads)"));
  const Index heads = table[1], n = M * M;
  Tensor<T, D> bias({heads, n, n});
  D::for_each(heads * n, n, detail::ReadTable<T>{table.value().data(), bias.data(), M, heads});
  const auto backward = [=](const Tensor<T, D>& dbias) {
    Tensor<T, D> dtable(table.shape());
    D::for_each(reach * reach, heads, detail::SumToTable<T>{dbias.data(), dtable.data(), M, heads});
    table.add_grad(std::move(dtable));
  };
  return {"relative_position_bias", bias, {table}, backward};
}

/// qkv (B, n, 3 C), queries, keys and values of B windows of n pixels one after the other; bias (heads, n,
/// n); mask (G, n, n) or empty, added to window b as mask b % G -> (B, n, C). Throws Error where the shapes
/// do not fit.
template <class T, class D>
Var<T, D> window_attention(const Var<T, D>& qkv, const Operand<T, D>& bias, const Tensor<T, D>& mask = {}) {
  using detail::product, detail::transposed;
  const Index B = qkv.shape().rank() == 3 ? qkv[0] : 0, n = B ? qkv[1] : 0;
  const Index heads = detail::check_heads(qkv.shape(), "(B, n, 3 C)", bias.shape(), n),
              masks = mask.defined() ? mask[0] : 1;
  check(!mask.defined() || (mask.shape() == Shape{masks, n, n} && B % masks == 0),
        "window_attention: the mask does not fit", operand("qkv", qkv.shape(), "(B, n, 3 C)"),
        mask.defined() ? operand("mask", mask.shape(), "(G, n, n), G dividing B") : "");
  const detail::Heads<T, D> h{B, n, heads, qkv[2] / 3 / heads};

  Tensor<T, D> q_k_v = h.split(qkv.value());  // (3, B, heads, n, d)
  h.scale_queries(q_k_v);
  Tensor<T, D> p({h.count(), n, n}), y({B, heads, n, h.d});                 // p: scores, then their softmax
  product<D>(h.scores(p), h.part(q_k_v, 0), transposed(h.part(q_k_v, 1)));  // q k^T
  D::for_each(h.count() * n, n,
              detail::AddBias<T>{p.data(), bias.value().data(), mask.data(), heads, n, masks});
  D::for_each(h.count() * n, detail::SoftmaxRow<T>{p.data(), p.data(), n});
  product<D>(h.part(y, 0), h.scores(p), h.part(q_k_v, 2));  // p v

  std::vector<Var<T, D>> inputs{qkv, bias};
  if (mask.defined()) inputs.push_back(Var<T, D>(mask));
  const auto backward = [=, qkv = qkv.node(), bias = bias.node(),
                         bias_shape = bias.shape()](const Tensor<T, D>& dy) {
    const auto q = h.part(q_k_v, 0), k = h.part(q_k_v, 1), v = h.part(q_k_v, 2);
    const Tensor<T, D> dout = h.split_result(dy);
    Tensor<T, D> ds(p.shape()), dq_k_v(q_k_v.shape());
    product<D>(h.part(dq_k_v, 2), transposed(h.scores(p)), h.part(dout, 0));  // dv = p^T dy
    product<D>(h.scores(ds), h.part(dout, 0), transposed(v));                 // dp = dy v^T
    D::for_each(h.count() * n, detail::SoftmaxSlope<T>{p.data(), ds.data(), ds.data(), n});
    if (bias->requires_grad)
      bias->add_grad(detail::sum_rows<T, D>(ds.data(), B, heads * n * n).reshape(bias_shape));
    product<D>(h.part(dq_k_v, 0), h.scores(ds), k);              // dq = ds k
    product<D>(h.part(dq_k_v, 1), transposed(h.scores(ds)), q);  // dk = ds^T q
    h.scale_queries(dq_k_v);
    qkv->add_grad(h.joined(dq_k_v));
  };
  return {"window_attention", h.joined_result(y), inputs, backward};
}

namespace detail {
// By the device; an empty Var where it refuses.
template <class T, class D>
Var<T, D> fused_window_attention(const Var<T, D>& qkv, const Var<T, D>& bias, const AttentionSizes& s,
                                 const Expansion<T, D>& expand) {
  Tensor<T, D> y({s.N, s.H, s.W, s.C});
  if (!D::window_attention(qkv.value().data(), bias.value().data(), y.data(), s)) return {};
  const auto backward = [=](const Tensor<T, D>& dy) {
    Tensor<T, D> dqkv(qkv.shape()), dbias(bias.shape());
    D::window_attention_gradient(qkv.value().data(), bias.value().data(), dy.data(), dqkv.data(),
                                 dbias.data(), s);
    qkv.add_grad(std::move(dqkv));
    bias.add_grad(std::move(dbias));
  };
  return {"window_attention", y, {qkv, bias}, backward, {}, expand};
}
}  // namespace detail

/// An image as windows of size x size pixels, rolled up and to the left by `shift` before, and back after.
struct Windows {
  Index size, shift = 0;
};

/// qkv (N, H, W, 3 C), bias (heads, M M, M M) -> (N, H, W, C): attention within the M x M windows of the
/// image. Pixels that the shift brought together from opposite edges do not see each other. Throws Error
/// unless M divides H and W, and where shapes do not fit.
template <class T, class D>
Var<T, D> window_attention(const Var<T, D>& qkv, const Operand<T, D>& bias, Windows o) {
  const Index M = o.size, shift = o.shift;
  detail::check_windows(qkv.shape(), "(N, H, W, 3 C)", M, shift);
  const Index H = qkv[1], W = qkv[2],
              heads = detail::check_heads(qkv.shape(), "(N, H, W, 3 C)", bias.shape(), M * M);
  const auto window_by_window = [=] {
    // (N H/M W/M, M M, 3 C)
    const Var<T, D> windows = window_partition(shift > 0 ? roll(qkv, -shift, -shift) : qkv, M);
    const Tensor<T, D> mask = shift > 0 ? shifted_window_mask<T, D>(H, W, M, shift) : Tensor<T, D>();
    const Var<T, D> y = window_reverse(window_attention(windows, bias, mask), M, H, W);
    return shift > 0 ? roll(y, shift, shift) : y;
  };
  if constexpr (HasWindowAttention<D, T>) {
    const AttentionSizes sizes{qkv[0], H, W, qkv[3] / 3, heads, M, shift};
    const Var<T, D> y = detail::fused_window_attention<T, D>(qkv, bias, sizes, window_by_window);
    if (y.defined()) return y;
  }
  return window_by_window();
}

}  // namespace crisp
