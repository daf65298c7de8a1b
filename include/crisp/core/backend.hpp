// What every device provides: ten static functions. All else in crisp is written once, on top of them; what a
// device may compute faster as a whole is in core/fused_ops.hpp.
#pragma once
#include <concepts>
#include <utility>
#include <vector>

#include "crisp/core/bfloat16.hpp"

namespace crisp {

/// A batch of matrix products c[i] = op(a[i]) op(b[i]) + beta c[i], all row-major and densely stored.
/// op(a) is (m, k): a is stored (m, k), or (k, m) if a_transposed; op(b) is (k, n) likewise; c is (m, n).
/// Matrix i of the batch begins i * stride elements after the first; a stride of 0 shares one matrix.
/// beta is 0 (c may hold anything before) or 1 (the product is added to c). Sums are Wide<T>.
template <class T>
struct Gemm {
  Index m, n, k;
  const T* a;
  const T* b;
  T* c;
  bool a_transposed = false, b_transposed = false;
  T beta = 0;
  Index batch = 1, a_stride = 0, b_stride = 0, c_stride = 0;
};

/// Bytes that tensors hold now, and the most that the device took for them, with what it keeps for reuse,
/// since reset_peak().
struct MemoryUse {
  Index now = 0, peak = 0;
};

namespace detail {

// The bytes of tensors in host memory that this thread may still ask for; negative: any number. It is set for
// work whose size a file says, which may be damaged or hostile.
inline thread_local Index allowance = -1;

}  // namespace detail

/// Ways to combine the values of a row in row_reduce.
struct Sum {
  template <class T>
  CRISP_HD static T first() {
    return T(0);
  }
  template <class T>
  CRISP_HD static T join(T a, T b) {
    return a + b;
  }
};
struct Max {
  template <class T>
  CRISP_HD static T first() {
    return T(-1) / T(0);
  }
  template <class T>
  CRISP_HD static T join(T a, T b) {
    return a > b || a != a ? a : b;
  }  // NaN stays
};

namespace detail {
struct NoKernel {  // named, as a lambda within `requires` means different things to different compilers
  CRISP_HD void operator()(Index) const {}
  CRISP_HD void operator()(Index, Index) const {}
};
struct NoValue {
  CRISP_HD float operator()(Index, Index) const { return 0; }
};
}  // namespace detail

// Kernels are functors marked CRISP_HD. They gather: call (row, col) alone writes element (row, col), so that
// results do not depend on the order of the calls.
template <class D>
concept Backend = requires(float* p, const float* q, Index n, Gemm<float> product) {
  { D::name } -> std::convertible_to<const char*>;
  {
    D::template allocate<float>(n)
    } -> std::same_as<float*>;            // n uninitialised elements; Error if there is no memory
  D::deallocate(p, n);                    // p from allocate(n)
  D::from_host(p, q, n);                  // copies n elements from host memory q to p
  D::to_host(p, q, n);                    // copies n elements from q to host memory p
  D::for_each(n, detail::NoKernel{});     // f(i) for i in [0, n)
  D::for_each(n, n, detail::NoKernel{});  // f(row, col) over (rows, cols)
  D::template row_reduce<Sum>(n, n, detail::NoValue{},
                              p);  // p[row] = join over col of f(row, col), in Wide of what p holds
  D::gemm(product);                // see Gemm
  { D::memory_use() } -> std::same_as<MemoryUse>;
  D::reset_peak();  // also gives back what is kept
};

/// A device may do many small loops at once: optimizers have one for each weight.
template <class D, class F = detail::NoKernel>
concept HasForEachOf = requires(const std::vector<std::pair<Index, F>>& work) {
  D::for_each_of(work);
};

namespace detail {

// f(i) for i in [0, n), for each (n, f): at once, where the device can.
template <class D, class F>
void for_each_of(const std::vector<std::pair<Index, F>>& work) {
  if constexpr (HasForEachOf<D, F>) D::for_each_of(work);
  else
    for (const auto& [n, f] : work) D::for_each(n, f);
}

}  // namespace detail

}  // namespace crisp
