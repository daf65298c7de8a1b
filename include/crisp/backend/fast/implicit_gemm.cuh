// Convolution on the GPU as one matrix product, y (pixels, O) = patches (pixels, taps) w^T (taps, O), whose patches are never stored: a
// block copies what it needs of them from the image (Chetlur et al. 2014, section 3).
//
//            taps                    O          A block has 128 pixels and 8 NT outputs: a tile of y. It goes through the taps in
//         +--+--+- ->              +----+       steps of 16. Each step copies a tile of the image and one of the weights to shared
//  pixels |a |  |             taps | b  |       memory, two steps ahead of the product of the two. A tap of a pixel that lies
//         +--+--+                  +----+       beyond the image is a zero; the copy makes it.
//         |  |                     |    v
//         v
#pragma once
#include "crisp/backend/fast/tile_product.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

// Where the kernel lies for one output pixel: its tap (0, 0) is pixel (h, w) of the image, and number `at` of x. These may be outside.
struct KernelPlace {
  Index at;
  int h, w;
  static constexpr int nowhere = -(1 << 30);  // as h: all taps lie beyond the image

  __device__ static KernelPlace of(const ConvSizes& s, Index pixel, bool valid) {
    if (!valid) return {0, nowhere, 0};
    const Index row = pixel / s.OW, n = row / s.OH, h = (row - n * s.OH) * s.stride - s.top, w = (pixel - row * s.OW) * s.stride - s.left;
    return {((n * s.H + h) * s.W + w) * s.C, int(h), int(w)};
  }
};

// A tap of the kernel: row and column, and the channel.
struct Tap {
  int kh, kw, c;

  __device__ Tap(const ConvSizes& s, Index tap) : kh(int(tap / s.C / s.kW)), kw(int(tap / s.C % s.kW)), c(int(tap % s.C)) {}
  __device__ void advance(const ConvSizes& s, int by) {
    for (c += by; c >= int(s.C); c -= int(s.C))
      if (++kw == int(s.kW)) kw = 0, ++kh;
  }
  __device__ bool exists(const ConvSizes& s) const { return kh < int(s.kH); }
  // Whether it meets a pixel of the image; and the place in x, from the place of tap (0, 0) on.
  __device__ bool inside(const ConvSizes& s, const KernelPlace& p) const {
    return exists(s) & (unsigned(p.h + kh) < unsigned(s.H)) & (unsigned(p.w + kw) < unsigned(s.W));  // without a branch
  }
  __device__ Index offset(const ConvSizes& s) const { return (kh * s.W + kw) * s.C + c; }
};

struct Convolution {
  const float *x, *w, *b, *plus;  // b and plus may be null
  float* y;
  bool relu;
  ConvSizes s;
};

// Copies are of `vector` numbers, 4 where C divides by 4.
template <Math math, int NT, int vector>
__global__ void __launch_bounds__(tile_threads, tile_blocks) convolve(Convolution conv) {
  using Product = TileProduct<math, Layout::depth_last, NT>;
  using A = Tile<Layout::depth_last, tile_rows>;
  using B = Tile<Layout::depth_last, 8 * NT>;
  CRISP_SHARED(A[tile_stages], a);
  CRISP_SHARED(B[tile_stages], b);
  CRISP_SHARED(KernelPlace[tile_rows], places);
  const ConvSizes& s = conv.s;
  const int column_tiles = int(pieces(s.O, 8 * NT));
  const Index first_pixel = Index(blockIdx.x) / column_tiles * tile_rows, first_output = Index(blockIdx.x) % column_tiles * (8 * NT);
  places[threadIdx.x] = KernelPlace::of(s, first_pixel + threadIdx.x, first_pixel + threadIdx.x < s.pixels());
  __syncthreads();

  const Index taps = s.taps();
  const int warp_row = int(threadIdx.x) / 32 * 32;
  float sums[2][NT][4] = {};
  Tap tap(s, int(threadIdx.x) % (tile_depth / vector) * vector);  // of all copies of this thread
  const auto load = [&](int step, int slot) {
    const Index offset = tap.offset(s);
    each_copy<A, vector>([&](int row, int at) {
      const KernelPlace p = places[row];
      const bool inside = tap.inside(s, p);
      copy_async<4 * vector>(&a[slot].at[row][at], inside ? conv.x + p.at + offset : conv.x, inside);
    });
    each_copy<B, vector>([&](int column, int at) {
      const bool valid = tap.exists(s) && first_output + column < s.O;
      copy_async<4 * vector>(&b[slot].at[column][at], valid ? conv.w + (first_output + column) * taps + step * tile_depth + at : conv.w, valid);
    });
    tap.advance(s, tile_depth);
  };
  pipeline(int(pieces(taps, tile_depth)), load, [&](int slot) { Product::add(sums, a[slot], b[slot], warp_row); });

  CRISP_UNROLL
  for (int i = 0; i < 2; ++i)
    CRISP_UNROLL
    for (int e = 0; e < 4; ++e) {
      const Index pixel = first_pixel + warp_row + Product::row(i, e);
      if (pixel >= s.pixels()) continue;
      CRISP_UNROLL
      for (int j = 0; j < NT; ++j) {
        const Index output = first_output + Product::column(j, e), at = pixel * s.O + output;
        if (output >= s.O) continue;
        float value = sums[i][j][e];
        if (conv.b) value += conv.b[output];
        if (conv.plus) value += conv.plus[at];
        conv.y[at] = conv.relu && value < 0 ? 0 : value;
      }
    }
}

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
