// layer_norm on the GPU: a warp has a row of C channels, a lane n neighbours of each 32 n of them. On the way
// back a block goes through a chunk of the rows, and each of its warps sums the gradients of the weights for
// itself in shared memory, where a lane always meets the same channels.
#pragma once
#include "crisp/backend/cuda/fast/channels.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

constexpr int norm_warps = 8;  // of a block

template <int n, class T, class W = Wide<T>>
__global__ void __launch_bounds__(norm_warps * 32)
    layer_norm_of_rows(const T* x, const T* w, const T* b, T* y, W* mean, W* rstd, Index rows, int C, W eps) {
  const Index row = Index(blockIdx.x) * norm_warps + threadIdx.x / 32;
  if (row >= rows) return;  // all of the warp
  const int lane = int(threadIdx.x) % 32;
  const T* from = x + row * C;
  W v[n], sum = 0, squares = 0;
  for (int c = lane * n; c < C; c += 32 * n) {
    load(from + c, v);
    CRISP_UNROLL
    for (int k = 0; k < n; ++k) sum += v[k];
  }
  const W m = join_lanes<Sum>(sum, 32) / W(C);
  for (int c = lane * n; c < C; c += 32 * n) {
    load(from + c, v);
    CRISP_UNROLL
    for (int k = 0; k < n; ++k) squares += (v[k] - m) * (v[k] - m);
  }
  const W r = W(1) / sqrt(join_lanes<Sum>(squares, 32) / W(C) + eps);
  for (int c = lane * n; c < C; c += 32 * n) {
    W scale[n], shift[n];
    load(from + c, v);
    load(w + c, scale);
    load(b + c, shift);
    CRISP_UNROLL
    for (int k = 0; k < n; ++k) v[k] = scale[k] * ((v[k] - m) * r) + shift[k];
    store(y + row * C + c, v);
  }
  if (lane == 0) {
    mean[row] = m;
    rstd[row] = r;
  }
}

// g = w dy, n = (x - m) rstd; dx = (g - mean(g) - n mean(g n)) rstd. dx may be dy: a lane writes what it
// alone reads. Of each chunk, what its rows add to dw and to db: two matrices (chunks, C).
template <int n, class T, class W = Wide<T>>
__global__ void __launch_bounds__(norm_warps * 32)
    layer_norm_back(const T* x, const T* w, const W* mean, const W* rstd, const T* dy, T* dx, W* dw_parts,
                    W* db_parts, Index rows, int C, Index chunk) {
  CRISP_DYNAMIC_SHARED(W, shared);  // (warps, 2, C)
  const int lane = int(threadIdx.x) % 32, warp = int(threadIdx.x) / 32;
  W *dw = shared + warp * 2 * C, *db = dw + C;
  for (int c = lane * n; c < C; c += 32 * n) CRISP_UNROLL
  for (int k = 0; k < n; ++k) dw[c + k] = db[c + k] = 0;
  const Index first = Index(blockIdx.x) * chunk, end = min(rows, first + chunk);
  for (Index row = first + warp; row < end; row += norm_warps) {
    const T *from = x + row * C, *slope = dy + row * C;
    const W m = mean[row], r = rstd[row];
    W v[n], d[n], scale[n], sum = 0, along = 0;
    for (int c = lane * n; c < C; c += 32 * n) {
      load(from + c, v);
      load(slope + c, d);
      load(w + c, scale);
      CRISP_UNROLL
      for (int k = 0; k < n; ++k) {
        const W normal = (v[k] - m) * r, g = scale[k] * d[k];
        sum += g;
        along += g * normal;
        dw[c + k] += d[k] * normal;
        db[c + k] += d[k];
      }
    }
    sum = join_lanes<Sum>(sum, 32) / W(C);
    along = join_lanes<Sum>(along, 32) / W(C);
    for (int c = lane * n; c < C; c += 32 * n) {
      load(from + c, v);
      load(slope + c, d);
      load(w + c, scale);
      CRISP_UNROLL
      for (int k = 0; k < n; ++k) v[k] = (scale[k] * d[k] - sum - (v[k] - m) * r * along) * r;
      store(dx + row * C + c, v);
    }
  }
  __syncthreads();
  for (int c = int(threadIdx.x); c < C; c += int(blockDim.x)) {
    W dw_sum = 0, db_sum = 0;
    for (int i = 0; i < norm_warps; ++i) {
      dw_sum += shared[2 * i * C + c];
      db_sum += shared[(2 * i + 1) * C + c];
    }
    dw_parts[Index(blockIdx.x) * C + c] = dw_sum;
    db_parts[Index(blockIdx.x) * C + c] = db_sum;
  }
}

struct FastLayerNorm {
  /// y = w (x - mean) rstd + b for rows of C channels; mean and rstd (rows) are kept for the backward pass.
  /// False, and nothing done, for more channels than the backward pass has room for.
  template <class T>
  static bool layer_norm(const T* x, const T* w, const T* b, T* y, Wide<T>* mean, Wide<T>* rstd, Index rows,
                         Index C, Wide<T> eps) {
    if (!fits<T>(C)) return false;
    const dim3 grid(unsigned(ceil_div(rows, norm_warps)));
    if (rows > 0)
      with_neighbours<2>(
          C,
          [&](auto n) {
            launch("layer_norm", layer_norm_of_rows<n, T>, grid, dim3(norm_warps * 32), 0, x, w, b, y, mean,
                   rstd, rows, int(C), eps);
          },
          x, w, b, y);
    return true;
  }

  /// dx, which may be dy itself, dw and db. False as above.
  template <class T>
  static bool layer_norm_gradient(const T* x, const T* w, const Wide<T>* mean, const Wide<T>* rstd,
                                  const T* dy, T* dx, T* dw, T* db, Index rows, Index C) {
    if (!fits<T>(C)) return false;
    const Index chunk = ceil_div(std::max<Index>(rows, 1), std::clamp<Index>(rows / 32, 1, 512)),
                count = std::max<Index>(ceil_div(rows, chunk), 1);
    const Scratch<Wide<T>> dw_parts(count * C), db_parts(count * C);
    with_neighbours<2>(
        C,
        [&](auto n) {
          launch("layer_norm_gradient", layer_norm_back<n, T>, dim3(unsigned(count)), dim3(norm_warps * 32),
                 bytes<T>(C), x, w, mean, rstd, dy, dx, dw_parts.data(), db_parts.data(), rows, int(C),
                 chunk);
        },
        x, w, dy, dx);
    FastSumRows::sum_rows(dw_parts.data(), count, C, dw);
    FastSumRows::sum_rows(db_parts.data(), count, C, db);
    return true;
  }

 private:
  template <class T>
  static std::size_t bytes(Index C) {
    return sizeof(Wide<T>) * 2 * norm_warps * std::size_t(C);
  }
  template <class T>
  static bool fits(Index C) {
    return C <= Index(48 * 1024 / sizeof(Wide<T>) / (2 * norm_warps));
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
