// VDSR: twenty convolutions learn the difference between the enlarged luma image and the sharp one (Kim et
// al. 2016, fig. 2).
#pragma once
#include "crisp/models/input_spec.hpp"
#include "crisp/nn/conv2d.hpp"

namespace crisp::models {

struct VdsrOptions {
  Index depth = 20, features = 64, channels = 1;
};

/// (N, H, W, 1), the enlarged luma, 0..1 -> (N, H, W, 1). One network serves all scales. The layers are conv1
/// to conv20.
template <class T, class D>
struct Vdsr {
  VdsrOptions options;
  std::vector<nn::Conv2d<T, D>> convs;

  explicit Vdsr(VdsrOptions o = {}) : options(o) {
    check(o.depth >= 2, "Vdsr: at least 2 layers are needed, not ", o.depth);
    for (Index i = 0; i < o.depth; ++i)
      convs.emplace_back(i == 0 ? o.channels : o.features, i + 1 == o.depth ? o.channels : o.features, 3,
                         nn::Conv2dOptions{.init = nn::Init::he(i + 1 == o.depth ? 0.1 : 1)});
  }

  Var<T, D> operator()(const Var<T, D>& x) const {
    Var<T, D> y = x;
    for (std::size_t i = 0; i + 1 < convs.size(); ++i) y = convs[i].then_relu(y);  // (N, H, W, F)
    return convs.back().then_add(y, x);
  }

  InputSpec input_spec() const {
    return {.channels = options.channels, .enlarged = true, .reach = options.depth};
  }

  CRISP_PARAMS_BY(name)

 private:
  template <class Self, class F>
  static void name(Self& self, F& f, const std::string& prefix) {
    for (std::size_t i = 0; i < self.convs.size(); ++i)
      self.convs[i].each_param(f, prefix + "conv" + std::to_string(i + 1) + ".");
  }
};

}  // namespace crisp::models
