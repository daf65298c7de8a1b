// The weight gradient of a convolution on the GPU as one matrix product, dw^T (taps, O) = patches^T (taps,
// pixels) dy (pixels, O), without storing patches. There are few weights and many pixels: the pixels are cut
// into chunks, whose sums are stored, and then added in order.
#pragma once
#include <algorithm>

#include "crisp/backend/cuda/fast/implicit_gemm.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

template <class T>
struct WeightGradient {
  const T *x, *dy;
  float* sums;  // (chunks, O, taps)
  ConvSizes s;
  int chunk;  // pixels of one

  // As many chunks as keep a large GPU busy: three blocks on each of 132 multiprocessors. More would only be
  // more sums to store and to add. It depends on the sizes alone, and so does the order of every sum.
  static int chunk_of(const ConvSizes& s, int NT) {
    const Index tiles = ceil_div(s.taps(), tile_rows) * ceil_div(s.O, 8 * NT),
                wanted = std::clamp<Index>(396 / tiles, 1, ceil_div(s.pixels(), 256));
    return int(ceil_div(ceil_div(s.pixels(), wanted), tile_depth<T>) * tile_depth<T>);
  }
};

// A block has 128 taps, 8 NT outputs and one chunk of the pixels, and goes through those in steps of 16, or
// 32 of bfloat16. Copies of x are of `vector` numbers, by which C divides, and those of dy as well, if O does
// too: few outputs may be odd, as they cost little one by one.
template <class T, Math math, int NT, int vector>
__global__ void __launch_bounds__(tile_threads, tile_blocks) sum_weight_gradient(WeightGradient<T> g) {
  constexpr int depth = tile_depth<T>, dy_vector = NT == 1 ? 1 : vector;
  using Product = TileProduct<T, math, Layout::depth_first, NT>;
  using A = Tile<T, Layout::depth_first, tile_rows>;
  using B = Tile<T, Layout::depth_first, 8 * NT>;
  CRISP_SHARED(A[tile_stages], a);
  CRISP_SHARED(B[tile_stages], b);
  CRISP_SHARED(KernelPlace[tile_stages][depth],
               places);  // of the pixels of a step, known one step before they are copied
  const ConvSizes& s = g.s;
  const int taps = int(s.taps());
  const int tap_tiles = int(ceil_div(taps, tile_rows)), column_tiles = int(ceil_div(s.O, 8 * NT)),
            chunk = int(Index(blockIdx.x) / tap_tiles / column_tiles);
  const Index first_tap = Index(blockIdx.x) % tap_tiles * tile_rows,
              first_output = Index(blockIdx.x) / tap_tiles % column_tiles * (8 * NT);
  const Index first_pixel = Index(chunk) * g.chunk, end = min(first_pixel + g.chunk, s.pixels()),
              begin = KernelPlace::begin(s, first_pixel);
  const int pixels = int(end - first_pixel), O = int(s.O), outputs = int(s.O - first_output);
  const T *const x = g.x + begin, *const dy = g.dy + first_pixel * s.O + first_output;
  const auto place = [&](int step, int slot) {
    const int pixel = step * depth + int(threadIdx.x);
    if (threadIdx.x < depth)
      places[slot][threadIdx.x] = KernelPlace::of(s, first_pixel + pixel, pixel < pixels, begin);
  };
  CRISP_UNROLL
  for (int step = 0; step < tile_stages; ++step) place(step, step);
  __syncthreads();

  const int warp_row = int(threadIdx.x) / 32 * 32;
  float sums[2][NT][4] = {};
  // Of all copies of this thread.
  const Tap tap(s, first_tap + int(threadIdx.x) % (tile_rows / vector) * vector);
  const int offset = tap.offset(s);
  int multiplied = 0;
  const auto load = [&](int step, int slot) {
    copy_tile<vector>(a[slot], [&](int line, int) -> Source<T> {
      const KernelPlace p = places[slot][line];
      const bool inside = tap.inside(s, p);
      return {inside ? x + (p.at + offset) : g.x, inside};
    });
    copy_tile<dy_vector>(b[slot], [&](int line, int at) -> Source<T> {
      const int pixel = step * depth + line;
      const bool valid = pixel < pixels && at < outputs;
      return {valid ? dy + (pixel * O + at) : g.dy, valid};
    });
  };
  pipeline(int(ceil_div(pixels, depth)), load, [&](int slot) {
    place(multiplied++ + tile_stages, slot);  // the places of this step have been used
    Product::add(sums, a[slot], b[slot], warp_row);
  });

  float* to = g.sums + chunk * s.O * taps;
  CRISP_UNROLL
  for (int j = 0; j < NT; ++j) CRISP_UNROLL
  for (int i = 0; i < 2; ++i) CRISP_UNROLL
  for (int e = 0; e < 4; ++e) {
    const int output = int(first_output) + Product::column(j, e),
              at = int(first_tap) + warp_row + Product::row(i, e);
    if (output < O && at < taps) to[output * taps + at] = sums[i][j][e];
  }
}

// y[i] = the sum over the chunks, in order.
template <class T>
struct SumChunks {
  const float* parts;
  T* y;
  Index n;
  int count;
  CRISP_HD void operator()(Index i) const {
    float sum = parts[i];
    for (int chunk = 1; chunk < count; ++chunk) sum += parts[chunk * n + i];
    y[i] = sum;
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
