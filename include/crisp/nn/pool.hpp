// Pooling and upsampling as layers, for Sequential; in a struct of your own, call the ops.
#pragma once
#include "crisp/ops/pool.hpp"
#include "crisp/ops/upsample.hpp"

namespace crisp::nn {

/// (N, H, W, C) -> (N, H / k, W / k, C).
struct MaxPool2d {
  Index k = 2;
  template <class T, class D>
  Var<T, D> operator()(const Var<T, D>& x) const {
    return max_pool2d(x, k);
  }
};
struct AvgPool2d {
  Index k = 2;
  template <class T, class D>
  Var<T, D> operator()(const Var<T, D>& x) const {
    return avg_pool2d(x, k);
  }
};
/// (N, H, W, C) -> (N, 1, 1, C).
struct GlobalAvgPool2d {
  template <class T, class D>
  Var<T, D> operator()(const Var<T, D>& x) const {
    return global_avg_pool2d(x);
  }
};
/// (N, H, W, C) -> (N, scale H, scale W, C).
struct Upsample {
  Index scale = 2;
  Resampling method = Resampling::nearest;
  template <class T, class D>
  Var<T, D> operator()(const Var<T, D>& x) const {
    return upsample(x, scale, method);
  }
};

}  // namespace crisp::nn
