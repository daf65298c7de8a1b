// conv2d: y[n,i,j,o] = b[o] + sum over p,q,c of x[n, s i + p - top, s j + q - left, c] w[o,p,q,c], as a matrix product
// over patches (im2col; Chellapilla et al. 2006). The gradient of x is again a convolution: of dy, with zeros put
// between its pixels where s > 1, with w turned by 180 degrees (Dumoulin and Visin 2016, ch. 4).
#pragma once
#include "crisp/ops/arithmetic.hpp"
#include "crisp/ops/pad.hpp"
#include "crisp/ops/relu.hpp"

namespace crisp {

/// Pixels added around the image: a number, `same` (the output is as large as the input), or `valid` (none).
struct Padding {
  static constexpr Index same = -1, valid = 0;
  Index pixels = same;
  constexpr Padding(Index count = same) : pixels(count) {}
};

struct Conv2dOptions {
  Index stride = 1;
  Padding padding = Padding::same;
  Border border = Border::zero;  // what the padding holds
};

namespace detail {

template <class T> struct Im2Col {  // patches (pixels, kH, kW * C) of output pixels from `first`; row = (pixel, kh), col = (kw, c)
  const T* x; T* patches; ConvSizes s; Index first;
  CRISP_HD void operator()(Index row, Index col) const {
    const Index kh = row % s.kH, p = first + row / s.kH, ow = p % s.OW, oh = p / s.OW % s.OH, n = p / s.OW / s.OH;
    const Index h = oh * s.stride + kh - s.top, begin = (ow * s.stride - s.left) * s.C, line = s.W * s.C;
    const Index high = line - begin, low = h < 0 || h >= s.H ? high : -begin;  // columns outside [low, high) lie beyond the image
    const T* from = x + (n * s.H + h) * line + begin;
    patches[row * s.kW * s.C + col] = col >= low && col < high ? from[col] : T(0);
  }
};
template <class T> struct Begin {  // what the sums of a convolution begin with
  const T *b, *plus; T* y; Index O;
  CRISP_HD void operator()(Index row, Index o) const { y[row * O + o] = Wide<T>(b ? b[o] : T(0)) + Wide<T>(plus ? plus[row * O + o] : T(0)); }
};
template <class T> struct Turn {  // w (O, kH, kW, C) -> (C, kH, kW, O), turned by 180 degrees; row = (c, kh, kw)
  const T* w; T* turned; Index O, kH, kW, C;
  CRISP_HD void operator()(Index row, Index o) const {
    const Index kw = kW - 1 - row % kW, kh = kH - 1 - row / kW % kH, c = row / kW / kH;
    turned[row * O + o] = w[((o * kH + kh) * kW + kw) * C + c];
  }
};
template <class T> struct Dilate {  // dy (N, OH, OW, O) with stride - 1 zeros between its pixels; row = (n, h, w)
  const T* dy; T* y; Index OH, OW, O, H, W, stride;
  CRISP_HD void operator()(Index row, Index o) const {
    const Index w = row % W, h = row / W % H, n = row / W / H;
    const bool hit = w % stride == 0 && h % stride == 0;
    y[row * O + o] = hit ? dy[((n * OH + h / stride) * OW + w / stride) * O + o] : T(0);
  }
};

// Calls f(patches, first, count) for all output pixels, in pieces that bound the memory for patches.
template <class T, class D, class F>
void for_patches(const Tensor<T, D>& x, const ConvSizes& s, F f) {
  if (s.pointwise()) return f(x.data(), 0, s.pixels());  // a patch is a pixel: x is its own im2col
  constexpr Index elements = Index(1) << 21, block = 1024;
  const Index piece = std::min(s.pixels(), std::max<Index>(1, elements / s.taps() / block) * block);
  Tensor<T, D> patches({piece, s.taps()});
  for (Index first = 0; first < s.pixels(); first += piece) {
    const Index count = std::min(piece, s.pixels() - first);
    D::for_each(count * s.kH, s.kW * s.C, Im2Col<T>{x.data(), patches.data(), s, first});
    f(patches.data(), first, count);
  }
}

// The convolution itself, on tensors, and its epilogue; b may be empty.
template <class T, class D>
Tensor<T, D> convolve(const Tensor<T, D>& x, const Tensor<T, D>& w, const Tensor<T, D>& b, const ConvSizes& s, const ConvEpilogue<T>& epilogue = {}) {
  Tensor<T, D> y({s.N, s.OH, s.OW, s.O});
  if constexpr (requires { D::conv2d(x.data(), w.data(), b.data(), y.data(), s, epilogue); })
    if (D::conv2d(x.data(), w.data(), b.data(), y.data(), s, epilogue)) return y;
  const bool begun = b.defined() || epilogue.plus;
  if (begun) D::for_each(s.pixels(), s.O, Begin<T>{b.data(), epilogue.plus, y.data(), s.O});
  for_patches(x, s, [&](const T* patches, Index first, Index count) {
    D::gemm(Gemm<T>{.m = count, .n = s.O, .k = s.taps(), .a = patches, .b = w.data(), .c = y.data() + first * s.O,
                    .b_transposed = true, .beta = begun ? T(1) : T(0)});
  });
  if (epilogue.relu) D::for_each(y.numel(), Value<Relu<T>, T>{{}, y.data(), y.data()});
  return y;
}

template <class T, class D>
Tensor<T, D> conv2d_input_gradient(const Tensor<T, D>& dy, const Tensor<T, D>& w, const ConvSizes& s) {
  Tensor<T, D> turned({s.C, s.kH, s.kW, s.O}), sparse = dy;
  D::for_each(s.C * s.kH * s.kW, s.O, Turn<T>{w.data(), turned.data(), s.O, s.kH, s.kW, s.C});
  const Index H = (s.OH - 1) * s.stride + 1, W = (s.OW - 1) * s.stride + 1;
  if (s.stride > 1) {
    sparse = Tensor<T, D>({s.N, H, W, s.O});
    D::for_each(s.N * H * W, s.O, Dilate<T>{dy.data(), sparse.data(), s.OH, s.OW, s.O, H, W, s.stride});
  }
  return convolve(sparse, turned, {}, ConvSizes{s.N, H, W, s.O, s.C, s.kH, s.kW, 1, s.kH - 1 - s.top, s.kW - 1 - s.left, s.H, s.W});
}

template <class T, class D>
Tensor<T, D> conv2d_weight_gradient(const Tensor<T, D>& x, const Tensor<T, D>& dy, const ConvSizes& s) {
  Tensor<T, D> dw({s.O, s.kH, s.kW, s.C});
  if constexpr (requires { D::conv2d_weight_gradient(x.data(), dy.data(), dw.data(), s); })
    if (D::conv2d_weight_gradient(x.data(), dy.data(), dw.data(), s)) return dw;
  dw.fill(T(0));
  for_patches(x, s, [&](const T* patches, Index first, Index count) {
    add_long_product<T, D>(s.O, s.taps(), count, dy.data() + first * s.O, false, patches, dw.data());
  });
  return dw;
}

inline void check_conv2d(const Shape& x, const Shape& w, const Shape* b, const Conv2dOptions& o) {
  const auto shapes = [&] { return operand("input", x, "(N, H, W, C)") + operand("weight", w, "(O, kH, kW, C)") + (b ? operand("bias", *b, "(O)") : ""); };
  check(x.rank() == 4 && w.rank() == 4, "conv2d: the input and the weight must have 4 axes", shapes());
  check(x[3] == w[3], "conv2d: the input has ", x[3], " channels, but the weight expects ", w[3], shapes(),
        x[3] == 3 && w[3] == 1 ? "\n  hint: this network works on luma; load images with {.luma = true}"
        : x[3] == 1 && w[3] == 3 ? "\n  hint: this network works on colour; load images with {.luma = false}" : "");
  check(!b || (b->rank() == 1 && (*b)[0] == w[0]), "conv2d: the weight gives ", w[0], " channels, but the bias has ", b ? b->numel() : 0, shapes());
  check(o.stride >= 1, "conv2d: the stride must be at least 1, not ", o.stride);
  check(o.padding.pixels >= Padding::same, "conv2d: the padding must be 0 or more pixels, or Padding::same, not ", o.padding.pixels);
  check(o.padding.pixels != Padding::same || o.stride == 1, "conv2d: Padding::same needs a stride of 1, not ", o.stride,
        "\n  hint: give the number of pixels, for example .padding = ", w[1] / 2);
  const Index before = o.padding.pixels == Padding::same ? w[1] + w[2] : 2 * o.padding.pixels;
  check(w.numel() > 0 && x[1] + before >= w[1] && x[2] + before >= w[2], "conv2d: a kernel of ", w[1], " x ", w[2], " does not fit into an image of ",
        x[1], " x ", x[2], " with ", std::max<Index>(0, o.padding.pixels), " pixels of padding", shapes());
}

// conv2d, and in the same pass relu of it, or the sum of it and `plus`, if wanted.
template <class T, class D>
Var<T, D> conv2d(Var<T, D> x, const Var<T, D>& weight, const Var<T, D>& bias, Conv2dOptions o, bool with_relu, const Var<T, D>& plus = {}) {
  check_conv2d(x.shape(), weight.shape(), bias.defined() ? &bias.shape() : nullptr, o);
  const bool same = o.padding.pixels == Padding::same;
  const Index kH = weight[1], kW = weight[2], top = same ? (kH - 1) / 2 : o.padding.pixels, left = same ? (kW - 1) / 2 : o.padding.pixels;
  const Index bottom = same ? kH - 1 - top : top, right = same ? kW - 1 - left : left;
  if (o.border != Border::zero && (top || bottom || left || right))
    return conv2d(pad(x, {top, bottom, left, right}, o.border), weight, bias, {.stride = o.stride, .padding = Padding::valid}, with_relu, plus);

  const ConvSizes s{x[0], x[1], x[2], x[3], weight[0], kH, kW, o.stride, top, left,
                    (x[1] + top + bottom - kH) / o.stride + 1, (x[2] + left + right - kW) / o.stride + 1};
  check(!plus.defined() || plus.shape() == Shape{s.N, s.OH, s.OW, s.O}, "conv2d_add: what is added must have the shape of the result",
        operand("result", {s.N, s.OH, s.OW, s.O}, "(N, OH, OW, O)"), plus.defined() ? operand("added", plus.shape()) : "");
  const Tensor<T, D> none, y = convolve(x.value(), weight.value(), bias.defined() ? bias.value() : none, s, {plus.defined() ? plus.value().data() : nullptr, with_relu});
  std::vector<Var<T, D>> inputs{x, weight};
  if (bias.defined()) inputs.push_back(bias);
  if (plus.defined()) inputs.push_back(plus);
  const bool recorded = grad_enabled && std::any_of(inputs.begin(), inputs.end(), [](const Var<T, D>& v) { return v.requires_grad(); });
  auto open = with_relu && recorded ? positive_bits(y) : Tensor<std::uint32_t, D>();
  Expansion<T, D> expand;
  if (with_relu) expand = [=] { return relu(conv2d(x, weight, bias, o, false)); };
  if (plus.defined()) expand = [=] { return conv2d(x, weight, bias, o, false) + plus; };
  return {with_relu ? "conv2d_relu" : plus.defined() ? "conv2d_add" : "conv2d", y, inputs, [=, open = std::move(open), plus = plus.node()](Tensor<T, D> dy) mutable {  // and frees what it has read
    if (with_relu) dy = where_bits(open, std::exchange(dy, {}));
    open = {};
    if (weight.requires_grad()) weight.add_grad(conv2d_weight_gradient(x.value(), dy, s));
    x.value() = {};
    if (x.requires_grad()) x.add_grad(conv2d_input_gradient(dy, weight.value(), s));
    if (bias.defined() && bias.requires_grad()) bias.add_grad(sum_rows<T, D>(dy.data(), s.pixels(), s.O));
    if (plus) plus->add_grad(std::move(dy));
  }, {{"stride", double(o.stride)}, {"top", double(top)}, {"left", double(left)}, {"bottom", double(bottom)}, {"right", double(right)}}, expand};
}

}  // namespace detail

/// x (N, H, W, C), weight (O, kH, kW, C), bias (O) or an empty Var -> (N, OH, OW, O), with
/// OH = (H + 2 padding - kH) / stride + 1, rounded down. Throws Error where the shapes do not fit.
template <class T, class D>
Var<T, D> conv2d(const Var<T, D>& x, const Operand<T, D>& weight, const Operand<T, D>& bias, Conv2dOptions o = {}) {
  return detail::conv2d(x, weight, bias, o, false);
}

/// The same without a bias.
template <class T, class D>
Var<T, D> conv2d(const Var<T, D>& x, const Operand<T, D>& weight, Conv2dOptions o = {}) { return detail::conv2d(x, weight, Var<T, D>(), o, false); }

/// relu(conv2d(x, weight, bias, o)), in one pass over the memory instead of two.
template <class T, class D>
Var<T, D> conv2d_relu(const Var<T, D>& x, const Operand<T, D>& weight, const Operand<T, D>& bias, Conv2dOptions o = {}) {
  return detail::conv2d(x, weight, bias, o, true);
}

/// conv2d(x, weight, bias, o) + other, of the shape of the result, likewise. Throws Error where it has another.
template <class T, class D>
Var<T, D> conv2d_add(const Var<T, D>& x, const Operand<T, D>& weight, const Operand<T, D>& bias, const Operand<T, D>& other, Conv2dOptions o = {}) {
  return detail::conv2d(x, weight, bias, o, false, other);
}

}  // namespace crisp
