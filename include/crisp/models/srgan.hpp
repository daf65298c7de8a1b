// SRGAN: the discriminator and the losses of the adversarial game (Ledig et al. 2017, fig. 4 and eq. 3 to 6).
// The generator is SrResNet.
#pragma once
#include "crisp/models/vgg19.hpp"
#include "crisp/nn/batch_norm2d.hpp"
#include "crisp/nn/conv2d.hpp"
#include "crisp/nn/linear.hpp"
#include "crisp/ops/bce_loss.hpp"
#include "crisp/ops/leaky_relu.hpp"

namespace crisp::models {

struct DiscriminatorOptions {
  Index size = 96;      // side of the images: a multiple of 16
  Index features = 64;  // of the first layer; they double three times
};

/// Convolution, batch normalisation, leaky relu; every second one halves the image.
template <class T, class D>
struct DiscriminatorBlock {
  nn::Conv2d<T, D> conv;
  std::optional<nn::BatchNorm2d<T, D>> bn;
  DiscriminatorBlock(Index in, Index out, Index stride, bool norm = true)
      : conv(in, out, 3, {.stride = stride, .padding = 1}) {
    if (norm) bn.emplace(out);
  }
  Var<T, D> operator()(const Var<T, D>& x) const { return leaky_relu(bn ? (*bn)(conv(x)) : conv(x), 0.2); }
  CRISP_PARAMS(conv, bn)
};

/// (N, size, size, 3), 0..1 -> (N, 1): a logit, above 0 for what it takes for a real image.
template <class T, class D>
struct Discriminator {
  DiscriminatorOptions options;
  std::vector<DiscriminatorBlock<T, D>> features;
  nn::Linear<T, D> fc1, fc2;

  explicit Discriminator(DiscriminatorOptions o = {})
      : options(o), fc1(o.size / 16 * (o.size / 16) * 8 * o.features, 1024), fc2(1024, 1) {
    check(o.size >= 16 && o.size % 16 == 0,
          "Discriminator: the side of the images must be a multiple of 16, not ", o.size);
    const Index F = o.features;
    features.emplace_back(3, F, 1, false);
    features.emplace_back(F, F, 2);
    for (Index width = 2 * F; width <= 8 * F; width *= 2) {
      features.emplace_back(width / 2, width, 1);
      features.emplace_back(width, width, 2);
    }
  }

  Var<T, D> operator()(const Var<T, D>& image) const {
    check(image.shape().rank() == 4 && image[1] == options.size && image[2] == options.size,
          "Discriminator: images of ", options.size, " x ", options.size, " are needed",
          operand("input", image.shape(), "(N, H, W, C)"));
    Var<T, D> x = image * 2.0 - 1.0;
    for (const auto& block : features) x = block(x);  // (N, size / 16, size / 16, 8 F)
    return fc2(leaky_relu(fc1(reshape(x, {x[0], x.numel() / x[0]})), 0.2));
  }
  CRISP_PARAMS(features, fc1, fc2)
};

/// What the discriminator learns by: real images are 1, made ones 0 (eq. 2). Logits (N, 1) -> ().
template <class T, class D>
Var<Wide<T>, D> discriminator_loss(const Var<T, D>& real, const Operand<T, D>& fake) {
  return bce_with_logits_loss(real, 1) + bce_with_logits_loss(fake, 0);
}

/// The adversarial part of what the generator learns by: -log D(G(x)) (eq. 6); the paper weighs it by 1e-3.
template <class T, class D>
Var<Wide<T>, D> adversarial_loss(const Var<T, D>& fake) {
  return bce_with_logits_loss(fake, 1);
}

/// The game as one network with one loss, so that any training loop can play it. A step of the optimizer
/// moves both players at once: the discriminator by its own loss, whose gradients `loss` leaves behind, and
/// the generator by what `loss` returns.
template <class Generator, class T, class D>
struct SrganGame {
  Generator& generator;
  Discriminator<T, D> discriminator;
  // Measures the content; without it, the squared error of the pixels does (SRGAN-MSE).
  const Vgg19<T, D>* vgg = nullptr;
  double adversarial_weight = 1e-3;

  /// lr (N, H, W, 3), hr (N, size, size, 3), 0..1 -> (): the content loss and the adversarial one (eq. 3).
  Var<Wide<T>, D> loss(const Var<T, D>& lr, const Operand<Wide<T>, D>& hr) {
    const Var<T, D> fake = generator(lr);
    set_trained(true);
    discriminator_loss(discriminator(hr), discriminator(fake.detach())).backward();
    // Held until the next step: the generator's gradient flows through it, and leaves none in it.
    set_trained(false);
    const Var<Wide<T>, D> adversarial = adversarial_loss(discriminator(fake));
    const Var<Wide<T>, D> content =
        vgg ? feature_loss(*vgg, fake, hr) * 0.006 : mse_loss(fake * 2.0, hr * 2.0);  // images as in -1..1
    return content + adversarial * adversarial_weight;
  }

  const Generator& result() const { return generator; }

  CRISP_PARAMS(generator, discriminator)

 private:
  void set_trained(bool trained) {
    discriminator.each_param([&](const std::string& name, nn::Param<T, D>& p) {
      if (name.find("running_") == std::string::npos) p.set_trained(trained);
    });
  }
};

}  // namespace crisp::models
