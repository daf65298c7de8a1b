// Fused window attention on the GPU: a block has one head of one window. It copies what it needs from the
// image once; scores and their softmax never leave its registers and shared memory; the backward pass
// computes them again (the idea of Dao et al. 2022, without blocks over the keys: a window is small). A
// thread has one query and goes through the keys, which all threads of a warp read at once.
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>

#include "crisp/backend/cuda/fast/attention_rows.cuh"
#include "crisp/backend/cuda/fast/channels.cuh"
#include "crisp/backend/cuda/fast/window_attention_tensor.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

// y (N, H, W, C); a.bias is (heads, key, query). The keys come eight at a time; where a score is larger than
// all before it, the sums so far shrink (Milakov and Gimelshein 2018, algorithm 3). Shared: q, k, v (n, D),
// pixels (n), parts (n).
template <class T, int D>
__global__ void __launch_bounds__(attention_threads) attend(Attention<T> a, T* y) {
  using Rows = AttentionRows<D>;
  CRISP_DYNAMIC_SHARED(float, q);
  float *k = q + a.n * D, *v = k + a.n * D;
  CRISP_SHARED(int[attention_threads], pixels);
  CRISP_SHARED(int[attention_threads], parts);
  const int head = int(blockIdx.x % unsigned(a.heads)), query = min(int(threadIdx.x), a.n - 1);
  const AttentionWindow window(a, int(blockIdx.x / unsigned(a.heads)));
  pixels[threadIdx.x] = window.pixel(a, query);
  parts[threadIdx.x] = window.part(a, query);
  __syncthreads();
  const T* from = a.qkv + window.image * 3 * a.C + head * a.d;
  Rows::copy_in(q, from, 3 * a.C, pixels, a, a.scale);
  Rows::copy_in(k, from + a.C, 3 * a.C, pixels, a);
  Rows::copy_in(v, from + 2 * a.C, 3 * a.C, pixels, a);
  __syncthreads();

  const bool masked = window.bottom || window.right;
  const T* bias = a.bias + head * a.n * a.n + query;
  float own[D] = {}, out[D] = {}, most = -INFINITY, sum = 0;
  const bool real = int(threadIdx.x) < a.n;
  if (real) Rows::read(own, q + query * D);  // the others would read a row that its thread overwrites
  constexpr int together = 8;
  CRISP_ROLLED
  for (int first = 0; first < a.n; first += together) {
    float s[together], before = most;
    CRISP_UNROLL
    for (int i = 0; i < together; ++i) {
      const int key = min(first + i, a.n - 1);
      s[i] = Rows::dot(own, k + key * D) + bias[key * a.n];
      if (masked && parts[key] != parts[query]) s[i] -= 100;
      if (first + i >= a.n) s[i] = -INFINITY;
      most = s[i] > most || s[i] != s[i] ? s[i] : most;
    }
    const float shrink = expf(before - most);
    sum *= shrink;
    CRISP_UNROLL
    for (int c = 0; c < D; ++c) out[c] *= shrink;
    CRISP_UNROLL
    for (int i = 0; i < together; ++i) {
      const float p = expf(s[i] - most);
      sum += p;
      Rows::add(out, p, v + min(first + i, a.n - 1) * D);
    }
  }
  if (real) Rows::write(q + query * D, out, 1 / sum);  // nobody else reads this row of q
  __syncthreads();
  Rows::copy_out(q, y + window.image * a.C + head * a.d, a.C, pixels, a);
}

