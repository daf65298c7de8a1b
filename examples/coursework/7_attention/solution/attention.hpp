// Attention within windows, and the layer of SwinIR (Liu et al. 2021; Liang et al. 2021). One picture at a
// time.
#pragma once
#include <cmath>
#include <crisp/backend/cpu.hpp>
#include <crisp/nn/layer_norm.hpp>
#include <crisp/nn/linear.hpp>
#include <crisp/ops/arithmetic.hpp>
#include <crisp/ops/concat.hpp>
#include <crisp/ops/gelu.hpp>
#include <crisp/ops/matmul.hpp>
#include <crisp/ops/permute.hpp>
#include <crisp/ops/reshape.hpp>
#include <crisp/ops/roll.hpp>
#include <crisp/ops/slice.hpp>
#include <crisp/ops/softmax.hpp>

namespace mine {
using namespace crisp;

// Task 7a: x (1, H, W, C) -> (B, M M, C), the B windows of M x M pixels, row by row. Use reshape and permute.
template <class T, class D>
Var<T, D> split_windows(const Var<T, D>& x, Index M) {
  const Index H = x[1], W = x[2], C = x[3];
  return reshape(permute(reshape(x, {H / M, M, W / M, M, C}), {0, 2, 1, 3, 4}), {H / M * (W / M), M * M, C});
}

// Task 7b: the inverse, (B, M M, C) -> (1, H, W, C).
template <class T, class D>
Var<T, D> join_windows(const Var<T, D>& x, Index M, Index H, Index W) {
  const Index C = x[2];
  return reshape(permute(reshape(x, {H / M, W / M, M, M, C}), {0, 2, 1, 3, 4}), {1, H, W, C});
}

// Task 7c: for each query and each key of a window, which row of the table their distance has. A distance of
// dh rows and dw columns, query minus key, from -(M - 1) to M - 1, has row (dh + M - 1) (2 M - 1) + dw + M
// - 1. The result has M M M M numbers, the key fastest.
inline std::vector<Index> relative_positions(Index M) {
  std::vector<Index> rows;
  for (Index query = 0; query < M * M; ++query)
    for (Index key = 0; key < M * M; ++key) {
      const Index dh = query / M - key / M, dw = query % M - key % M;
      rows.push_back((dh + M - 1) * (2 * M - 1) + dw + M - 1);
    }
  return rows;
}

// The bias of one head from the table ((2 M - 1)^2, heads) -> (M M, M M).
template <class T>
Var<T, Cpu> position_bias(const Var<T, Cpu>& table, Index head, Index M) {
  const std::vector<Index> rows = relative_positions(M);
  const Index heads = table[1];
  Tensor<T, Cpu> bias({M * M, M * M});
  for (std::size_t i = 0; i < rows.size(); ++i) bias.data()[i] = table.value().data()[rows[i] * heads + head];
  const auto backward = [=](const Tensor<T, Cpu>& dbias) {
    Tensor<T, Cpu> dtable(table.shape(), T(0));
    for (std::size_t i = 0; i < rows.size(); ++i) dtable.data()[rows[i] * heads + head] += dbias.data()[i];
    table.add_grad(dtable);
  };
  return {"position_bias", bias, {table}, backward};
}

// Task 7d: what the windows of a picture that was rolled up and left by `shift` must not mix, (B, M M, M M):
// 0 where two pixels were neighbours before, -100 where the roll brought them together from opposite edges.
// The last `shift` rows of the rolled picture came from its top, the last `shift` columns from its left.
template <class T>
Tensor<T, Cpu> shift_mask(Index H, Index W, Index M, Index shift) {
  Tensor<T, Cpu> mask({H / M * (W / M), M * M, M * M});
  T* to = mask.data();
  for (Index top = 0; top < H; top += M)
    for (Index left = 0; left < W; left += M)
      for (Index query = 0; query < M * M; ++query)
        for (Index key = 0; key < M * M; ++key) {
          const auto from_top = [&](Index i) { return top + i / M >= H - shift; };
          const auto from_left = [&](Index i) { return left + i % M >= W - shift; };
          const bool together = from_top(query) == from_top(key) && from_left(query) == from_left(key);
          *to++ = together ? T(0) : T(-100);
        }
  return mask;
}

// Task 7e: layer normalisation by loops. x holds pixels of C channels, the channel fastest. The channels of
// each pixel get mean 0 and variance 1: (x - mean) / sqrt(variance + 1e-5).
inline std::vector<double> normalised(const std::vector<double>& x, std::size_t C) {
  std::vector<double> y(x.size());
  for (std::size_t pixel = 0; pixel < x.size(); pixel += C) {
    double mean = 0, variance = 0;
    for (std::size_t c = 0; c < C; ++c) mean += x[pixel + c] / double(C);
    for (std::size_t c = 0; c < C; ++c) variance += (x[pixel + c] - mean) * (x[pixel + c] - mean) / double(C);
    for (std::size_t c = 0; c < C; ++c) y[pixel + c] = (x[pixel + c] - mean) / std::sqrt(variance + 1e-5);
  }
  return y;
}

// Task 7f: softmax(q k^T / sqrt(d) + bias + mask) v. q, k, v (B, n, d); bias (n, n); mask (B, n, n), or not
// defined(). softmax works on the last axis.
template <class T, class D>
Var<T, D> attend(const Var<T, D>& q, const Var<T, D>& k, const Var<T, D>& v, const Var<T, D>& bias,
                 const Tensor<T, D>& mask) {
  Var<T, D> scores = matmul(q, permute(k, {0, 2, 1})) / std::sqrt(double(q[2])) + bias;
  if (mask.defined()) scores = scores + Var<T, D>(mask);
  return matmul(softmax(scores), v);
}

// Task 7g: the layer of SwinIR: y = x + proj(heads(norm1(x))), then y + fc2(gelu(fc1(norm2(y)))). Before the
// windows are split the picture is rolled by (-shift, -shift), and back after they are joined. qkv gives 3 C
// channels: q, k and v of C each; head h has the channels from h d on, d = C / heads, of each of them.
template <class T, class D>
struct SwinLayer {
  Index M, shift, heads;
  nn::LayerNorm<T, D> norm1, norm2;
  nn::Param<T, D> table;  // ((2 M - 1)^2, heads)
  nn::Linear<T, D> qkv, proj, fc1, fc2;
  SwinLayer(Index channels, Index heads_, Index window, Index shift_)
      : M(window),
        shift(shift_),
        heads(heads_),
        norm1(channels),
        norm2(channels),
        table(nn::make_weight<T, D>({(2 * M - 1) * (2 * M - 1), heads}, nn::Init::normal(0.02))),
        qkv(channels, 3 * channels),
        proj(channels, channels),
        fc1(channels, 2 * channels),
        fc2(2 * channels, channels) {}

  Var<T, D> operator()(const Var<T, D>& x) const {
    const Var<T, D> y = x + attention(norm1(x));
    return y + fc2(gelu(fc1(norm2(y))));
  }

  Var<T, D> attention(const Var<T, D>& x) const {
    const Index H = x[1], W = x[2], C = x[3], d = C / heads;
    const Var<T, D> windows = split_windows(qkv(shift ? roll(x, -shift, -shift) : x), M);  // (B, M M, 3 C)
    const Tensor<T, D> mask = shift ? shift_mask<T>(H, W, M, shift) : Tensor<T, D>();
    std::vector<Var<T, D>> parts;
    for (Index h = 0; h < heads; ++h)
      parts.push_back(attend(slice(windows, -1, h * d, d), slice(windows, -1, C + h * d, d),
                             slice(windows, -1, 2 * C + h * d, d), position_bias(table, h, M), mask));
    const Var<T, D> y = proj(join_windows(concat(parts), M, H, W));
    return shift ? roll(y, shift, shift) : y;
  }
  CRISP_PARAMS(norm1, table, qkv, proj, norm2, fc1, fc2)
};

}  // namespace mine
