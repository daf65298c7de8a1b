// VGG19 up to a named layer, as a measure of how alike two images look (Simonyan and Zisserman 2015, table 1
// E; Ledig et al. 2017, eq. 5). Its weights come from a file, in torchvision's names (features.0.weight,
// ...).
#pragma once
#include <algorithm>

#include "crisp/nn/conv2d.hpp"
#include "crisp/ops/arithmetic.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/ops/pool.hpp"
#include "crisp/ops/relu.hpp"

namespace crisp::models {

struct Vgg19Options {
  std::string layer = "conv5_4";  // conv1_1 to conv5_4, or relu1_1 to relu5_4; SRGAN's "VGG54" is relu5_4,
                                  // ESRGAN takes conv5_4
  Index width = 64;               // of the first convolution; narrower ones are for tests
  bool random = false;            // random weights; else they are 0 until a file is read
};

/// (N, H, W, 3), RGB 0..1 -> the values of the layer, (N, H / 2^(block - 1), W / 2^(block - 1), channels).
template <class T, class D>
struct Vgg19 {
  Vgg19Options options;
  std::vector<nn::Conv2d<T, D>> convs;
  std::vector<Index> numbers;  // the place of each convolution in torchvision's list, for the names
  std::vector<Index> pools;    // the convolutions before which the image is halved
  Var<T, D> mean, deviation;

  /// Throws Error for a layer that VGG19 does not have.
  explicit Vgg19(Vgg19Options o = {})
      : options(o),
        mean(Tensor<T, D>({3}, std::vector<T>{T(0.485), T(0.456), T(0.406)})),
        deviation(Tensor<T, D>({3}, std::vector<T>{T(0.229), T(0.224), T(0.225)})) {
    constexpr Index in_block[] = {2, 2, 4, 4, 4};
    const std::string& l = o.layer;
    const Index block = l.size() == 7 ? l[4] - '0' : 0, last = l.size() == 7 ? l[6] - '0' : 0;
    check((l.starts_with("conv") || l.starts_with("relu")) && l.size() == 7 && l[5] == '_' && block >= 1 &&
              block <= 5 && last >= 1 && last <= in_block[block - 1],
          "Vgg19: there is no layer '", l, "'; they are conv1_1 to conv5_4, and relu1_1 to relu5_4");
    Index channels = 3, number = 0;
    for (Index b = 1; b <= block; ++b) {
      if (b > 1) pools.push_back(Index(convs.size())), ++number;
      const Index width = o.width * std::min<Index>(8, Index(1) << (b - 1));
      for (Index i = 1; i <= (b == block ? last : in_block[b - 1]); ++i, number += 2) {
        convs.emplace_back(channels, width, 3,
                           nn::Conv2dOptions{.init = o.random ? nn::Init::he() : nn::Init::constant(0)});
        numbers.push_back(number);
        channels = width;
      }
    }
    each_param([](const std::string&, auto& p) { p.set_trained(false); });
  }

  /// Throws Error where no weights were read: the values would say nothing.
  Var<T, D> operator()(const Var<T, D>& image) const {
    check_weights();
    Var<T, D> x = (image - mean) / deviation;
    for (std::size_t i = 0; i < convs.size(); ++i) {
      if (std::find(pools.begin(), pools.end(), Index(i)) != pools.end()) x = max_pool2d(x, 2);
      x = convs[i](x);
      if (i + 1 < convs.size() || options.layer.starts_with("relu")) x = relu(x);
    }
    return x;
  }

  CRISP_PARAMS_BY(name)

 private:
  void check_weights() const {
    if (has_weights_) return;
    const auto first = convs[0].weight.value().to_host();
    has_weights_ = std::any_of(first.begin(), first.end(), [](auto w) { return w != 0; });
    check(
        has_weights_,
        "Vgg19: no weights were read\n  hint: io::load(\"vgg19.safetensors\", vgg), or {.random = true} for "
        "the features of random weights");
  }
  mutable bool has_weights_ = false;  // known to be there

  template <class Self, class F>
  static void name(Self& self, F& f, const std::string& prefix) {
    for (std::size_t i = 0; i < self.convs.size(); ++i)
      self.convs[i].each_param(f, prefix + "features." + std::to_string(self.numbers[i]) + ".");
  }
};

/// The mean squared difference of the two images' values in the layer, (N, H, W, 3), 0..1 -> ().
template <class T, class D>
Var<Wide<T>, D> feature_loss(const Vgg19<T, D>& vgg, const Var<T, D>& image, const Operand<T, D>& target) {
  return mse_loss(vgg(image), Var<Wide<T>, D>(no_grad([&] { return vgg(target); })));
}

}  // namespace crisp::models
