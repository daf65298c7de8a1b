// constant: a tensor of values that follow from shapes alone, such as the tables of padding, which an op
// makes each time that it runs.
#pragma once
#include <algorithm>
#include <vector>

#include "crisp/core/graph.hpp"
#include "crisp/core/tensor.hpp"

namespace crisp::detail {

template <class T>
struct StoreValues {
  static constexpr Index limit = Index(3072 / sizeof(T));  // the arguments of a kernel may have 4 KB
  T* y;
  T values[limit];
  CRISP_HD void operator()(Index i) const { y[i] = values[i]; }
};

/// Tensor(shape, values); but within a step that a graph captures the values become arguments of kernels,
/// which the graph keeps.
template <class T, class D>
Tensor<T, D> constant(Shape shape, const std::vector<T>& values) {
  if constexpr (HasGraphs<D>) {
    if (capturing()) {
      Tensor<T, D> y(shape);
      for (Index first = 0; first < y.numel(); first += StoreValues<T>::limit) {
        const Index n = std::min(y.numel() - first, StoreValues<T>::limit);
        StoreValues<T> store{y.data() + first, {}};
        std::copy_n(values.begin() + first, n, store.values);
        D::for_each(n, store);
      }
      return y;
    }
  }
  return Tensor<T, D>(shape, values);
}

}  // namespace crisp::detail
