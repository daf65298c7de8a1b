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
#include "crisp/backend/cuda/fast/with_constant.cuh"

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
  float own[D] = {}, out[D] = {}, largest = -INFINITY, sum = 0;
  const bool real = int(threadIdx.x) < a.n;
  if (real) Rows::read(own, q + query * D);  // the others would read a row that its thread overwrites
  constexpr int together = 8;
  CRISP_ROLLED
  for (int first = 0; first < a.n; first += together) {
    float s[together], before = largest;
    CRISP_UNROLL
    for (int i = 0; i < together; ++i) {
      const int key = min(first + i, a.n - 1);
      s[i] = Rows::dot(own, k + key * D) + bias[key * a.n];
      if (masked && parts[key] != parts[query]) s[i] -= 100;
      if (first + i >= a.n) s[i] = -INFINITY;
      largest = s[i] > largest || s[i] != s[i] ? s[i] : largest;
    }
    const float shrink = expf(before - largest);
    sum *= shrink;
    CRISP_UNROLL
    for (int c = 0; c < D; ++c) out[c] *= shrink;
    CRISP_UNROLL
    for (int i = 0; i < together; ++i) {
      const float p = expf(s[i] - largest);
      sum += p;
      Rows::add(out, p, v + min(first + i, a.n - 1) * D);
    }
  }
  if (real) Rows::write(q + query * D, out, 1 / sum);  // nobody else reads this row of q
  __syncthreads();
  Rows::copy_out(q, y + window.image * a.C + head * a.d, a.C, pixels, a);
}

// The shared memory of a block of attend_back: rows (n, D) of a head in a window; p (key, query), the softmax
// and then the gradient of the scores, in lines of n + 1; sums (key, query) over the windows. In turns a
// thread has a query, along a column of p, and a key, along a line of p: n + 1 keeps both in different banks.
template <int D>
struct AttentionBackward {
  using Rows = AttentionRows<D>;
  int n;
  float *q, *k, *v, *dout, *p, *sums;

  __device__ AttentionBackward(float* shared, int n) : n(n), q(shared) {
    k = q + n * D;
    v = k + n * D;
    dout = v + n * D;
    p = dout + n * D;
    sums = p + n * (n + 1);
  }
  __device__ float& score(int key, int query) { return p[key * (n + 1) + query]; }

  // p = softmax(q k^T + bias) of one query; with_bias(key, s) adds the bias and the mask. Returns the sum
  // over the keys of p dp, where dp = dout v.
  template <class WithBias>
  __device__ float softmax(int query, const float (&own_dout)[D], const WithBias& with_bias) {
    float own[D], largest = -INFINITY, sum = 0, along = 0;
    Rows::read(own, q + query * D);
    CRISP_UNROLL_FEW
    for (int key = 0; key < n; ++key) {
      const float s = with_bias(key, Rows::dot(own, k + key * D));
      largest = s > largest || s != s ? s : largest;
      score(key, query) = s;
    }
    CRISP_UNROLL_FEW
    for (int key = 0; key < n; ++key) {
      const float e = expf(score(key, query) - largest);
      sum += e;
      along += e * Rows::dot(own_dout, v + key * D);
      score(key, query) = e;
    }
    CRISP_UNROLL_FEW
    for (int key = 0; key < n; ++key) score(key, query) /= sum;
    return along / sum;
  }
  // dv = p^T dout, of one key.
  __device__ void value_gradient(int key, float (&dv)[D]) {
    CRISP_UNROLL_FEW
    for (int query = 0; query < n; ++query) Rows::add(dv, score(key, query), dout + query * D);
  }
  // ds = p (dp - the sum of p dp) takes the place of p, and dq = ds k, of one query.
  __device__ void query_gradient(int query, const float (&own_dout)[D], float along, float (&dq)[D]) {
    CRISP_UNROLL_FEW
    for (int key = 0; key < n; ++key) {
      float& at = score(key, query);
      const float ds = at * (Rows::dot(own_dout, v + key * D) - along);
      at = ds;
      sums[key * n + query] += ds;
      Rows::add(dq, ds, k + key * D);
    }
  }
  // dk = ds^T q, of one key; q is scaled already.
  __device__ void key_gradient(int key, float (&dk)[D]) {
    CRISP_UNROLL_FEW
    for (int query = 0; query < n; ++query) Rows::add(dk, score(key, query), q + query * D);
  }
};

