// Convolution on the GPU as one matrix product, y (pixels, O) = patches (pixels, taps) w^T (taps, O), whose
// patches are never stored: a block copies what it needs from the image (Chetlur et al. 2014, sec. 3).
//
//            taps                    O
//         +--+--+- ->              +----+       A block has 128 pixels and 8 NT outputs: a tile of y. It goes
//  pixels |a |  |             taps | b  |       through the taps in steps of 16, or 32 of bfloat16. Each
//         +--+--+                  +----+       copies a tile of the image and one of the weights to shared
//         |  |                     |    v       memory, two steps ahead of the product of the two. A tap of
//         v                                     a pixel that lies beyond the image is a zero.
#pragma once
#include "crisp/backend/cuda/fast/conv_epilogue.cuh"
#include "crisp/backend/cuda/fast/tile_product.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

// Where the kernel lies for one output pixel: its tap (0, 0) is pixel (h, w) of the image, which may be
// outside; and number `at` of x, counted from that of the block's first pixel on: within a block int is
// enough for that, and faster than Index.
struct KernelPlace {
  int at, h, w;
  static constexpr int nowhere = -(1 << 30);  // as h: all taps lie beyond the image

  // Number of x where tap (0, 0) of an output pixel lies.
  __device__ static Index number(const ConvSizes& s, Index pixel) {
    const Index row = pixel / s.OW, n = row / s.OH;
    return ((n * s.H + (row - n * s.OH) * s.stride - s.top) * s.W + (pixel - row * s.OW) * s.stride -
            s.left) *
           s.C;
  }
  __device__ static Index begin(const ConvSizes& s, Index first_pixel) {  // within x
    const Index at = number(s, first_pixel);
    return at < 0 ? 0 : at;
  }
  __device__ static KernelPlace of(const ConvSizes& s, Index pixel, bool valid, Index begin) {
    if (!valid) return {0, nowhere, 0};
    const Index row = pixel / s.OW, n = row / s.OH;
    return {int(number(s, pixel) - begin), int((row - n * s.OH) * s.stride - s.top),
            int((pixel - row * s.OW) * s.stride - s.left)};
  }
};

// A tap of the kernel: row and column, and the channel.
struct Tap {
  int kh, kw, c;

  __device__ Tap(const ConvSizes& s, Index tap)
      : kh(int(tap / s.C / s.kW)), kw(int(tap / s.C % s.kW)), c(int(tap % s.C)) {}
  __device__ void advance(const ConvSizes& s, int by) {
    for (c += by; c >= int(s.C); c -= int(s.C))
      if (++kw == int(s.kW)) kw = 0, ++kh;
  }
  __device__ bool exists(const ConvSizes& s) const { return kh < int(s.kH); }
  // Whether it meets a pixel of the image; and the place in x, from the place of tap (0, 0) on.
  __device__ bool inside(const ConvSizes& s, const KernelPlace& p) const {
    return exists(s) & (unsigned(p.h + kh) < unsigned(s.H)) &
           (unsigned(p.w + kw) < unsigned(s.W));  // without a branch
  }
  __device__ int offset(const ConvSizes& s) const { return (kh * int(s.W) + kw) * int(s.C) + c; }
};

// Copies are of `vector` numbers, by which C divides.
template <class T, Math math, int NT, int vector>
__global__ void __launch_bounds__(tile_threads, tile_blocks) convolve(Convolution<T> conv) {
  constexpr int depth = tile_depth<T>;
  using Product = TileProduct<T, math, Layout::depth_last, NT>;
  using A = Tile<T, Layout::depth_last, tile_rows>;
  using B = Tile<T, Layout::depth_last, 8 * NT>;
  CRISP_SHARED(A[tile_stages], a);
  CRISP_SHARED(B[tile_stages], b);
  CRISP_SHARED(KernelPlace[tile_rows], places);
  const ConvSizes& s = conv.s;
  const int column_tiles = int(ceil_div(s.O, 8 * NT));
  const Index first_pixel = Index(blockIdx.x) / column_tiles * tile_rows,
              first_output = Index(blockIdx.x) % column_tiles * (8 * NT);
  const Index begin = KernelPlace::begin(s, first_pixel);
  places[threadIdx.x] =
      KernelPlace::of(s, first_pixel + threadIdx.x, first_pixel + threadIdx.x < s.pixels(), begin);
  __syncthreads();

  const int taps = int(s.taps()), outputs = int(s.O - first_output);
  const T *const x = conv.x + begin, *const w = conv.w + first_output * taps;
  const int warp_row = int(threadIdx.x) / 32 * 32;
  float sums[2][NT][4] = {};
  Tap tap(s, int(threadIdx.x) % (depth / vector) * vector);  // of all copies of this thread
  const auto load = [&](int step, int slot) {
    const int offset = tap.offset(s);
    copy_tile<vector>(a[slot], [&](int row, int) -> Source<T> {
      const KernelPlace p = places[row];
      const bool inside = tap.inside(s, p);
      return {inside ? x + (p.at + offset) : conv.x, inside};
    });
    copy_tile<vector>(b[slot], [&](int column, int at) -> Source<T> {
      const int output = Outputs<T, NT>::of(column);
      const bool valid = tap.exists(s) && output < outputs;
      return {valid ? w + (output * taps + step * depth + at) : conv.w, valid};
    });
    tap.advance(s, depth);
  };
  pipeline(int(ceil_div(taps, depth)), load,
           [&](int slot) { Product::add(sums, a[slot], b[slot], warp_row); });

  if constexpr (Outputs<T, NT>::neighbours > 1)
    if (conv.together) return store_together<Product>(conv, sums, first_pixel + warp_row, first_output);
  store_each<Product>(conv, sums, first_pixel + warp_row, first_output);
}

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
