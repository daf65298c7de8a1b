// conv2d: y[n,i,j,o] = b[o] + sum over p,q,c of x[n, s i + d p - top, s j + d q - left, c] w[o,p,q,c], as a
// matrix product over patches (im2col; Chellapilla et al. 2006). The gradient of x is again a convolution: of
// dy, with zeros put between its pixels where s > 1, with w rotated by 180 degrees (Dumoulin and Visin 2016,
// ch. 4). With a dilation d > 1 the kernel's taps lie d pixels apart (Yu and Koltun 2016, eq. 2).
#pragma once
#include "crisp/core/fused_ops.hpp"
#include "crisp/ops/arithmetic.hpp"
#include "crisp/ops/dilation.hpp"
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
  Index dilation = 1;            // pixels from tap to tap
};

namespace detail {

// patches (pixels, kH, kW * C) of output pixels from `first` on; row = (pixel, kh), col = (kw, c)
template <class T>
struct Im2Col {
  const T* x;
  T* patches;
  ConvSizes s;
  Index first;
  CRISP_HD void operator()(Index row, Index col) const {
    const Index kh = row % s.kH, p = first + row / s.kH, ow = p % s.OW, oh = p / s.OW % s.OH,
                n = p / s.OW / s.OH;
    const Index h = oh * s.stride + kh - s.top, begin = (ow * s.stride - s.left) * s.C, line = s.W * s.C;
    const Index high = line - begin,
                low = h < 0 || h >= s.H ? high : -begin;  // columns outside [low, high) lie beyond the image
    const T* from = x + (n * s.H + h) * line + begin;
    patches[row * s.kW * s.C + col] = col >= low && col < high ? from[col] : T(0);
  }
};
// What the sums of a convolution begin with: the bias, and what is added to the result.
template <class T>
struct InitSums {
  const T *b, *plus;
  T* y;
  Index O;
  CRISP_HD void operator()(Index row, Index o) const {
    y[row * O + o] = Wide<T>(b ? b[o] : T(0)) + Wide<T>(plus ? plus[row * O + o] : T(0));
  }
};
// w (O, kH, kW, C) -> (C, kH, kW, O), rotated by 180 degrees; row = (c, kh, kw)
template <class T>
struct Rotate180 {
  const T* w;
  T* rotated;
  Index O, kH, kW, C;
  CRISP_HD void operator()(Index row, Index o) const {
    const Index kw = kW - 1 - row % kW, kh = kH - 1 - row / kW % kH, c = row / kW / kH;
    rotated[row * O + o] = w[((o * kH + kh) * kW + kw) * C + c];
  }
};
// dy (N, OH, OW, O) with stride - 1 zeros between its pixels; row = (n, h, w)
template <class T>
struct Dilate {
  const T* dy;
  T* y;
  Index OH, OW, O, H, W, stride;
  CRISP_HD void operator()(Index row, Index o) const {
    const Index w = row % W, h = row / W % H, n = row / W / H;
    const bool hit = w % stride == 0 && h % stride == 0;
    y[row * O + o] = hit ? dy[((n * OH + h / stride) * OW + w / stride) * O + o] : T(0);
  }
};

// Calls f(patches (count, taps), first, count) for all output pixels, in chunks that bound the memory for
// patches.
template <class T, class D, class F>
void for_patches(const Tensor<T, D>& x, const ConvSizes& s, F f) {
  if (s.pointwise()) return f(matrix(x.data(), s.pixels(), s.taps()), 0, s.pixels());  // a patch is a pixel
  constexpr Index elements = Index(1) << 21, block = 1024;
  const Index chunk = std::min(s.pixels(), std::max<Index>(1, elements / s.taps() / block) * block);
  Tensor<T, D> patches({chunk, s.taps()});
  for (Index first = 0; first < s.pixels(); first += chunk) {
    const Index count = std::min(chunk, s.pixels() - first);
    if (s.dilation == 1) D::for_each(count * s.kH, s.kW * s.C, Im2Col<T>{x.data(), patches.data(), s, first});
    else D::for_each(count * s.kH * s.kW, s.C, DilatedIm2Col<T>{x.data(), patches.data(), s, first});
    f(matrix(std::as_const(patches).data(), count, s.taps()), first, count);
  }
}

// The convolution itself, on tensors, and its epilogue; b may be empty.
template <class T, class D>
Tensor<T, D> convolve(const Tensor<T, D>& x, const Tensor<T, D>& w, const Tensor<T, D>& b, const ConvSizes& s,
                      const ConvEpilogue<T>& epilogue = {}) {
  if constexpr (HasConv2d<D, T>)
    if (suits_grids(s))
      return from_output_grids(convolve(input_grids(x, s), w, b, sizes_of_grids(s)), s, epilogue);
  Tensor<T, D> y({s.N, s.OH, s.OW, s.O});
  if constexpr (HasConv2d<D, T>)
    if (D::conv2d(x.data(), w.data(), b.data(), y.data(), s, epilogue)) return y;
  const bool begun = b.defined() || epilogue.plus;
  if (begun) D::for_each(s.pixels(), s.O, InitSums<T>{b.data(), epilogue.plus, y.data(), s.O});
  const Matrices<T> sums = matrix(y.data(), s.pixels(), s.O);
  const auto taps = transposed(matrix(w.data(), s.O, s.taps()));
  for_patches(x, s, [&](const auto& patches, Index first, Index count) {
    if (begun) add_product<D>(rows_of(sums, first, count), patches, taps);
    else product<D>(rows_of(sums, first, count), patches, taps);
  });
  if (epilogue.relu) D::for_each(y.numel(), Value<Relu<T>, T>{{}, y.data(), y.data()});
  return y;
}

// dx: the convolution of dy, its pixels `stride` apart, with the rotated w.
template <class T, class D>
Tensor<T, D> conv2d_input_gradient(const Tensor<T, D>& dy, const Tensor<T, D>& w, const ConvSizes& s) {
  Tensor<T, D> rotated({s.C, s.kH, s.kW, s.O}), dilated = dy;
  D::for_each(s.C * s.kH * s.kW, s.O, Rotate180<T>{w.data(), rotated.data(), s.O, s.kH, s.kW, s.C});
  const Index H = (s.OH - 1) * s.stride + 1, W = (s.OW - 1) * s.stride + 1;
  if (s.stride > 1) {
    dilated = Tensor<T, D>({s.N, H, W, s.O});
    D::for_each(s.N * H * W, s.O, Dilate<T>{dy.data(), dilated.data(), s.OH, s.OW, s.O, H, W, s.stride});
  }
  const Index top = reach_of(s.kH, s.dilation) - 1 - s.top, left = reach_of(s.kW, s.dilation) - 1 - s.left;
  const ConvSizes turned{s.N, H, W, s.O, s.C, s.kH, s.kW, 1, top, left, s.H, s.W, s.dilation};
  return convolve(dilated, rotated, {}, turned);
}

// dw: the sum over all pixels of dy times the patch that the pixel saw.
template <class T, class D>
Tensor<T, D> conv2d_weight_gradient(const Tensor<T, D>& x, const Tensor<T, D>& dy, const ConvSizes& s) {
  if constexpr (HasConv2d<D, T>)
    if (suits_grids(s))
      return conv2d_weight_gradient(input_grids(x, s), output_grids(dy, s), sizes_of_grids(s));
  Tensor<T, D> dw({s.O, s.kH, s.kW, s.C});
  if constexpr (HasConv2d<D, T>)
    if (D::conv2d_weight_gradient(x.data(), dy.data(), dw.data(), s)) return dw;
  dw.fill(T(0));
  const auto of_pixels = matrix(dy.data(), s.pixels(), s.O);
  for_patches(x, s, [&](const auto& patches, Index first, Index count) {
    add_long_product<D>(matrix(dw.data(), s.O, s.taps()), rows_of(of_pixels, first, count), patches);
  });
  return dw;
}

inline void check_conv2d(const Shape& x, const Shape& w, const Shape* b, const Conv2dOptions& o) {
  const auto shapes = [&] {
    return operand("input", x, "(N, H, W, C)") + operand("weight", w, "(O, kH, kW, C)") +
           (b ? operand("bias", *b, "(O)") : "");
  };
  check(x.rank() == 4 && w.rank() == 4, "conv2d: the input and the weight must have 4 axes", shapes());
  std::string hint;
  if (x[3] == 3 && w[3] == 1) hint = "\n  hint: this network works on luma; load images with {.luma = true}";
  if (x[3] == 1 && w[3] == 3)
    hint = "\n  hint: this network works on colour; load images with {.luma = false}";
  check(x[3] == w[3], "conv2d: the input has ", x[3], " channels, but the weight expects ", w[3], shapes(),
        hint);
  check(!b || *b == Shape{w[0]}, "conv2d: the weight gives ", w[0], " channels, but the bias has ",
        b ? b->numel() : 0, shapes());
  check(o.stride >= 1, "conv2d: the stride must be at least 1, not ", o.stride);
  constexpr Index largest = Index(1) << 20;
  check(o.dilation >= 1 && o.dilation <= largest, "conv2d: the dilation must be 1 to ", largest, ", not ",
        o.dilation);
  const Index height = reach_of(w[1], o.dilation), width = reach_of(w[2], o.dilation);
  const Index padding = o.padding.pixels;
  check(padding >= Padding::same, "conv2d: the padding must be 0 or more pixels, or Padding::same, not ",
        padding);
  check(padding != Padding::same || o.stride == 1, "conv2d: Padding::same needs a stride of 1, not ",
        o.stride, "\n  hint: give the number of pixels, for example .padding = ", height / 2);
  const Index added = padding == Padding::same ? height + width : 2 * padding;
  const std::string reach =
      o.dilation > 1 ? str(", ", height, " x ", width, " with a dilation of ", o.dilation, ",") : "";
  check(w.numel() > 0 && x[1] + added >= height && x[2] + added >= width, "conv2d: a kernel of ", w[1], " x ",
        w[2], reach, " does not fit into an image of ", x[1], " x ", x[2], " with ",
        std::max<Index>(0, padding), " pixels of padding", shapes());
}

// The pixels that are added around an image for a kernel of kH x kW.
inline Margins margins_of(const Conv2dOptions& o, Index kH, Index kW) {
  const Index p = o.padding.pixels;
  if (p != Padding::same) return {p, p, p, p};
  const Index rows = reach_of(kH, o.dilation) - 1, cols = reach_of(kW, o.dilation) - 1;
  const Index top = rows / 2, left = cols / 2;
  return {.top = top, .bottom = rows - top, .left = left, .right = cols - left};
}

// For an image that has them already.
inline Conv2dOptions without_padding(Conv2dOptions o) {
  o.padding = Padding::valid;
  return o;
}

inline ConvSizes conv_sizes(const Shape& x, const Shape& w, const Margins& m, const Conv2dOptions& o) {
  const Index OH = (x[1] + m.top + m.bottom - reach_of(w[1], o.dilation)) / o.stride + 1,
              OW = (x[2] + m.left + m.right - reach_of(w[2], o.dilation)) / o.stride + 1;
  const Index dilation = w[1] == 1 && w[2] == 1 ? 1 : o.dilation;  // a single tap has no neighbours
  return {x[0], x[1], x[2], x[3], w[0], w[1], w[2], o.stride, m.top, m.left, OH, OW, dilation};
}

template <class T, class D>
bool recorded(const std::vector<Var<T, D>>& inputs) {
  return grad_enabled &&
         std::any_of(inputs.begin(), inputs.end(), [](const Var<T, D>& v) { return v.requires_grad(); });
}

// The backward pass. `positive` says where the result was, if it went through a rectifier.
template <class T, class D>
auto conv2d_backward(Var<T, D> x, const Var<T, D>& weight, const Var<T, D>& bias, const Var<T, D>& other,
                     const ConvSizes& s, Tensor<std::uint32_t, D> positive) {
  return [x, weight, bias, other = other.node(), s, positive](Tensor<T, D> dy) mutable {
    if (positive.defined()) dy = where_bits(positive, std::exchange(dy, {}));
    positive = {};  // what has been read is freed before the next product
    if (weight.requires_grad()) weight.add_grad(conv2d_weight_gradient(x.value(), dy, s));
    x.value() = {};
    if (x.requires_grad()) x.add_grad(conv2d_input_gradient(dy, weight.value(), s));
    if (bias.requires_grad()) bias.add_grad(sum_rows<T, D>(dy.data(), s.pixels(), s.O));
    if (other) other->add_grad(std::move(dy));
  };
}

// What follows the convolution in the same pass over the memory: a rectifier, or a sum with a value of the
// shape of the result.
enum class Ending { none, relu, add };

template <class T, class D>
Var<T, D> conv2d(Var<T, D> x, const Var<T, D>& weight, const Var<T, D>& bias, Conv2dOptions o, Ending ending,
                 const Var<T, D>& other = {}) {
  check_conv2d(x.shape(), weight.shape(), bias.defined() ? &bias.shape() : nullptr, o);
  const Margins m = margins_of(o, weight[1], weight[2]);
  if (o.border != Border::zero && (m.top || m.bottom || m.left || m.right))
    return conv2d(pad(x, m, o.border), weight, bias, without_padding(o), ending, other);

  const ConvSizes s = conv_sizes(x.shape(), weight.shape(), m, o);
  const bool rectified = ending == Ending::relu, added = ending == Ending::add;
  const Shape result{s.N, s.OH, s.OW, s.O};
  check(!added || (other.defined() && other.shape() == result),
        "conv2d_add: what is added must have the shape of the result",
        operand("result", result, "(N, OH, OW, O)"),
        added && other.defined() ? operand("added", other.shape()) : "");
  const ConvEpilogue<T> epilogue{added ? other.value().data() : nullptr, rectified};
  const Tensor<T, D> y =
      convolve(x.value(), weight.value(), bias.defined() ? bias.value() : Tensor<T, D>(), s, epilogue);

  std::vector<Var<T, D>> inputs{x, weight};
  if (bias.defined()) inputs.push_back(bias);
  if (added) inputs.push_back(other);
  auto positive = rectified && recorded(inputs) ? positive_bits(y) : Tensor<std::uint32_t, D>();
  Expansion<T, D> expand;
  if (rectified) expand = [=] { return relu(conv2d(x, weight, bias, o, Ending::none)); };
  if (added) expand = [=] { return conv2d(x, weight, bias, o, Ending::none) + other; };
  constexpr const char* names[] = {"conv2d", "conv2d_relu", "conv2d_add"};
  return {names[int(ending)],
          y,
          inputs,
          conv2d_backward(std::move(x), weight, bias, other, s, std::move(positive)),
          {{"stride", double(o.stride)},
           {"top", double(m.top)},
           {"left", double(m.left)},
           {"bottom", double(m.bottom)},
           {"right", double(m.right)},
           {"dilation", double(o.dilation)}},
          expand};
}

}  // namespace detail