// dqkv (N, H, W, 3 C), and of each chunk of the windows the sum over them of the scores' gradient, (chunks,
// heads, key, query): a block goes through a chunk.
template <class T, int D>
__global__ void __launch_bounds__(attention_threads, 2)
    attend_back(Attention<T> a, const T* dy, T* dqkv, float* sums_of_chunks, int chunks_of_windows) {
  using Rows = AttentionRows<D>;
  CRISP_DYNAMIC_SHARED(float, shared);
  CRISP_SHARED(int[attention_threads], pixels);
  CRISP_SHARED(int[attention_threads], parts);
  AttentionBackward<D> block(shared, a.n);
  const int n = a.n, head = int(blockIdx.x % unsigned(a.heads)), chunk = int(blockIdx.x / unsigned(a.heads)),
            me = min(int(threadIdx.x), n - 1);
  const bool real = int(threadIdx.x) < n;
  const T* bias = a.bias + head * n * n + me;
  for (int i = int(threadIdx.x); i < n * n; i += int(blockDim.x)) block.sums[i] = 0;

  for (int number = first_of(chunk, chunks_of_windows, a.windows),
           end = first_of(chunk + 1, chunks_of_windows, a.windows);
       number < end; ++number) {
    const AttentionWindow window(a, number);
    pixels[threadIdx.x] = window.pixel(a, me);
    parts[threadIdx.x] = window.part(a, me);
    __syncthreads();
    const T* from = a.qkv + window.image * 3 * a.C + head * a.d;
    Rows::copy_in(block.q, from, 3 * a.C, pixels, a, a.scale);
    Rows::copy_in(block.k, from + a.C, 3 * a.C, pixels, a);
    Rows::copy_in(block.v, from + 2 * a.C, 3 * a.C, pixels, a);
    Rows::copy_in(block.dout, dy + window.image * a.C + head * a.d, a.C, pixels, a);
    __syncthreads();

    const bool masked = window.bottom || window.right;
    const auto with_bias = [&](int key, float s) {
      s += bias[key * n];
      return masked && parts[key] != parts[me] ? s - 100 : s;
    };
    float own_dout[D], dq[D] = {}, dk[D] = {}, dv[D] = {}, along = 0;
    Rows::read(own_dout, block.dout + me * D);
    if (real) along = block.softmax(me, own_dout, with_bias);
    __syncthreads();
    block.value_gradient(me, dv);
    __syncthreads();
    if (real) block.query_gradient(me, own_dout, along, dq);
    __syncthreads();
    block.key_gradient(me, dk);
    __syncthreads();
    if (real) {
      Rows::write(block.q + me * D, dq, a.scale);
      Rows::write(block.k + me * D, dk);
      Rows::write(block.v + me * D, dv);
    }
    __syncthreads();
    T* to = dqkv + window.image * 3 * a.C + head * a.d;
    Rows::copy_out(block.q, to, 3 * a.C, pixels, a);
    Rows::copy_out(block.k, to + a.C, 3 * a.C, pixels, a);
    Rows::copy_out(block.v, to + 2 * a.C, 3 * a.C, pixels, a);
    __syncthreads();
  }
  float* to = sums_of_chunks + Index(blockIdx.x) * n * n;
  for (int i = int(threadIdx.x); i < n * n; i += int(blockDim.x)) to[i] = block.sums[i];
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
    static const int limit = [] {
      int bytes = 0;
      cuda_check(
          cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, Session::get().device),
          "asking for the shared memory");
      return bytes;
    }();
    return n <= attention_threads && d <= 32 && back_bytes(int(n), padded(d)) + 4096 <= limit;
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
  // The length of a row of d numbers.
  static int padded(Index d) {
    int length = 0;
    with_width(d, [&](auto D) { length = D(); });
    return length;
  }
  static int back_bytes(int n, int D) { return 4 * (4 * n * D + n * (n + 1) + n * n); }

  // Call f with the length of a row as a constant.
  template <class F>
  static void with_tensor_width(Index d, const F& f) {
    with_constant<16, 32>([&](int length) { return d <= length; }, f);
  }
  template <class F>
  static void with_width(Index d, const F& f) {
    with_constant<12, 16, 32>([&](int length) { return d <= length; }, f);
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