// dqkv (N, H, W, 3 C), and of each piece of the windows the sum over them of the scores' gradient, (pieces,
// heads, key, query): a block goes through a piece. Shared: q, k, v and the gradient of y (n, D); p (n, n +
// 1), the softmax and then the gradient of the scores; sums (n, n). In turns a thread has a query, along a
// row of p's columns, and a key, along a line of p: n + 1 keeps both in different banks.
template <class T, int D>
__global__ void __launch_bounds__(attention_threads, 2)
    attend_back(Attention<T> a, const T* dy, T* dqkv, float* sums_of_pieces, int pieces_of_windows) {
  using Rows = AttentionRows<D>;
  CRISP_DYNAMIC_SHARED(float, q);
  const int n = a.n, line = n + 1;
  float *k = q + n * D, *v = k + n * D, *dout = v + n * D, *p = dout + n * D, *sums = p + n * line;
  CRISP_SHARED(int[attention_threads], pixels);
  CRISP_SHARED(int[attention_threads], parts);
  const int head = int(blockIdx.x % unsigned(a.heads)), piece = int(blockIdx.x / unsigned(a.heads)),
            me = min(int(threadIdx.x), n - 1);
  const bool real = int(threadIdx.x) < n;
  const T* bias = a.bias + head * n * n + me;
  for (int i = int(threadIdx.x); i < n * n; i += int(blockDim.x)) sums[i] = 0;

  for (int number = first_of(piece, pieces_of_windows, a.windows),
           end = first_of(piece + 1, pieces_of_windows, a.windows);
       number < end; ++number) {
    const AttentionWindow window(a, number);
    pixels[threadIdx.x] = window.pixel(a, me);
    parts[threadIdx.x] = window.part(a, me);
    __syncthreads();
    const T* from = a.qkv + window.image * 3 * a.C + head * a.d;
    Rows::copy_in(q, from, 3 * a.C, pixels, a, a.scale);
    Rows::copy_in(k, from + a.C, 3 * a.C, pixels, a);
    Rows::copy_in(v, from + 2 * a.C, 3 * a.C, pixels, a);
    Rows::copy_in(dout, dy + window.image * a.C + head * a.d, a.C, pixels, a);
    __syncthreads();

    const bool masked = window.bottom || window.right;
    float own[D], own_dout[D], along = 0;
    Rows::read(own_dout, dout + me * D);
    if (real) {  // p = softmax of the scores; along = the sum over the keys of p dp, where dp = dout v
      Rows::read(own, q + me * D);
      float most = -INFINITY, sum = 0;
      CRISP_UNROLL_FEW
      for (int key = 0; key < n; ++key) {
        float s = Rows::dot(own, k + key * D) + bias[key * n];
        if (masked && parts[key] != parts[me]) s -= 100;
        most = s > most || s != s ? s : most;
        p[key * line + me] = s;
      }
      CRISP_UNROLL_FEW
      for (int key = 0; key < n; ++key) {
        const float e = expf(p[key * line + me] - most);
        sum += e;
        along += e * Rows::dot(own_dout, v + key * D);
        p[key * line + me] = e;
      }
      along /= sum;
      CRISP_UNROLL_FEW
      for (int key = 0; key < n; ++key) p[key * line + me] /= sum;
    }
    __syncthreads();
    float dv[D] = {}, dq[D] = {}, dk[D] = {};
    CRISP_UNROLL_FEW
    for (int query = 0; query < n; ++query) Rows::add(dv, p[me * line + query], dout + query * D);
    __syncthreads();
    if (real) {
      CRISP_UNROLL_FEW
      for (int key = 0; key < n; ++key) {
        float& at = p[key * line + me];
        const float ds = at * (Rows::dot(own_dout, v + key * D) - along);
        at = ds;
        sums[key * n + me] += ds;
        Rows::add(dq, ds, k + key * D);
      }
    }
    __syncthreads();
    CRISP_UNROLL_FEW
    for (int query = 0; query < n; ++query)
      Rows::add(dk, p[me * line + query], q + query * D);  // q is scaled already
    __syncthreads();
    if (real) {
      Rows::write(q + me * D, dq, a.scale);
      Rows::write(k + me * D, dk);
      Rows::write(v + me * D, dv);
    }
    __syncthreads();
    T* to = dqkv + window.image * 3 * a.C + head * a.d;
    Rows::copy_out(q, to, 3 * a.C, pixels, a);
    Rows::copy_out(k, to + a.C, 3 * a.C, pixels, a);
    Rows::copy_out(v, to + 2 * a.C, 3 * a.C, pixels, a);
    __syncthreads();
  }
  float* to = sums_of_pieces + Index(blockIdx.x) * n * n;
  for (int i = int(threadIdx.x); i < n * n; i += int(blockDim.x)) to[i] = sums[i];
}

template <class From, class To>
struct ExchangeLastTwo {  // y (rows, n) of x (heads, n, n): rows and columns of each matrix exchanged
  const From* x;
  To* y;
  Index n;
  CRISP_HD void operator()(Index row, Index col) const {
    y[row * n + col] = x[(row / n * n + col) * n + row % n];
  }
};

struct FastWindowAttention {
  /// y (N, H, W, C) from qkv (N, H, W, 3 C) and bias (heads, M M, M M): see window_attention in
  /// ops/window_attention.hpp.
  template <class T>
  requires std::same_as<T, float> || std::same_as<T, bfloat16>
  static bool window_attention(const T* qkv, const T* bias, T* y, const AttentionSizes& s) {
    if (!fits(s.pixels(), s.head_channels())) return false;
    Attention a = attention(qkv, bias, {y}, s);
    const dim3 grid(unsigned(a.windows * a.heads));
    if (on_tensor_cores(a)) {
      with_tensor_width(a.d, [&](auto D) {
        launch("window_attention", attend_on_tensor_cores<T, D()>, grid, dim3(tensor_threads), 0, a, y);
      });
      return true;
    }
    const Scratch<T> turned(s.heads * a.n * a.n);
    turn(a, turned.data());
    with_width(a.d, [&](auto D) {
      launch("window_attention", attend<T, D()>, grid, threads(a), sizeof(float) * 3 * std::size_t(a.n) * D(),
             a, y);
    });
    return true;
  }