/// x (N, H, W, C), weight (O, kH, kW, C), bias (O) or an empty Var -> (N, OH, OW, O), with
/// OH = (H + 2 padding - dilation (kH - 1) - 1) / stride + 1, rounded down. Throws Error where the shapes do
/// not fit. (Padding that differs from side to side: pad(x, margins) before.)
template <class T, class D>
Var<T, D> conv2d(const Var<T, D>& x, const Operand<T, D>& weight, const Operand<T, D>& bias,
                 Conv2dOptions o = {}) {
  return detail::conv2d(x, weight, bias, o, detail::Ending::none);
}

/// The same without a bias.
template <class T, class D>
Var<T, D> conv2d(const Var<T, D>& x, const Operand<T, D>& weight, Conv2dOptions o = {}) {
  return detail::conv2d(x, weight, Var<T, D>(), o, detail::Ending::none);
}

/// relu(conv2d(x, weight, bias, o)), in one pass over the memory instead of two.
template <class T, class D>
Var<T, D> conv2d_relu(const Var<T, D>& x, const Operand<T, D>& weight, const Operand<T, D>& bias,
                      Conv2dOptions o = {}) {
  return detail::conv2d(x, weight, bias, o, detail::Ending::relu);
}

/// conv2d(x, weight, bias, o) + other, of the shape of the result, likewise. Throws Error where it has
/// another.
template <class T, class D>
Var<T, D> conv2d_add(const Var<T, D>& x, const Operand<T, D>& weight, const Operand<T, D>& bias,
                     const Operand<T, D>& other, Conv2dOptions o = {}) {
  return detail::conv2d(x, weight, bias, o, detail::Ending::add, other);
}

}  // namespace crisp
