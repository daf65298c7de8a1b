// upsample: an image enlarged by a whole factor: nearest, bilinear, or bicubic (downsample.hpp reduces it).
// Each axis is a product with a sparse matrix, whose rows are the taps of one new pixel; the gradient is the
// product with the transposed matrix.
#pragma once
#include "crisp/autograd/var.hpp"
#include "crisp/core/constant.hpp"
#include "crisp/core/resampling.hpp"

namespace crisp {

namespace detail {

// A sparse matrix: row i has weight[k] in column index[k], for k from begin[i] to begin[i + 1].
template <class T, class D>
struct SparseMatrix {
  Index rows, cols;
  Tensor<Index, D> begin, index;
  Tensor<Wide<T>, D> weight;
};

template <class T>
struct SparseRowTimes {  // row = (outer, i), col = inner
  const Index *begin, *index;
  const Wide<T>* weight;
  const T* x;
  T* y;
  Index rows, cols, inner;
  CRISP_HD void operator()(Index row, Index c) const {
    const Index i = row % rows, o = row / rows;
    Wide<T> sum = 0;
    for (Index k = begin[i]; k < begin[i + 1]; ++k) sum += weight[k] * x[(o * cols + index[k]) * inner + c];
    y[row * inner + c] = sum;
  }
};

// m applied to the middle axis: (outer, m.cols, inner) -> (outer, m.rows, inner).
template <class T, class D>
Tensor<T, D> sparse_times(const SparseMatrix<T, D>& m, const Tensor<T, D>& x, Index outer, Index inner) {
  Tensor<T, D> y({outer, m.rows, inner});
  D::for_each(outer * m.rows, inner,
              SparseRowTimes<T>{m.begin.data(), m.index.data(), m.weight.data(), x.data(), y.data(), m.rows,
                                m.cols, inner});
  return y;
}

// The matrix that resizes an axis of n pixels to `out`, or its transpose.
template <class T, class D>
SparseMatrix<T, D> resampling_matrix(Index n, Index out, double scale, Resampling method, bool transposed) {
  const ResizeTaps taps = resize_taps(n, out, scale, method, true);
  const Index rows = transposed ? n : out;
  std::vector<std::vector<std::pair<Index, double>>> entries(static_cast<std::size_t>(rows));
  for (Index i = 0; i < out; ++i)
    for (Index k = 0; k < taps.taps; ++k) {
      const Index from = taps.source[std::size_t(i * taps.taps + k)];
      const double w = taps.weight[std::size_t(i * taps.taps + k)];
      if (w != 0) entries[std::size_t(transposed ? from : i)].push_back({transposed ? i : from, w});
    }
  std::vector<Index> begin{0}, index;
  std::vector<Wide<T>> weight;
  for (const auto& row : entries) {
    for (const auto& [column, w] : row) {
      index.push_back(column);
      weight.push_back(Wide<T>(w));
    }
    begin.push_back(Index(index.size()));
  }
  const Index count = Index(index.size());
  return {rows, transposed ? out : n, constant<Index, D>({rows + 1}, begin),
          constant<Index, D>({count}, index), constant<Wide<T>, D>({count}, weight)};
}

// x (N, H, W, C) -> (N, OH, OW, C), each axis by the same factor `scale`; rows first, as data::resize.
template <class T, class D>
Var<T, D> resampled(const char* op, const Var<T, D>& x, Index OH, Index OW, double scale, Resampling method,
                    std::initializer_list<Attribute> attributes) {
  const Index N = x[0], H = x[1], W = x[2], C = x[3];
  const auto matrix = [=](Index n, Index out, bool transposed) {
    return resampling_matrix<T, D>(n, out, scale, method, transposed);
  };
  const Tensor<T, D> tall = sparse_times(matrix(H, OH, false), x.value(), N, W * C);
  const Tensor<T, D> y = sparse_times(matrix(W, OW, false), tall, N * OH, C).reshape({N, OH, OW, C});
  const auto backward = [=, node = x.node(), from = x.shape()](const Tensor<T, D>& dy) {
    const Tensor<T, D> narrow = sparse_times(matrix(W, OW, true), dy, N * OH, C);
    node->add_grad(sparse_times(matrix(H, OH, true), narrow, N, W * C).reshape(from));
  };
  return {op, y, {x}, backward, attributes};
}

}  // namespace detail

/// x (N, H, W, C) -> (N, scale H, scale W, C). The methods are those of data::resize; bilinear and
/// bicubic_torch are PyTorch's interpolate with align_corners=False. Throws Error for an empty image or a
/// scale below 1.
template <class T, class D>
Var<T, D> upsample(const Var<T, D>& x, Index scale, Resampling method) {
  check(x.shape().rank() == 4 && x.numel() > 0 && scale >= 1,
        "upsample: an image and a scale of at least 1 are needed, not ", scale,
        operand("input", x.shape(), "(N, H, W, C)"));
  return detail::resampled("upsample", x, x[1] * scale, x[2] * scale, double(scale), method,
                           {{"scale", double(scale)}, {"method", double(method)}});
}

}  // namespace crisp