  /// dqkv and dbias, which may hold anything before.
  template <class T>
  requires std::same_as<T, float> || std::same_as<T, bfloat16>
  static bool window_attention_gradient(const T* qkv, const T* bias, const T* dy, T* dqkv, T* dbias,
                                        const AttentionSizes& s) {
    if (!fits(s.pixels(), s.head_channels())) return false;
    Attention a = attention(qkv, bias, {dy, dqkv}, s);
    const Index size = s.heads * a.n * a.n, count = std::clamp<Index>(2048 / s.heads, 1, a.windows);
    const Scratch<float> sums(count * size);
    const dim3 grid(unsigned(count * s.heads));
    if (on_tensor_cores(a)) {
      with_tensor_width(a.d, [&](auto D) {
        launch("window_attention_gradient", attend_back_on_tensor_cores<T, D()>, grid, dim3(tensor_threads),
               attend_back_on_tensor_cores_bytes<T, D()>, a, dy, dqkv, sums.data(), int(count));
      });
      return FastSumRows::sum_rows(sums.data(), count, size, dbias);
    }
    const Scratch<T> turned(size);
    turn(a, turned.data());
    with_width(a.d, [&](auto D) {
      launch("window_attention_gradient", attend_back<T, D()>, grid, threads(a),
             std::size_t(back_bytes(a.n, D())), a, dy, dqkv, sums.data(), int(count));
    });
    const Scratch<float> sum(size);
    FastSumRows::sum_rows(sums.data(), count, size, sum.data());
    PlainCuda::for_each(s.heads * a.n, a.n, ExchangeLastTwo<float, T>{sum.data(), dbias, a.n});
    return true;
  }

 private:
  // Whether the attention of windows of n pixels, d channels a head, fits into the shared memory of this GPU.
  static bool fits(Index n, Index d) {
    static const int most = [] {
      int bytes = 0;
      cuda_check(
          cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, Session::get().device),
          "asking for the shared memory");
      return bytes;
    }();
    return n <= attention_threads && d <= 32 && back_bytes(int(n), padded(d)) + 4096 <= most;
  }

  template <class T>
  static Attention<T> attention(const T* qkv, const T* bias, std::initializer_list<const T*> others,
                                const AttentionSizes& s) {
    const Index d = s.head_channels();
    std::uintptr_t places = reinterpret_cast<std::uintptr_t>(qkv);
    for (const T* image : others) places |= reinterpret_cast<std::uintptr_t>(image);
    const auto divide = [&](Index count) {
      return d % count == 0 && places % (std::uintptr_t(count) * sizeof(T)) == 0;
    };
    int vector = 1;
    if (divide(2)) vector = 2;
    if (divide(8)) vector = 8;
    return {qkv,
            bias,
            int(s.windows()),
            int(s.H),
            int(s.W),
            int(s.C),
            int(s.heads),
            int(s.window),
            int(s.shift),
            int(s.pixels()),
            int(d),
            float(1 / std::sqrt(double(d))),
            vector};
  }

  // Values of 8 bits lose nothing there.
  template <class T>
  static bool on_tensor_cores(const Attention<T>& a) {
    return (std::same_as<T, bfloat16> || PlainCuda::math() != Math::fp32) && a.n == tensor_window;
  }

  // The bias as (heads, key, query): then neighbouring threads, with neighbouring queries, read neighbouring
  // numbers.
  template <class T>
  static void turn(Attention<T>& a, T* turned) {
    PlainCuda::for_each(a.heads * a.n, a.n, ExchangeLastTwo<T, T>{a.bias, turned, a.n});
    a.bias = turned;
  }
  template <class T>
  static dim3 threads(const Attention<T>& a) {
    return dim3(unsigned(ceil_div(a.n, 32) * 32));
  }
  static int padded(Index d) {
    if (d <= 12) return 12;
    return d <= 16 ? 16 : 32;
  }
  static int back_bytes(int n, int D) { return 4 * (4 * n * D + n * (n + 1) + n * n); }

  // Calls f with the length of a row as a constant.
  template <class F>
  static void with_tensor_width(Index d, const F& f) {
    d <= 16 ? f(std::integral_constant<int, 16>()) : f(std::integral_constant<int, 32>());
  }
  template <class F>
  static void with_width(Index d, const F& f) {
    switch (padded(d)) {
      case 12:
        return f(std::integral_constant<int, 12>());
      case 16:
        return f(std::integral_constant<int, 16>());
      default:
        return f(std::integral_constant<int, 32>());
    }
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
