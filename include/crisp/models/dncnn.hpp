// DnCNN: convolutions find the noise of an image, which is then taken off (Zhang et al. 2017, fig. 1). With
// batch normalisation it trains as in the paper; without, it is how trained networks are passed on, the
// normalisation merged into the weights.
#pragma once
#include "crisp/models/input_spec.hpp"
#include "crisp/nn/batch_norm2d.hpp"
#include "crisp/nn/conv2d.hpp"
#include "crisp/ops/relu.hpp"

namespace crisp::models {

struct DncnnOptions {
  Index depth = 17, features = 64, channels = 1;
  bool batch_norm = true;
};

/// (N, H, W, C), noisy, 0..1 -> (N, H, W, C). Names are those of a list of convolution, normalisation, relu:
/// model.0, model.2, ...
template <class T, class D>
struct Dncnn {
  DncnnOptions options;
  std::vector<nn::Conv2d<T, D>> convs;
  std::vector<nn::BatchNorm2d<T, D>> norms;  // of all layers but the first and the last

  explicit Dncnn(DncnnOptions o = {}) : options(o) {
    check(o.depth >= 3, "Dncnn: at least 3 layers are needed, not ", o.depth);
    for (Index i = 0; i < o.depth; ++i) {
      convs.emplace_back(i == 0 ? o.channels : o.features, i + 1 == o.depth ? o.channels : o.features, 3,
                         nn::Conv2dOptions{.init = nn::Init::he(i + 1 == o.depth ? 0.1 : 1)});
      if (o.batch_norm && i > 0 && i + 1 < o.depth) norms.emplace_back(o.features);
    }
  }

  Var<T, D> operator()(const Var<T, D>& x) const {
    Var<T, D> y = convs[0].then_relu(x);  // (N, H, W, F)
    for (std::size_t i = 1; i + 1 < convs.size(); ++i)
      y = relu(options.batch_norm ? norms[i - 1](convs[i](y)) : convs[i](y));
    return x - convs.back()(y);
  }

  InputSpec input_spec() const { return {.channels = options.channels, .reach = options.depth}; }

  CRISP_PARAMS_BY(name)

 private:
  template <class Self, class F>
  static void name(Self& self, F& f, const std::string& prefix) {
    Index place = 0;  // in the list
    for (std::size_t i = 0; i < self.convs.size(); ++i) {
      self.convs[i].each_param(f, prefix + "model." + std::to_string(place++) + ".");
      if (i > 0 && i <= self.norms.size())
        self.norms[i - 1].each_param(f, prefix + "model." + std::to_string(place++) + ".");
      ++place;  // the relu
    }
  }
};

}  // namespace crisp::models
