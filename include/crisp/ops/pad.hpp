// pad: an image with a border of zeros, of its edge repeated, or of its mirror image; and centre, the
// reverse.
#pragma once
#include <algorithm>
#include <vector>

#include "crisp/autograd/var.hpp"
#include "crisp/core/constant.hpp"
#include "crisp/core/mirror.hpp"
#include "crisp/core/rounding.hpp"

namespace crisp {

/// What lies outside an image: 0 0 | a b c | 0 0, replicate a a | a b c | c c, reflect c b | a b c | b a.
enum class Border { zero, replicate, reflect };

/// Pixels to add on each side; a negative number takes pixels away.
struct Margins {
  Index top = 0, bottom = 0, left = 0, right = 0;
};

namespace detail {

// Along one axis: which input each output is read from (-1: none), and, for the gradient, which outputs read
// each input: readers[begin[i]] to readers[begin[i + 1] - 1].
struct AxisMap {
  std::vector<Index> source, begin, readers;

  AxisMap(Index in, Index before, Index after, Border border) {
    for (Index o = -before; o < in + after; ++o) {
      Index i = o;
      if (border == Border::replicate) i = std::max<Index>(0, std::min(o, in - 1));
      if (border == Border::reflect) i = mirrored_about_pixel(o, in);
      source.push_back(i >= 0 && i < in ? i : -1);
    }
    for (Index i = 0; i < in; ++i) {
      begin.push_back(Index(readers.size()));
      for (std::size_t o = 0; o < source.size(); ++o)
        if (source[o] == i) readers.push_back(Index(o));
    }
    begin.push_back(Index(readers.size()));
  }
};
template <class D>
Tensor<Index, D> on_device(const std::vector<Index>& v) {
  return constant<Index, D>({Index(v.size())}, v);
}

template <class T>
struct ReadMapped {  // row = (n, oh, ow), col = c
  const T* x;
  T* y;
  const Index *rows, *cols;
  Index H, W, C, OH, OW;
  CRISP_HD void operator()(Index row, Index c) const {
    const Index h = rows[row / OW % OH], w = cols[row % OW], n = row / OW / OH;
    y[row * C + c] = h < 0 || w < 0 ? T(0) : x[((n * H + h) * W + w) * C + c];
  }
};
template <class T>
struct SumReaders {  // row = (n, h, w), col = c
  const T* dy;
  T* dx;
  const Index *row_begin, *row_readers, *col_begin, *col_readers;
  Index H, W, C, OH, OW;
  CRISP_HD void operator()(Index row, Index c) const {
    const Index w = row % W, h = row / W % H, n = row / W / H;
    Wide<T> sum = 0;
    for (Index i = row_begin[h]; i < row_begin[h + 1]; ++i)
      for (Index j = col_begin[w]; j < col_begin[w + 1]; ++j)
        sum += dy[((n * OH + row_readers[i]) * OW + col_readers[j]) * C + c];
    dx[row * C + c] = sum;
  }
};

}  // namespace detail

/// x (N, H, W, C) -> (N, top + H + bottom, left + W + right, C). Throws Error for another rank, for margins
/// that leave nothing, and for a reflection of H or more pixels.
template <class T, class D>
Var<T, D> pad(const Var<T, D>& x, Margins m, Border border = Border::zero) {
  check(x.shape().rank() == 4, "pad: the input must have 4 axes",
        operand("input", x.shape(), "(N, H, W, C)"));
  const Index N = x[0], H = x[1], W = x[2], C = x[3], OH = m.top + H + m.bottom, OW = m.left + W + m.right;
  const std::string given =
      str("\n  margins top ", m.top, ", bottom ", m.bottom, ", left ", m.left, ", right ", m.right);
  check(OH > 0 && OW > 0, "pad: an image of ", H, " x ", W, " would become ", OH, " x ", OW,
        operand("input", x.shape(), "(N, H, W, C)"), given);
  check(border != Border::reflect || (std::max(m.top, m.bottom) < H && std::max(m.left, m.right) < W),
        "pad: an image of ", H, " x ", W, " can be reflected by at most ", H - 1, " x ", W - 1, " pixels",
        given, "\n  hint: use Border::replicate for small images");
  if (OH == H && OW == W && m.top == 0 && m.left == 0) return x;
  const detail::AxisMap rows(H, m.top, m.bottom, border), cols(W, m.left, m.right, border);
  const auto row_source = detail::on_device<D>(rows.source), col_source = detail::on_device<D>(cols.source);
  Tensor<T, D> y({N, OH, OW, C});
  D::for_each(N * OH * OW, C,
              detail::ReadMapped<T>{x.value().data(), y.data(), row_source.data(), col_source.data(), H, W, C,
                                    OH, OW});
  const auto backward = [=, node = x.node()](const Tensor<T, D>& dy) {
    const auto row_begin = detail::on_device<D>(rows.begin), row_readers = detail::on_device<D>(rows.readers);
    const auto col_begin = detail::on_device<D>(cols.begin), col_readers = detail::on_device<D>(cols.readers);
    Tensor<T, D> dx({N, H, W, C});
    D::for_each(N * H * W, C,
                detail::SumReaders<T>{dy.data(), dx.data(), row_begin.data(), row_readers.data(),
                                      col_begin.data(), col_readers.data(), H, W, C, OH, OW});
    node->add_grad(std::move(dx));
  };
  return {"pad",
          y,
          {x},
          backward,
          {{"top", double(m.top)},
           {"bottom", double(m.bottom)},
           {"left", double(m.left)},
           {"right", double(m.right)},
           {"border", double(border)}}};
}

/// x (N, H, W, C) with rows added at the bottom and columns at the right, up to multiples of `multiple`:
/// reflected, several times where the image is small, and repeated where it is a line of pixels.
template <class T, class D>
Var<T, D> pad_to_multiple(Var<T, D> x, Index multiple) {
  Index rows = round_up(x[1], multiple) - x[1], cols = round_up(x[2], multiple) - x[2];
  while (rows > 0 || cols > 0) {
    Margins m{.bottom = std::min(rows, x[1] - 1), .right = std::min(cols, x[2] - 1)};
    const bool line = (rows > 0 && m.bottom == 0) || (cols > 0 && m.right == 0);  // nothing to reflect
    if (line) m = {.bottom = rows, .right = cols};
    x = pad(x, m, line ? Border::replicate : Border::reflect);
    rows -= m.bottom;
    cols -= m.right;
  }
  return x;
}

/// The centre of x (N, H, W, C), of the given size: what a network without padding is compared with. Throws
/// Error where the image is smaller.
template <class T, class D>
Var<T, D> centre(const Var<T, D>& x, Index height, Index width) {
  check(x.shape().rank() == 4, "centre: the input must have 4 axes",
        operand("input", x.shape(), "(N, H, W, C)"));
  const Index dh = x[1] - height, dw = x[2] - width;
  check(dh >= 0 && dw >= 0, "centre: ", height, " x ", width, " pixels were asked of an image of ", x[1],
        " x ", x[2]);
  if (dh == 0 && dw == 0) return x;
  return pad(x, {.top = -(dh / 2), .bottom = -(dh - dh / 2), .left = -(dw / 2), .right = -(dw - dw / 2)});
}

}  // namespace crisp
