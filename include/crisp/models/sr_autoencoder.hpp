// SRAutoencoder, of the lecture: the image is halved twice and enlarged again, with skips between equal
// sizes, as in a U-Net (Ronneberger et al. 2015; Mao et al. 2016).
#pragma once
#include "crisp/models/input_spec.hpp"
#include "crisp/nn/conv2d.hpp"
#include "crisp/nn/conv_transpose2d.hpp"
#include "crisp/ops/pool.hpp"
#include "crisp/ops/relu.hpp"

namespace crisp::models {

/// (N, H, W, 3), the enlarged image, 0..1 -> (N, H, W, 3), for any H and W: the edge is repeated up to a
/// multiple of 4.
template <class T, class D>
struct SrAutoencoder {
  using Conv = nn::Conv2d<T, D>;
  Conv conv1{3, 64, 3}, conv2{64, 64, 3}, conv3{64, 128, 3}, conv4{128, 128, 3}, conv5{128, 256, 3};
  nn::ConvTranspose2d<T, D> up1{256, 256, 3, {.stride = 2, .padding = 1, .output_padding = 1}},
      up2{128, 128, 3, {.stride = 2, .padding = 1, .output_padding = 1}};
  Conv conv6{256, 128, 3}, conv7{128, 128, 3}, conv8{128, 64, 3}, conv9{64, 64, 3}, conv10{64, 3, 3};

  Var<T, D> operator()(const Var<T, D>& image) const {
    const Index H = image[1], W = image[2];
    const Var<T, D> x = pad(image, {.bottom = (4 - H % 4) % 4, .right = (4 - W % 4) % 4}, Border::replicate);
    const Var<T, D> large = relu(conv2(relu(conv1(x))));                      // (N, H, W, 64)
    const Var<T, D> middle = relu(conv4(relu(conv3(max_pool2d(large, 2)))));  // (N, H / 2, W / 2, 128)
    const Var<T, D> small = relu(conv5(max_pool2d(middle, 2)));               // (N, H / 4, W / 4, 256)
    const Var<T, D> y = relu(conv7(relu(conv6(relu(up1(small)))))) + middle;  // (N, H / 2, W / 2, 128)
    const Var<T, D> z = relu(conv9(relu(conv8(relu(up2(y)))))) + large;       // (N, H, W, 64)
    return pad(conv10(z), {.bottom = H - x[1], .right = W - x[2]});
  }

  InputSpec input_spec() const { return {.enlarged = true, .reach = 32, .grid = 4}; }
  CRISP_PARAMS(conv1, conv2, conv3, conv4, conv5, up1, conv6, conv7, up2, conv8, conv9, conv10)
};

}  // namespace crisp::models
