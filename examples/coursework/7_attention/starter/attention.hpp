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

// TASK 7a: x (1, H, W, C) -> (B, M M, C), the B windows of M x M pixels, row by row. Use reshape and permute.
template <class T, class D>
Var<T, D> split_windows(const Var<T, D>& x, Index M) {
  throw crisp::Error("task 7a: split_windows is not written yet");
}

// TASK 7b: the inverse, (B, M M, C) -> (1, H, W, C).
template <class T, class D>
Var<T, D> join_windows(const Var<T, D>& x, Index M, Index H, Index W) {
  throw crisp::Error("task 7b: join_windows is not written yet");
}

// TASK 7c: for each query and each key of a window, which row of the table their distance has. A distance of
// dh rows and dw columns, query minus key, from -(M - 1) to M - 1, has row (dh + M - 1) (2 M - 1) + dw + M
// - 1. The result has M M M M numbers, the key fastest.
inline std::vector<Index> relative_positions(Index M) {
  throw crisp::Error("task 7c: relative_positions is not written yet");
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

// TASK 7d: what the windows of a picture that was rolled up and left by `shift` must not mix, (B, M M, M M):
// 0 where two pixels were neighbours before, -100 where the roll brought them together from opposite edges.
// The last `shift` rows of the rolled picture came from its top, the last `shift` columns from its left.
template <class T>
Tensor<T, Cpu> shift_mask(Index H, Index W, Index M, Index shift) {
  throw crisp::Error("task 7d: shift_mask is not written yet");
}

// TASK 7e: layer normalisation by loops. x holds pixels of C channels, the channel fastest. The channels of
// each pixel get mean 0 and variance 1: (x - mean) / sqrt(variance + 1e-5).
inline std::vector<double> normalised(const std::vector<double>& x, std::size_t C) {
  throw crisp::Error("task 7e: normalised is not written yet");
}

// TASK 7f: softmax(q k^T / sqrt(d) + bias + mask) v. q, k, v (B, n, d); bias (n, n); mask (B, n, n), or not
// defined(). softmax works on the last axis.
template <class T, class D>
Var<T, D> attend(const Var<T, D>& q, const Var<T, D>& k, const Var<T, D>& v, const Var<T, D>& bias,
                 const Tensor<T, D>& mask) {
  throw crisp::Error("task 7f: attend is not written yet");
}

// TASK 7g: the layer of SwinIR: y = x + proj(heads(norm1(x))), then y + fc2(gelu(fc1(norm2(y)))). Before the
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
    throw crisp::Error("task 7g: SwinLayer is not written yet");
  }
  CRISP_PARAMS(norm1, table, qkv, proj, norm2, fc1, fc2)
};

}  // namespace mine
